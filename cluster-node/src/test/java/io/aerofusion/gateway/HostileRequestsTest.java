package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each hostile or broken request gets: nothing of it reaches the upstream, and its connection ends. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class HostileRequestsTest {
    private static final String H = "Host: a\r\n";
    private static TestUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            while (true) {
                String head = connection.head();
                if (head == null) return;
                if (head.contains("chunked")) connection.readUntil("0\r\n\r\n");
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        Bounds d = Bounds.DEFAULT;
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withBounds(new Bounds(
                        d.connectionsMax(),
                        1_024,
                        4_096,
                        20,
                        10_000,
                        d.readAheadBytesMax(),
                        d.writeBufferBytesMax(),
                        d.idlePerEndpointMax(),
                        d.requestsPerConnectionMax(),
                        d.streamsMax(),
                        d.resetsPerMinuteMax(),
                        d.lingerBytesMax())));
        TestRoutes.all(gateway, upstream.address());
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private static Arguments refused(String request, int status, String code) {
        return Arguments.of(request, status, code);
    }

    static Stream<Arguments> hostile() {
        String post = "POST / HTTP/1.1\r\n" + H;
        String chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
        return Stream.of(
                // two ways to find the end
                refused(
                        post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400,
                        "framing-ambiguous"),
                refused(
                        post + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
                        400,
                        "framing-ambiguous"),
                refused(post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, "framing-ambiguous"),
                refused(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "framing-ambiguous"),
                refused(post + "Content-Length: 3, 3\r\n\r\nabc", 400, "content-length-invalid"),
                refused(post + "Content-Length: +3\r\n\r\nabc", 400, "content-length-invalid"),
                refused(post + "Content-Length: -1\r\n\r\n", 400, "content-length-invalid"),
                refused(post + "Content-Length: 0x3\r\n\r\nabc", 400, "content-length-invalid"),
                refused(post + "Content-Length: 3 3\r\n\r\nabc", 400, "content-length-invalid"),
                refused(post + "Content-Length:\r\n\r\n", 400, "content-length-invalid"),
                refused(post + "Content-Length: 18446744073709551617\r\n\r\na", 400, "content-length-invalid"),
                refused(
                        "POST / HTTP/1.0\r\n" + H + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400,
                        "framing-ambiguous"),
                refused(post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "transfer-encoding-unknown"),
                refused(
                        post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
                        501,
                        "transfer-encoding-unknown"),
                refused(
                        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                        501,
                        "transfer-encoding-unknown"),
                refused(post + "Transfer-Encoding: identity\r\n\r\n", 501, "transfer-encoding-unknown"),
                refused(post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "transfer-encoding-unknown"),
                refused(post + "Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n", 400, "malformed-header"),
                refused(post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, "malformed-header"),
                refused(post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 501, "transfer-encoding-unknown"),
                // lines
                refused("GET / HTTP/1.1\nHost: a\n\n", 400, "bare-line-feed"),
                refused("GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "bare-line-feed"),
                refused("GET / HTTP/1.1\r\n" + H + "\n", 400, "bare-line-feed"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\rb\r\n\r\n", 400, "bare-line-feed"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\r\r\n\r\n", 400, "bare-line-feed"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\r\n folded\r\n\r\n", 400, "folded-header"),
                refused("GET / HTTP/1.1\r\n " + H + "\r\n", 400, "folded-header"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\r\n\tfolded\r\n\r\n", 400, "folded-header"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\u0000b\r\n\r\n", 400, "malformed-header"),
                refused("GET / HTTP/1.1\r\n" + H + "X\u0000: a\r\n\r\n", 400, "malformed-header"),
                refused("GET / HTTP/1.1\r\n" + H + "X Y: a\r\n\r\n", 400, "malformed-header"),
                refused("GET / HTTP/1.1\r\n" + H + ": a\r\n\r\n", 400, "malformed-header"),
                refused("GET / HTTP/1.1\r\n" + H + "novalue\r\n\r\n", 400, "malformed-header"),
                refused("GET / HTTP/1.1\r\n" + H + "X\u00e4: a\r\n\r\n", 400, "malformed-header"),
                // the request line
                refused("GET  / HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET / x HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET /\tHTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused(" GET / HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET / HTTP/1.1 \r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET /\r\n\r\n", 400, "malformed-request-line"),
                refused("GET /a\u00e4 HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET /#f HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET a HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET * HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET ftp://a/ HTTP/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("GET / HTTP/2.0\r\n" + H + "\r\n", 505, "version-unknown"),
                refused("GET / HTTP/1.2\r\n" + H + "\r\n", 505, "version-unknown"),
                refused("GET / http/1.1\r\n" + H + "\r\n", 400, "malformed-request-line"),
                refused("CONNECT a:443 HTTP/1.1\r\n" + H + "\r\n", 501, "method-unknown"),
                refused("A".repeat(25) + " / HTTP/1.1\r\n" + H + "\r\n", 501, "method-unknown"),
                refused("\u0016\u0003\u0001\u0002\r\n\r\n", 400, "malformed-request-line"),
                // the host
                refused("GET / HTTP/1.1\r\n\r\n", 400, "host-missing"),
                refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "host-ambiguous"),
                refused("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400, "host-ambiguous"),
                refused("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host-ambiguous"),
                refused("GET http://a@b/ HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "host-invalid"),
                refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host-invalid"),
                refused("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "host-invalid"),
                refused("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "host-invalid"),
                refused("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "host-invalid"),
                // chunks
                refused(chunked + "g\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a \r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a=\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a b\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;\u00e4\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a=\"b\u0001\"\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "0x3\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "-3\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + " 3\r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3 \r\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;a\nabc\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3\r\nabcd\r\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "3\r\nabc\n0\r\n\r\n", 400, "chunk-invalid"),
                refused(chunked + "\r\n", 400, "chunk-invalid"),
                refused(chunked + "1000000000000000\r\n", 400, "chunk-invalid"),
                refused(chunked + "3;" + "x".repeat(300) + "\r\nabc\r\n", 400, "chunk-invalid"),
                refused(chunked + "0\r\nContent-Length: 3\r\n\r\n", 400, "trailer-forbidden"),
                refused(chunked + "0\r\nHost: b\r\n\r\n", 400, "trailer-forbidden"),
                refused(chunked + "0\r\nAuthorization: x\r\n\r\n", 400, "trailer-forbidden"),
                refused(chunked + "0\r\nX: a\n\r\n", 400, "bare-line-feed"),
                refused(chunked + "0\r\nX: a\r\n b\r\n\r\n", 400, "folded-header"),
                // too much
                refused("GET /" + "a".repeat(1_100) + " HTTP/1.1\r\n" + H + "\r\n", 414, "uri-too-long"),
                refused("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n" + H + "\r\n", 414, "uri-too-long"),
                refused("GET / HTTP/1.1\r\n" + H + "X: " + "a".repeat(5_000) + "\r\n\r\n", 431, "headers-too-large"),
                refused("GET / HTTP/1.1\r\n" + H + "X: a\r\n".repeat(20) + "\r\n", 431, "headers-too-large"),
                refused(post + "Content-Length: 10001\r\n\r\n", 413, "body-too-large"),
                refused(chunked + "2711\r\n" + "a".repeat(10_001) + "\r\n0\r\n\r\n", 413, "body-too-large"),
                refused(chunked + "0\r\nX: " + "a".repeat(5_000) + "\r\n\r\n", 431, "headers-too-large"),
                refused(post + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", 417, "expectation-unknown"));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void isRefusedAndItsConnectionEnds(String request, int status, String code) throws Exception {
        refusedAs(request, status, code, request.length());
    }

    /** The same answer, however the request is cut into packets. */
    @ParameterizedTest
    @MethodSource("hostile")
    void isRefusedAlikeWhenItArrivesByteByByte(String request, int status, String code) throws Exception {
        if (request.length() < 400) refusedAs(request, status, code, 1);
    }

    private static void refusedAs(String request, int status, String code, int step) throws IOException {
        long before = counted(code);
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            // what stands behind it must not be taken for a request
            byte[] bytes =
                    (request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
            try {
                for (int at = 0; at < request.length(); at += step)
                    client.send(Arrays.copyOfRange(bytes, at, Math.min(at + step, request.length())));
                client.send(Arrays.copyOfRange(bytes, request.length(), bytes.length));
            } catch (IOException closed) {
                // refused while it was still being sent
            }
            var response = client.response();
            assertEquals(status, response.status(), response.body());
            assertTrue(response.body().contains("\"code\":\"" + code + "\""), response.body());
            assertEquals("close", response.field("connection"));
            assertTrue(client.ended(), "something follows the refusal");
        }
        assertTrue(upstream.heads.stream().noneMatch(head -> head.contains("smuggled")));
        assertEquals(before + 1, counted(code), "it is counted");
    }

    private static long counted(String code) {
        Fault fault = Arrays.stream(Fault.values())
                .filter(one -> one.code().equals(code))
                .findFirst()
                .orElseThrow();
        return gateway.counters().faults(fault).sum();
    }

    static Stream<String> unusual() {
        return Stream.of(
                "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nhost:a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: \t a \t\r\nX:\r\nY: \r\n\r\n",
                "GET http://a/b HTTP/1.1\r\nHost: A\r\n\r\n",
                "GET https://a?b HTTP/1.1\r\nHost: a\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                "PROPFIND / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.\r\nX: \u00e4\u00ff\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n003;a=\"b\"\r\nabc\r\n00\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: ,, keep-alive\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("unusual")
    void theUnusualIsServed(String request) throws Exception {
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            assertEquals("ok", client.send(request).response().body());
            for (int i = 0; i < request.length(); i++) client.send(request.substring(i, i + 1));
            assertEquals("ok", client.response().body());
        }
    }
}
