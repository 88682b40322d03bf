package io.aerofusion.gateway;

import static io.aerofusion.gateway.Http2Peer.CONTINUATION;
import static io.aerofusion.gateway.Http2Peer.END_HEADERS;
import static io.aerofusion.gateway.Http2Peer.END_STREAM;
import static io.aerofusion.gateway.Http2Peer.GOAWAY;
import static io.aerofusion.gateway.Http2Peer.HEADERS;
import static io.aerofusion.gateway.Http2Peer.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.Http2Peer.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests over HTTP/2 that would be other requests, or several, once they are written as HTTP/1.1: none of it reaches the upstream. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class Http2HostileTest {
    private static final int HEAD_BYTES_MAX = 4_096;
    private static final String[] GET = {":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/"};
    private static final String[] POST = {":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/"};
    /** A stream error of the kind PROTOCOL_ERROR (RFC 9113, 8.1.1). */
    private static final String MALFORMED = "reset 1";

    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: (\\d+)");

    private static TestUpstream upstream;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                Matcher length = LENGTH.matcher(head);
                if (length.find()) connection.read(Integer.parseInt(length.group(1)));
                else if (head.contains("chunked")) connection.readUntil("\r\n\r\n");
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        Bounds d = Bounds.DEFAULT;
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withBounds(new Bounds(
                        d.connectionsMax(),
                        1_024,
                        HEAD_BYTES_MAX,
                        d.fieldsMax(),
                        d.bodyBytesMax(),
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

    @BeforeEach
    void forget() {
        upstream.heads.clear();
    }

    /** A request with these fields too, and the fault that is counted. */
    private static Arguments with(String fault, String... fields) {
        return Arguments.of(fault, joined(GET, fields));
    }

    private static Arguments whole(String fault, String... fields) {
        return Arguments.of(fault, fields);
    }

    private static String[] joined(String[] head, String... fields) {
        String[] all = Arrays.copyOf(head, head.length + fields.length);
        System.arraycopy(fields, 0, all, head.length, fields.length);
        return all;
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                // what belongs to a connection of HTTP/1.1
                with("malformed-header", "transfer-encoding", "chunked"),
                with("malformed-header", "connection", "close"),
                with("malformed-header", "keep-alive", "timeout=5"),
                with("malformed-header", "proxy-connection", "keep-alive"),
                with("malformed-header", "upgrade", "websocket"),
                with("malformed-header", "te", "gzip"),
                // what would be lines of its own
                with("malformed-header", "x", "a\r\nx-evil: 1"),
                with("malformed-header", "x", "a\nx-evil: 1"),
                with("malformed-header", "x", "a\rb"),
                with("malformed-header", "x", "a\u0000b"),
                with("malformed-header", "x: 1\r\nx-evil", "1"),
                with("malformed-header", "x y", "1"),
                with("malformed-header", "X", "1"),
                with("malformed-header", "", "1"),
                with("malformed-header", "x", " padded"),
                // the request line
                whole(
                        "malformed-header",
                        ":method",
                        "GET / HTTP/1.1\r\nx: ",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/"),
                whole(
                        "malformed-request-line",
                        ":method",
                        "GET /x",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/"),
                whole("malformed-header", ":method", "", ":scheme", "http", ":authority", "a", ":path", "/"),
                whole(
                        "malformed-request-line",
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/a b"),
                whole(
                        "malformed-header",
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled"),
                whole("malformed-header", ":method", "GET", ":scheme", "http", ":authority", "a", ":path", ""),
                whole("malformed-request-line", ":method", "GET", ":scheme", "http", ":authority", "a", ":path", "a"),
                whole("malformed-request-line", ":method", "GET", ":scheme", "http", ":authority", "a", ":path", "*"),
                whole(
                        "malformed-header",
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/",
                        ":path",
                        "/b"),
                whole(
                        "malformed-header",
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/",
                        ":x",
                        "y"),
                whole("malformed-request-line", ":method", "GET", ":authority", "a", ":path", "/"),
                // the host
                with("host-ambiguous", "host", "b"),
                with("host-ambiguous", "host", "a", "host", "a"),
                whole("host-missing", ":method", "GET", ":scheme", "http", ":path", "/"),
                whole("host-invalid", ":method", "GET", ":scheme", "http", ":authority", "a@b", ":path", "/"),
                whole("host-invalid", ":method", "GET", ":scheme", "http", ":authority", "a b", ":path", "/"),
                whole(
                        "malformed-header",
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a\r\nx-evil: 1",
                        ":path",
                        "/"),
                // the end of the body
                with("malformed-header", "content-length", "5"),
                with("malformed-header", "content-length", "0", "content-length", "0"),
                with("malformed-header", "content-length", "0", "content-length", "1"),
                with("malformed-header", "content-length", "0, 0"),
                with("malformed-header", "content-length", "+0"),
                with("malformed-header", "content-length", "0, 1"),
                with("malformed-header", "content-length", ""));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void isRefusedAndNothingReachesTheUpstream(String fault, String[] fields) throws Exception {
        Map<String, Long> before = faults();
        try (var client = client()) {
            client.headers(1, true, fields);
            assertThat(outcome(client, 1)).isEqualTo(MALFORMED);
            client.get(3, "/");
            assertThat(client.on(3).status()).as("the connection serves on").isEqualTo("200");
        }
        assertThat(counted(before)).isEqualTo(Map.of(fault, 1L));
        assertThat(upstream.heads).hasSize(1);
    }

    /** What a stream is answered: a refusal that can be read, or the error of its reset or of the connection's end. */
    private static String outcome(Http2Peer client, int stream) throws IOException {
        Frame answer = client.next();
        while (answer.type() != GOAWAY
                && (answer.stream() != stream || (answer.type() != HEADERS && answer.type() != RST_STREAM)))
            answer = client.next();
        if (answer.type() == GOAWAY) return "connection ended " + answer.number(4);
        return answer.type() == RST_STREAM ? "reset " + answer.number(0) : answer.status();
    }

    /** The faults that were counted, by code. */
    private static Map<String, Long> faults() {
        Map<String, Long> faults = new TreeMap<>();
        for (Fault fault : Fault.values())
            faults.put(fault.code(), gateway.counters().faults(fault).sum());
        return faults;
    }

    /** Those that were counted since then. */
    private static Map<String, Long> counted(Map<String, Long> before) {
        Map<String, Long> now = faults();
        now.replaceAll((code, count) -> count - before.get(code));
        now.values().removeIf(count -> count == 0);
        return now;
    }

    private static Http2Peer client() throws IOException {
        return Http2Peer.client(gateway.addresses().getFirst());
    }

    private static void stillServes() throws IOException {
        try (var client = client()) {
            client.get(1, "/");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualTo("ok");
        }
    }

    @Test
    void contentThatIsNotAsLongAsItSaysIsNoSecondRequest() throws Exception {
        Map<String, Long> before = faults();
        try (var client = client()) {
            client.headers(1, false, joined(POST, "content-length", "3"));
            client.data(1, true, "abcGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(outcome(client, 1)).isEqualTo(MALFORMED);
            client.headers(3, false, joined(POST, "content-length", "10")).data(3, true, "abc");
            assertThat(outcome(client, 3)).isEqualTo(MALFORMED);
            client.headers(5, false, POST).data(5, false, "abc");
            client.headers(5, true, "transfer-encoding", "chunked");
            assertThat(outcome(client, 5)).isEqualTo(MALFORMED);
            client.headers(7, false, POST).data(7, false, "abc");
            client.headers(7, true, "content-length", "3");
            assertThat(outcome(client, 7)).isEqualTo(MALFORMED);
            client.get(9, "/");
            assertThat(client.on(9).status()).as("the connection serves on").isEqualTo("200");
        }
        Map<String, Long> faults = Map.of("content-length-mismatch", 3L, "trailer-forbidden", 1L);
        assertThat(counted(before)).as("each once, as what it is").isEqualTo(faults);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() ->
                        assertThat(gateway.usage().routes().getFirst().faults()).isEqualTo(faults));
        stillServes();
        assertThat(upstream.heads).noneMatch(head -> head.contains("smuggled"));
    }

    @Test
    void aHeadBeyondTheBoundIsRefusedHoweverItIsCut() throws Exception {
        Map<String, Long> before = faults();
        String[] large = joined(GET, "x", "a".repeat(HEAD_BYTES_MAX));
        try (var client = client()) {
            client.headers(1, true, large);
            assertThat(outcome(client, 1)).isEqualTo("431");
            client.get(3, "/");
            assertThat(client.on(3).status()).isEqualTo("200");
        }
        // a literal field whose value goes on in frame after frame, and would for ever
        byte[] begun = {
            (byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a', 0, 1, 'x', 0x7f, (byte) 0x81, (byte) 0x80, 0x40
        };
        try (var client = client()) {
            client.send(HEADERS, END_STREAM, 1, begun);
            try {
                for (int i = 0; i < 1_000; i++) client.send(CONTINUATION, 0, 1, new byte[16_000]);
                client.send(CONTINUATION, END_HEADERS, 1, new byte[16_000]);
            } catch (SocketException cut) {
                // sent away while it was still sending
            }
            try {
                assertThat(outcome(client, 1)).startsWith("connection ended");
            } catch (EOFException | SocketException cut) {
                // what it was told is lost with the connection
            }
        }
        // small on the wire, large when it is unpacked: one entry of the table, named again and again
        try (var client = client()) {
            byte[] bomb = new byte[begunEntry().length + 2_000];
            System.arraycopy(begunEntry(), 0, bomb, 0, begunEntry().length);
            Arrays.fill(bomb, begunEntry().length, bomb.length, (byte) 0xbe);
            client.send(HEADERS, END_HEADERS | END_STREAM, 1, bomb);
            assertThat(outcome(client, 1)).isEqualTo("431");
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() ->
                        assertThat(counted(before)).isEqualTo(Map.of("headers-too-large", 2L, "http2-violated", 1L)));
        upstream.heads.clear();
        stillServes();
        assertThat(upstream.heads).hasSize(1);
    }

    /** GET http://a/ and a field of 1,000 bytes that enters the table. */
    private static byte[] begunEntry() {
        byte[] head = {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a', 0x40, 1, 'x', 0x7f, (byte) 0xe9, 0x06};
        byte[] entry = Arrays.copyOf(head, head.length + 1_000);
        Arrays.fill(entry, head.length, entry.length, (byte) 'y');
        return entry;
    }
}
