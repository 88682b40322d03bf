package io.aerofusion.load;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A client's kept HTTP/1.1 connection that hides nothing: whether it was closed between two requests or under one is what a soak is
 * about, and an ordinary client repeats such requests silently. Not thread-safe.
 */
final class SoakConnection implements AutoCloseable {
    private static final int CONNECT_MS_MAX = 5_000;
    private static final Duration ANSWER_MAX = Duration.ofSeconds(20);
    private static final int HEAD_LINE_BYTES_MAX = 8_192;

    private final Socket socket;
    private final BufferedInputStream in;
    private boolean announcedEnd;

    private SoakConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
    }

    /** @throws java.net.ConnectException when nobody listens there */
    static SoakConnection open(InetSocketAddress to) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(to, CONNECT_MS_MAX);
            return new SoakConnection(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** An answer; fields by their names in lower case, each byte of the body a character. */
    record Answer(int status, Map<String, String> fields, String body) {
        String field(String name) {
            return fields.getOrDefault(name, "");
        }
    }

    /** Whether the last answer said that the connection ends with it. */
    boolean announcedEnd() {
        return announcedEnd;
    }

    /** Whether the other side has closed it; asked between two requests. Takes a millisecond while it is open. */
    boolean ended() throws IOException {
        socket.setSoTimeout(1);
        try {
            if (in.read() >= 0) {
                throw new ProtocolException("bytes between two answers");
            }
            return true;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (SocketException reset) {
            return true;
        }
    }

    /** Sends a request and reads its answer. @throws IOException saying how far the answer came */
    Answer exchange(String method, String path, String id, String body) throws IOException {
        StringBuilder head = new StringBuilder(128);
        head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: soak\r\n");
        head.append(SoakUpstream.ID).append(": ").append(id).append("\r\n");
        if (!body.isEmpty()) {
            head.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        byte[] bytes = head.append("\r\n").append(body).toString().getBytes(StandardCharsets.ISO_8859_1);
        socket.setSoTimeout((int) ANSWER_MAX.toMillis());
        socket.getOutputStream().write(bytes);
        return answer();
    }

    private Answer answer() throws IOException {
        String line;
        try {
            line = line();
        } catch (EOFException e) {
            throw new EOFException("closed before the answer");
        }
        if (!line.startsWith("HTTP/1.1 ") || line.length() < 12) {
            throw new ProtocolException("not a status line: " + line);
        }
        int status = Integer.parseInt(line.substring(9, 12));
        Map<String, String> fields = new HashMap<>();
        for (line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                throw new ProtocolException("not a field: " + line);
            }
            fields.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        announcedEnd = "close".equalsIgnoreCase(fields.get("connection"));
        return new Answer(status, fields, new String(body(fields), StandardCharsets.ISO_8859_1));
    }

    private byte[] body(Map<String, String> fields) throws IOException {
        if (!"chunked".equalsIgnoreCase(fields.get("transfer-encoding"))) {
            return exactly(Integer.parseInt(fields.getOrDefault("content-length", "0")));
        }
        java.io.ByteArrayOutputStream whole = new java.io.ByteArrayOutputStream();
        for (int size = chunkSize(); size > 0; size = chunkSize()) {
            whole.writeBytes(exactly(size));
            if (!line().isEmpty()) {
                throw new ProtocolException("a chunk does not end where it should");
            }
        }
        String trailer = line();
        while (!trailer.isEmpty()) { // it says nothing here
            trailer = line();
        }
        return whole.toByteArray();
    }

    private int chunkSize() throws IOException {
        return Integer.parseInt(line(), 16);
    }

    private byte[] exactly(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("closed within the answer's body");
        }
        return bytes;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("closed within the answer's head");
            }
            if (line.length() == HEAD_LINE_BYTES_MAX) {
                throw new ProtocolException("an endless line");
            }
            line.append((char) next);
        }
        int end = line.length() - 1;
        if (end < 0 || line.charAt(end) != '\r') {
            throw new ProtocolException("a line without CR");
        }
        return line.substring(0, end);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            return; // it is gone anyway
        }
    }
}
