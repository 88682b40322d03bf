package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.Http2Peer.Frame;
import io.aerofusion.gateway.http1.WebSocketHandshake;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets over HTTP/2 (RFC 8441): from clients, to upstreams of HTTP/1.1 and of HTTP/2. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class Http2WebSocketTest {
    private static final int WINDOW = 65_535;
    private static final int PROTOCOL_ERROR = 1;
    private static final int CANCEL = 8;
    private static final String ROUTE = """
            - {kind: Upstream, metadata: {name: up}, spec: {protocol: PROTOCOL, endpoints: [{$0}], timeout: {request: 20s}}}
            - kind: HTTPRoute
              metadata: {name: chat}
              spec: {rules: [{matches: [{path: {value: /chat}, method: GET}], backendRefs: [{name: up}]}]}
            """;

    private final AtomicLong now = new AtomicLong();
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() {
        Timeouts d = Timeouts.DEFAULT;
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTicker(now::get)
                .withTimeouts(new Timeouts(
                        d.head(),
                        d.bodyIdle(),
                        d.keepAlive(),
                        d.request(),
                        d.sendIdle(),
                        d.connect(),
                        d.upstreamIdle(),
                        Duration.ofMinutes(10),
                        d.linger()))
                .withPolicies(compiled -> rule -> List.of(request -> "no".equals(request.header("x-allowed"))
                        ? new Verdict.Refuse(401, "not-allowed", "Nobody let you in.", Map.of())
                        : Verdict.PASS)));
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        if (upstream != null) upstream.close();
    }

    private void serve(String protocol, TestUpstream answering) throws Exception {
        upstream = answering;
        TestRoutes.yaml(gateway, ROUTE.replace("PROTOCOL", protocol), upstream.address());
    }

    private Http2Peer client(int... settings) throws IOException {
        return Http2Peer.client(gateway.addresses().getFirst(), settings);
    }

    private static String field(String head, String name) {
        return head.lines()
                .filter(line -> line.startsWith(name + ": "))
                .map(line -> line.substring(name.length() + 2))
                .findFirst()
                .orElse("");
    }

    private static String switching(String head, String accept) {
        assertThat(head)
                .startsWith("GET /chat?room=1 HTTP/1.1\r\n")
                .contains("connection: upgrade\r\nupgrade: websocket\r\n");
        return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n";
    }

    /** An upstream of HTTP/1.1 that takes the handshake, says "early" and repeats what it hears. */
    private static TestUpstream echo() throws IOException {
        return new TestUpstream(connection -> {
            String head = connection.head();
            connection.write(switching(head, WebSocketHandshake.accept(field(head, "sec-websocket-key"))) + "early");
            connection.in.transferTo(connection.out);
        });
    }

    @Test
    void theAnswerToAKeyIsThatOfTheStandard() {
        assertThat(WebSocketHandshake.accept("dGhlIHNhbXBsZSBub25jZQ==")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    @Test
    void aClientOfHttp2ReachesAnUpstreamOfHttp1() throws Exception {
        serve("HTTP", echo());
        try (var client = client()) {
            Frame settings = client.next(Http2Peer.SETTINGS);
            assertThat(settings.payload()).as("extended CONNECT is announced").containsSequence(0, 8, 0, 0, 0, 1);
            client.connect(
                    1,
                    "websocket",
                    "/chat?room=1",
                    "sec-websocket-version",
                    "13",
                    "sec-websocket-protocol",
                    "chat",
                    "sec-websocket-key",
                    "not one of HTTP/2");
            Frame head = client.on(1);
            assertThat(head.status()).isEqualTo("200");
            assertThat(head.ends()).isFalse();
            assertThat(head.fields())
                    .containsEntry("sec-websocket-protocol", "chat")
                    .doesNotContainKeys("sec-websocket-accept", "connection", "upgrade");
            assertThat(client.content(1, 5)).isEqualTo("early");
            String block = "0123456789".repeat(1_000);
            for (int i = 0; i < 50; i++) {
                client.data(1, false, block);
                assertThat(client.content(1, block.length())).isEqualTo(block);
                client.window(1, block.length()).window(0, block.length());
            }
            client.data(1, true, "bye");
            assertThat(client.rest(1)).isEqualTo("bye");
            // and the connection serves on
            client.connect(3, "websocket", "/chat?room=1");
            assertThat(client.on(3).status()).isEqualTo("200");
        }
        String head = upstream.head();
        assertThat(field(head, "sec-websocket-key")).hasSize(24);
        assertThat(field(head, "sec-websocket-version")).isEqualTo("13");
        assertThat(field(upstream.head(), "sec-websocket-key")).isNotEqualTo(field(head, "sec-websocket-key"));
    }

    @Test
    void whatIsSentBeforeTheAnswerWaitsForIt() throws Exception {
        serve("HTTP", echo());
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1").data(1, true, "hello");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualTo("earlyhello");
        }
    }

    @Test
    void theEndOfTheUpstreamEndsTheStream() throws Exception {
        serve("HTTP", new TestUpstream(connection -> {
            String head = connection.head();
            connection.write(
                    switching(head, WebSocketHandshake.accept(field(head, "sec-websocket-key"))) + "only this");
        }));
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualTo("only this");
            Frame end = client.on(1);
            assertThat(end.type()).as("its half is not wanted any more").isEqualTo(Http2Peer.RST_STREAM);
            assertThat(end.number(0)).isEqualTo(CANCEL);
        }
    }

    @Test
    void anUpstreamThatRefusesIsHeard() throws Exception {
        serve("HTTP", TestUpstream.answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("403");
            assertThat(client.rest(1)).isEqualTo("no");
        }
    }

    @Test
    void anAnswerToAnotherKeyIsAFault() throws Exception {
        serve("HTTP", new TestUpstream(connection -> {
            connection.write(switching(connection.head(), WebSocketHandshake.accept("another")));
            connection.head();
        }));
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("502");
            assertThat(client.rest(1)).contains("\"code\":\"upstream-malformed\"");
        }
    }

    @Test
    void theRulesOfRequestsHold() throws Exception {
        serve("HTTP", echo());
        try (var client = client()) {
            client.connect(1, "websocket", "/chat", "x-allowed", "no");
            assertThat(client.on(1).status()).as("a policy refuses").isEqualTo("401");
            assertThat(client.rest(1)).contains("\"code\":\"not-allowed\"");
            client.connect(3, "websocket", "/elsewhere");
            assertThat(client.on(3).status()).as("no route").isEqualTo("404");
            client.connect(5, "websocket", "/chat/../chat");
            assertThat(client.on(5).status()).as("an ambiguous path").isEqualTo("400");
            client.connect(7, "connect-udp", "/chat");
            assertThat(client.on(7).status()).as("another protocol").isEqualTo("501");
            assertThat(client.rest(7)).contains("\"code\":\"protocol-unknown\"");
            client.headers(
                    9,
                    false,
                    ":method",
                    "GET",
                    ":protocol",
                    "websocket",
                    ":scheme",
                    "http",
                    ":authority",
                    "a",
                    ":path",
                    "/");
            Frame malformed = client.on(9);
            assertThat(malformed.type()).as("only CONNECT has a protocol").isEqualTo(Http2Peer.RST_STREAM);
            assertThat(malformed.number(0)).isEqualTo(PROTOCOL_ERROR);
        }
        assertThat(upstream.heads).isEmpty();
    }

    @Test
    void aTunnelInWhichNothingMovesEnds() throws Exception {
        serve("HTTP", echo());
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, 5)).isEqualTo("early");
            now.addAndGet(Duration.ofMinutes(11).toNanos());
            assertThat(client.rest(1)).isEmpty();
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsTheUpstreamBack() throws Exception {
        int total = 64 << 20;
        var written = new AtomicLong();
        serve("HTTP", new TestUpstream(connection -> {
            String head = connection.head();
            connection.write(switching(head, WebSocketHandshake.accept(field(head, "sec-websocket-key"))));
            String piece = "x".repeat(1 << 16);
            for (int i = 0; i < total; i += piece.length()) {
                connection.write(piece);
                written.addAndGet(piece.length());
            }
        }));
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, WINDOW)).hasSize(WINDOW);
            client.send(Http2Peer.PING, 0, 0, new byte[8]);
            assertThat(client.next(Http2Peer.PING).flags()).isEqualTo(Http2Peer.ACK);
            assertThat(written.get()).as("what the sockets hold, and no more").isLessThan(total);
            client.window(0, Integer.MAX_VALUE - WINDOW).window(1, Integer.MAX_VALUE - WINDOW);
            assertThat(client.rest(1)).hasSize(total - WINDOW);
        }
    }

    /** An upstream of HTTP/2 that takes extended CONNECT, whose head is noted, says "early" and repeats what it hears. */
    private static TestUpstream echo2(BlockingQueue<Frame> heads) throws IOException {
        return new TestUpstream(connection -> {
            var server = Http2Peer.server(connection.socket, Http2Peer.ENABLE_CONNECT_PROTOCOL, 1);
            while (true) {
                Frame frame = server.next();
                if (frame.type() == Http2Peer.HEADERS) {
                    heads.add(frame);
                    server.headers(frame.stream(), false, ":status", "200", "sec-websocket-protocol", "chat");
                    server.data(frame.stream(), false, "early");
                } else if (frame.type() == Http2Peer.DATA) {
                    if (frame.payload().length > 0)
                        server.window(frame.stream(), frame.payload().length).window(0, frame.payload().length);
                    server.send(Http2Peer.DATA, frame.flags(), frame.stream(), frame.payload());
                }
            }
        });
    }

    private static void assertExtendedConnect(BlockingQueue<Frame> heads) throws Exception {
        Frame head = heads.poll(60, TimeUnit.SECONDS);
        assertThat(head).isNotNull();
        assertThat(head.ends()).isFalse();
        assertThat(head.fields())
                .containsEntry(":method", "CONNECT")
                .containsEntry(":protocol", "websocket")
                .containsEntry(":path", "/chat?room=1")
                .containsEntry("sec-websocket-version", "13")
                .doesNotContainKeys("sec-websocket-key", "upgrade", "connection");
    }

    @Test
    void anUpstreamOfHttp2ThatAnnouncesItGetsAStream() throws Exception {
        var heads = new LinkedBlockingQueue<Frame>();
        serve("H2C", echo2(heads));
        try (var client = client()) {
            client.connect(1, "websocket", "/chat?room=1", "sec-websocket-version", "13");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, 5)).isEqualTo("early");
            client.data(1, false, "hello");
            assertThat(client.content(1, 5)).isEqualTo("hello");
            client.data(1, true, "bye");
            assertThat(client.rest(1)).isEqualTo("bye");
        }
        assertExtendedConnect(heads);
    }

    @Test
    void aClientOfHttp1ReachesAnUpstreamOfHttp2() throws Exception {
        var heads = new LinkedBlockingQueue<Frame>();
        serve("H2C", echo2(heads));
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            client.send("GET /chat?room=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            var response = client.response();
            assertThat(response.status()).isEqualTo(101);
            assertThat(response.field("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assertThat(response.field("sec-websocket-protocol")).isEqualTo("chat");
            assertThat(client.read(5)).isEqualTo("early");
            String block = "0123456789".repeat(20_000);
            client.send(block);
            assertThat(client.read(block.length())).isEqualTo(block);
            client.socket.shutdownOutput();
            assertThat(client.ended()).isTrue();
        }
        assertExtendedConnect(heads);
    }

    @Test
    void anUpstreamOfHttp2ThatDoesNotAnnounceItIsNotAsked() throws Exception {
        var frames = new LinkedBlockingQueue<Frame>();
        serve("H2C", new TestUpstream(connection -> {
            var server = Http2Peer.server(connection.socket);
            while (true) {
                Frame frame = server.next();
                if (frame.type() != Http2Peer.SETTINGS && frame.type() != Http2Peer.WINDOW_UPDATE) frames.add(frame);
            }
        }));
        try (var client = client();
                var old = new RawClient(gateway.addresses().getFirst())) {
            client.connect(1, "websocket", "/chat?room=1");
            assertThat(client.on(1).status()).isEqualTo("501");
            assertThat(client.rest(1)).contains("\"code\":\"upstream-upgrade-unsupported\"");
            old.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            var response = old.response();
            assertThat(response.status()).isEqualTo(501);
            assertThat(response.body()).contains("\"code\":\"upstream-upgrade-unsupported\"");
        }
        assertThat(frames).isEmpty();
        assertThat(gateway.counters().faults(Fault.UPSTREAM_UPGRADE_UNSUPPORTED).sum())
                .isEqualTo(2);
    }
}
