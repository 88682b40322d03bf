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

    private static Arguments with(String... fields) {
        return Arguments.of((Object) joined(GET, fields));
    }

    private static Arguments whole(String... fields) {
        return Arguments.of((Object) fields);
    }

    private static String[] joined(String[] head, String... fields) {
        String[] all = Arrays.copyOf(head, head.length + fields.length);
        System.arraycopy(fields, 0, all, head.length, fields.length);
        return all;
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                // what belongs to a connection of HTTP/1.1
                with("transfer-encoding", "chunked"),
                with("connection", "close"),
                with("keep-alive", "timeout=5"),
                with("proxy-connection", "keep-alive"),
                with("upgrade", "websocket"),
                with("te", "gzip"),
                // what would be lines of its own
                with("x", "a\r\nx-evil: 1"),
                with("x", "a\nx-evil: 1"),
                with("x", "a\rb"),
                with("x", "a\u0000b"),
                with("x: 1\r\nx-evil", "1"),
                with("x y", "1"),
                with("X", "1"),
                with("", "1"),
                with("x", " padded"),
                // the request line
                whole(":method", "GET / HTTP/1.1\r\nx: ", ":scheme", "http", ":authority", "a", ":path", "/"),
                whole(":method", "GET /x", ":scheme", "http", ":authority", "a", ":path", "/"),
                whole(":method", "", ":scheme", "http", ":authority", "a", ":path", "/"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/a b"),
                whole(
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", ""),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "a"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "*"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/", ":path", "/b"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/", ":x", "y"),
                whole(":method", "GET", ":authority", "a", ":path", "/"),
                // the host
                with("host", "b"),
                with("host", "a", "host", "a"),
                whole(":method", "GET", ":scheme", "http", ":path", "/"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a@b", ":path", "/"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a b", ":path", "/"),
                whole(":method", "GET", ":scheme", "http", ":authority", "a\r\nx-evil: 1", ":path", "/"),
                // the end of the body
                with("content-length", "5"),
                with("content-length", "0", "content-length", "0"),
                with("content-length", "0", "content-length", "1"),
                with("content-length", "0, 0"),
                with("content-length", "+0"),
                with("content-length", "0, 1"),
                with("content-length", ""));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void isRefusedAndNothingReachesTheUpstream(String[] fields) throws Exception {
        long faults = faults();
        try (var client = client()) {
            client.headers(1, true, fields);
            assertRefused(client, 1);
        }
        assertThat(faults()).as("it is counted").isEqualTo(faults + 1);
        stillServes();
        assertThat(upstream.heads).hasSize(1);
    }

    /** A reset, or a refusal that can be read. */
    private static void assertRefused(Http2Peer client, int stream) throws IOException {
        Frame answer = client.next();
        while (answer.type() != GOAWAY
                && (answer.stream() != stream || (answer.type() != HEADERS && answer.type() != RST_STREAM)))
            answer = client.next();
        if (answer.type() == HEADERS) assertThat(answer.status()).matches("4..|501");
    }

    private static long faults() {
        return Arrays.stream(Fault.values())
                .mapToLong(fault -> gateway.counters().faults(fault).sum())
                .sum();
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
        try (var client = client()) {
            client.headers(1, false, joined(POST, "content-length", "3"));
            client.data(1, true, "abcGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assertRefused(client, 1);
            client.headers(3, false, joined(POST, "content-length", "10")).data(3, true, "abc");
            assertRefused(client, 3);
            client.headers(5, false, POST).data(5, false, "abc");
            client.headers(5, true, "transfer-encoding", "chunked");
            assertRefused(client, 5);
            client.headers(7, false, POST).data(7, false, "abc");
            client.headers(7, true, "content-length", "3");
            assertRefused(client, 7);
            client.get(9, "/");
            assertThat(client.on(9).status()).as("the connection serves on").isEqualTo("200");
        }
        stillServes();
        assertThat(upstream.heads).noneMatch(head -> head.contains("smuggled"));
    }

    @Test
    void aHeadBeyondTheBoundIsRefusedHoweverItIsCut() throws Exception {
        String[] large = joined(GET, "x", "a".repeat(HEAD_BYTES_MAX));
        try (var client = client()) {
            client.headers(1, true, large);
            assertRefused(client, 1);
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
                assertRefused(client, 1);
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
            assertRefused(client, 1);
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(gateway.counters().faults(Fault.HEADERS_TOO_LARGE).sum()).isPositive();
            assertThat(gateway.counters().faults(Fault.HTTP2_VIOLATED).sum()).isPositive();
        });
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
