package io.aerofusion.gateway;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A client that sends raw bytes and reads responses by the rules of RFC 9112, and nothing more. */
final class RawClient implements Closeable {
    /** One response; {@code head} holds status line and fields with lower-case names. */
    record Response(int status, String head, String body) {
        String field(String name) {
            for (String line : head.split("\r\n"))
                if (line.startsWith(name + ": ")) return line.substring(name.length() + 2);
            return "";
        }
    }

    final Socket socket;
    private final InputStream in;

    RawClient(InetSocketAddress address) throws IOException {
        this(new Socket(address.getAddress(), address.getPort()));
    }

    RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        in = new BufferedInputStream(socket.getInputStream());
    }

    RawClient send(String bytes) throws IOException {
        return send(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    Response get(String path) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").response();
    }

    Response response() throws IOException {
        return response(false);
    }

    String head() throws IOException {
        String head = readUntil("\r\n\r\n");
        var lines = new StringBuilder();
        for (String line : head.split("\r\n")) {
            int colon = line.indexOf(':');
            lines.append(colon < 0 ? line : line.substring(0, colon).toLowerCase(Locale.ROOT) + line.substring(colon))
                    .append("\r\n");
        }
        return lines.toString();
    }

    /** Reads a response; interim ones are separate responses. */
    Response response(boolean toHead) throws IOException {
        String head = head();
        int status = Integer.parseInt(head.substring(9, 12));
        var response = new Response(status, head, "");
        if (toHead || status < 200 || status == 204 || status == 304) return response;
        if (response.field("transfer-encoding").equals("chunked")) return new Response(status, head, chunks());
        String length = response.field("content-length");
        if (!length.isEmpty()) return new Response(status, head, read(Integer.parseInt(length)));
        return new Response(status, head, rest());
    }

    private String chunks() throws IOException {
        var body = new StringBuilder();
        while (true) {
            int size = Integer.parseInt(readUntil("\r\n").strip(), 16);
            if (size == 0) break;
            body.append(read(size));
            if (!read(2).equals("\r\n")) throw new IOException("a chunk does not end");
        }
        for (String line = readUntil("\r\n"); !line.equals("\r\n"); line = readUntil("\r\n"))
            body.append('|').append(line.strip());
        return body.toString();
    }

    String read(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) throw new EOFException("the connection ended within a body");
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    String rest() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    /** Whether the gateway ends the connection now, without another byte. */
    boolean ended() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    private String readUntil(String end) throws IOException {
        var text = new StringBuilder();
        while (text.length() < end.length()
                || !text.substring(text.length() - end.length()).equals(end)) {
            int b = in.read();
            if (b < 0) throw new EOFException("the connection ended after: " + text);
            text.append((char) b);
        }
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
