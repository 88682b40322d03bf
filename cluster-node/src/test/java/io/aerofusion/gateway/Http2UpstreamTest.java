package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.Http2Peer.Frame;
import io.aerofusion.gateway.TestUpstream.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Upstreams of HTTP/2 that go away, take few streams or none, and do what a good one does not. */
class Http2UpstreamTest {
    private static final String ROUTE = """
            - {kind: Upstream, metadata: {name: up}, spec: {protocol: H2C, endpoints: [{$0}], timeout: {connect: 10s, request: 24h}}}
            - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """;

    /** What a server does on its n-th connection (from 1). */
    private interface Script {
        void serve(int number, Http2Peer server) throws IOException, InterruptedException;
    }

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger number = new AtomicInteger();
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() {
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTicker(now::get));
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private void serve(TestUpstream.Script script) throws Exception {
        upstream = new TestUpstream(script);
        TestRoutes.yaml(gateway, ROUTE, upstream.address());
    }

    private void serve(Script script, int... settings) throws Exception {
        serve(connection -> script.serve(number.incrementAndGet(), Http2Peer.server(connection.socket, settings)));
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    private static void ok(Http2Peer server, int stream) throws IOException {
        server.headers(stream, false, ":status", "200").data(stream, true, "ok");
    }

    /** Answers every request. */
    private static void answerAll(Http2Peer server) throws IOException {
        while (true) ok(server, server.next(Http2Peer.HEADERS).stream());
    }

    @Test
    void aStreamThatFallsSilentIsGivenUpOnBothSides() throws Exception {
        var reset = new CountDownLatch(1);
        serve((number, server) -> {
            int stream = server.next(Http2Peer.HEADERS).stream();
            server.headers(stream, false, ":status", "200", "content-type", "text/event-stream");
            server.data(stream, false, "event");
            server.next(Http2Peer.RST_STREAM);
            reset.countDown();
            answerAll(server);
        });
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertThat(client.read(10)).isEqualTo("5\r\nevent\r\n");
            now.addAndGet(Duration.ofMinutes(11).toNanos());
            assertThat(client.ended()).isTrue();
            assertThat(reset.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aRequestBeyondTheLastStreamIsSentElsewhere() throws Exception {
        serve((number, server) -> {
            Frame request = server.next(Http2Peer.HEADERS);
            if (number == 1) {
                server.goAway(request.stream() - 2);
                while (true) server.next();
            }
            ok(server, request.stream());
            answerAll(server);
        });
        try (var client = client()) {
            // not idempotent: it is repeated only because the upstream says that it did not process it
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            var response = client.response();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("ok");
            assertThat(client.get("/").status()).isEqualTo(200);
        }
        assertThat(upstream.connections).hasValue(2);
    }

    @Test
    void anUpstreamThatGoesAwayFinishesItsStreams() throws Exception {
        var answer = new CountDownLatch(1);
        var gone = new CountDownLatch(1);
        serve((number, server) -> {
            Frame request = server.next(Http2Peer.HEADERS);
            if (number == 1) {
                server.goAway(Integer.MAX_VALUE).send(Http2Peer.PING, 0, 0, new byte[8]);
                server.next(Http2Peer.PING);
                gone.countDown();
                assertThat(answer.await(60, TimeUnit.SECONDS)).isTrue();
                server.goAway(request.stream());
                ok(server, request.stream());
                server.ended();
                return;
            }
            ok(server, request.stream());
            answerAll(server);
        });
        try (var first = client();
                var second = client()) {
            first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(gone.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(second.get("/").status()).as("over another connection").isEqualTo(200);
            answer.countDown();
            assertThat(first.response().body()).isEqualTo("ok");
        }
        assertThat(upstream.connections).hasValue(2);
        assertThat(gateway.counters().retries.sum()).isZero();
    }

    @Test
    void noMoreStreamsAreOpenedThanItTakes() throws Exception {
        var both = new CountDownLatch(2);
        serve(
                (number, server) -> {
                    Frame request = server.next(Http2Peer.HEADERS);
                    both.countDown();
                    assertThat(both.await(60, TimeUnit.SECONDS)).isTrue();
                    ok(server, request.stream());
                    answerAll(server);
                },
                Http2Peer.MAX_CONCURRENT_STREAMS,
                1);
        try (var first = client();
                var second = client()) {
            first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(first.response().body()).isEqualTo("ok");
            assertThat(second.response().body()).isEqualTo("ok");
        }
        assertThat(upstream.connections).hasValue(2);
        assertThat(gateway.counters().retries.sum()).as("none was refused").isZero();
    }

    @Test
    void anUpstreamThatTakesNoStreamIsNotThere() throws Exception {
        serve((number, server) -> server.ended(), Http2Peer.MAX_CONCURRENT_STREAMS, 0);
        try (var client = client()) {
            var response = client.get("/");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.body()).contains("\"code\":\"upstream-connect-failed\"");
        }
        assertThat(upstream.connections.get())
                .as("a try and its two repetitions")
                .isBetween(1, 3);
    }

    @Test
    void anUpstreamThatSaysNothingIsWaitedForAsForAConnection() throws Exception {
        var accepted = new CountDownLatch(1);
        serve((Connection connection) -> {
            accepted.countDown();
            connection.in.readAllBytes();
        });
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(accepted.await(60, TimeUnit.SECONDS)).isTrue();
            // each try has the time of a connection
            passTimeUntil(() -> {
                var response = client.response();
                assertThat(response.status()).isEqualTo(504);
                assertThat(response.body()).contains("\"code\":\"upstream-connect-timeout\"");
            });
        }
    }

    /** The sweep that gave up the first request met the second one's new connections, and was the last sweep of its loop. */
    @Test
    void whoWaitsBehindARequestThatIsGivenUpCanBeTheFirstAtItsUpstream() throws Exception {
        var accepted = new CountDownLatch(1);
        upstream = new TestUpstream(connection -> {
            accepted.countDown();
            connection.in.readAllBytes();
        });
        var others = new ArrayList<TestUpstream>();
        try (var client = client();
                var warm = client()) {
            var yaml = new StringBuilder("""
                    - {kind: Upstream, metadata: {name: mute}, spec: {protocol: H2C, endpoints: [{$0}], retry: {numRetries: 0},
                       timeout: {connect: 10s, request: 24h}}}
                    - {kind: HTTPRoute, metadata: {name: mute}, spec: {rules: [{matches: [{path: {value: /mute}}],
                       backendRefs: [{name: mute}]}]}}
                    """);
            var addresses = new ArrayList<>(List.of(upstream.address()));
            for (int i = 1; i <= 8; i++) {
                others.add(TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
                addresses.add(others.getLast().address());
                yaml.append("""
                    - {kind: Upstream, metadata: {name: up%1$d}, spec: {endpoints: [{$%1$d}]}}
                    - {kind: HTTPRoute, metadata: {name: up%1$d}, spec: {rules: [{matches: [{path: {value: /up%1$d}}],
                       backendRefs: [{name: up%1$d}]}]}}
                    """.formatted(i));
            }
            TestRoutes.yaml(gateway, yaml.toString(), addresses.toArray(InetSocketAddress[]::new));
            for (int i = 1; i < 8; i++) {
                assertThat(warm.get("/up" + i).status()).isEqualTo(200);
            }
            client.send("GET /mute HTTP/1.1\r\nHost: a\r\n\r\nGET /up8 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(accepted.await(60, TimeUnit.SECONDS)).isTrue();
            passTimeUntil(() -> {
                assertThat(client.response().status()).isEqualTo(504);
                assertThat(client.response().status()).isEqualTo(200);
                client.send("GET /mute HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(client.response().status())
                        .as("time is still noticed")
                        .isEqualTo(504);
            });
        } finally {
            for (TestUpstream other : others) other.close();
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** The time of a connection passes again and again. */
    private void passTimeUntil(Step step) throws Exception {
        var passing = Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                now.addAndGet(Duration.ofSeconds(11).toNanos());
                LockSupport.parkNanos(1_000_000);
            }
        });
        try {
            step.run();
        } finally {
            passing.interrupt();
            passing.join();
        }
    }

    @Test
    void anUpstreamThatClosesInsteadOfSpeakingIsNotThere() throws Exception {
        serve((Connection connection) -> connection.read(24));
        try (var client = client()) {
            var response = client.get("/");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.body()).contains("\"code\":\"upstream-connect-failed\"");
        }
    }

    @Test
    void theEndReachesAClientThatPaused() throws Exception {
        var paused = new CountDownLatch(1);
        serve((number, server) -> {
            int stream = server.next(Http2Peer.HEADERS).stream();
            server.headers(stream, false, ":status", "200");
            server.data(stream, false, "x".repeat(10_000)).data(stream, false, "x".repeat(6_384));
            assertThat(paused.await(60, TimeUnit.SECONDS)).isTrue();
            // nothing but the end
            server.data(stream, true, "");
            server.ended();
        });
        try (var client = Http2Peer.client(gateway.addresses().getFirst(), Http2Peer.INITIAL_WINDOW_SIZE, 16_384)) {
            client.get(1, "/");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, 16_384)).hasSize(16_384);
            // its window is used up: the upstream is not read any more
            paused.countDown();
            assertThat(client.rest(1)).isEmpty();
        }
    }

    @Test
    void anUpstreamThatOnlyPingsIsCut() throws Exception {
        serve((number, server) -> {
            server.next(Http2Peer.HEADERS);
            byte[] ping = Http2Peer.frame(Http2Peer.PING, 0, 0, new byte[8]);
            var pings = new ByteArrayOutputStream(ping.length * 1_000);
            for (int i = 0; i < 1_000; i++) pings.writeBytes(ping);
            Thread.ofVirtual().start(() -> server.ended());
            while (true) server.write(pings.toByteArray());
        });
        try (var client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            assertThat(client.response().status()).isEqualTo(502);
        }
    }
}
