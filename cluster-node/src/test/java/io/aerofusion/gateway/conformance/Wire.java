package io.aerofusion.gateway.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** HTTP/1.1 over real sockets, one connection for each request. */
final class Wire implements Exchanged.Way {
    /** A gateway that does not answer within this time fails the test. */
    private static final int ANSWER_MS_MAX = 60_000;

    private final Function<Integer, InetSocketAddress> listeners;
    private final SSLContext tls;
    private final String id;

    /**
     * @param listeners where a listener is bound, by the port in the manifest
     * @param id by which backends find the request again
     */
    Wire(Function<Integer, InetSocketAddress> listeners, SSLContext tls, String id) {
        this.listeners = listeners;
        this.tls = tls;
        this.id = id;
    }

    @Override
    public Answer send(Sent sent) throws IOException {
        InetSocketAddress address = listeners.apply(sent.port());
        try (Socket socket = connect(sent, address)) {
            socket.setSoTimeout(ANSWER_MS_MAX);
            StringBuilder head = new StringBuilder();
            head.append(sent.method())
                    .append(' ')
                    .append(sent.target())
                    .append(" HTTP/1.1\r\nHost: ")
                    .append(sent.host());
            head.append("\r\nConnection: close\r\n")
                    .append(EchoBackend.CASE)
                    .append(": ")
                    .append(id);
            sent.headers()
                    .forEach((name, value) ->
                            head.append("\r\n").append(name).append(": ").append(value));
            head.append("\r\nX-Echo-Set-Header: ")
                    .append(sent.echoed().entrySet().stream()
                            .map(set -> set.getKey() + ":" + set.getValue())
                            .collect(Collectors.joining(",")));
            if (!List.of("GET", "HEAD", "OPTIONS").contains(sent.method())) {
                head.append("\r\nContent-Length: 0");
            }
            head.append("\r\n\r\n");
            socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return answer(socket.getInputStream().readAllBytes());
        }
    }

    private Socket connect(Sent sent, InetSocketAddress address) throws IOException {
        if (sent.serverName().isEmpty()) {
            return new Socket(address.getAddress(), address.getPort());
        }
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
        SSLSocket socket =
                (SSLSocket) tls.getSocketFactory().createSocket(plain, sent.serverName(), address.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(sent.serverName())));
        socket.setSSLParameters(parameters);
        return socket;
    }

    private static Answer answer(byte[] bytes) throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new IOException("no answer: " + text);
        }
        String[] lines = text.substring(0, end).split("\r\n");
        Headers headers = new Headers();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.add(
                    lines[i].substring(0, colon), lines[i].substring(colon + 1).strip());
        }
        int status = Integer.parseInt(lines[0].split(" ")[1]);
        String backend = headers.get("x-echo-backend");
        if (backend == null) {
            return Answer.of(status, headers);
        }
        String body = text.substring(end + 4);
        JsonNode seen = new ObjectMapper()
                .readTree(headers.containsToken("transfer-encoding", "chunked") ? unchunked(body) : body);
        Headers seenHeaders = new Headers();
        for (Map.Entry<String, JsonNode> header : seen.path("headers").properties()) {
            header.getValue().forEach(value -> seenHeaders.add(header.getKey(), value.asText()));
        }
        return new Answer(
                status,
                headers,
                backend,
                seen.path("method").asText(),
                seen.path("host").asText(),
                seen.path("path").asText(),
                seenHeaders,
                List.of());
    }

    private static String unchunked(String body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int at = 0;
        while (true) {
            int line = body.indexOf("\r\n", at);
            int length = Integer.parseInt(body.substring(at, line), 16);
            if (length == 0) {
                return out.toString(StandardCharsets.ISO_8859_1);
            }
            out.writeBytes(body.substring(line + 2, line + 2 + length).getBytes(StandardCharsets.ISO_8859_1));
            at = line + 2 + length + 2;
        }
    }
}
