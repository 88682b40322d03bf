package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A line of the guide, {@code # request: METHOD [https://]HOST PATH [FIELD; FIELD] -> STATUS [FIELD | "TEXT"]}: what is sent, and what has to come
 * back: a status, the beginning of a field, or a part of the body.
 */
record GuideRequest(
        String line,
        String method,
        boolean tls,
        String host,
        String path,
        List<String> fields,
        String status,
        String expected) {
    private static final Pattern LINE =
            Pattern.compile("# request: (\\S+) (https://)?(\\S+) (\\S+)(?: (.+?))? -> (\\d{3})(?: (.+))?");

    static List<GuideRequest> in(String example) {
        return LINE.matcher(example)
                .results()
                .map(found -> new GuideRequest(
                        found.group(),
                        found.group(1),
                        found.group(2) != null,
                        found.group(3),
                        found.group(4),
                        found.group(5) == null
                                ? List.of()
                                : Arrays.asList(found.group(5).split("; ")),
                        found.group(6),
                        found.group(7) == null ? "" : found.group(7)))
                .toList();
    }

    /** Sends it and compares what comes back. */
    void check(int port, SSLContext context) throws IOException {
        String answer = send(port, context);
        assertThat(answer).as(line).startsWith("HTTP/1.1 " + status + " ");
        int end = answer.indexOf("\r\n\r\n");
        if (expected.startsWith("\"") && expected.endsWith("\"")) {
            String part = expected.substring(1, expected.length() - 1).replace("\\\"", "\"");
            assertThat(answer.substring(end)).as(line).contains(part);
        } else if (!expected.isEmpty()) {
            assertThat(folded(answer.substring(0, end))).as(line).contains("\n" + folded(expected));
        }
    }

    /** With names of fields in lower case. */
    private static String folded(String head) {
        return Pattern.compile("(?m)^[^:\n]+:")
                .matcher(head.replace("\r", ""))
                .replaceAll(name -> Matcher.quoteReplacement(name.group().toLowerCase(Locale.ROOT)));
    }

    private String send(int port, SSLContext context) throws IOException {
        StringBuilder head =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n");
        fields.forEach(field -> head.append(field).append("\r\n"));
        try (Socket socket = tls ? secured(port, context) : new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private Socket secured(int port, SSLContext context) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(host)));
        socket.setSSLParameters(parameters);
        return socket;
    }
}
