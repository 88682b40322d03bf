package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What lasts: upgrades, event streams, idle and slow connections, the end of the gateway. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class GatewayLifeTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Timeouts PATIENT = new Timeouts(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG);

    private final AtomicLong now = new AtomicLong();
    private TestUpstream upstream;
    private Gateway gateway;

    private static GatewaySettings settings() {
        return GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTimeouts(PATIENT);
    }

    private void start(TestUpstream answering, GatewaySettings settings) throws Exception {
        upstream = answering;
        gateway = Gateway.start(settings);
        TestRoutes.all(gateway, "/", TestRoutes.patient(LONG, LONG, upstream.address()));
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    /** What a client is answered, as soon as it is. */
    private static CompletableFuture<RawClient.Response> answer(RawClient client) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return client.response();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        if (gateway != null) gateway.close();
        if (upstream != null) upstream.close();
    }

    private static void assumeAvailable(Transport transport) {
        Assumptions.assumeTrue(
                transport != Transport.IO_URING || IoUring.isAvailable(), () -> "this system forbids io_uring");
        Assumptions.assumeTrue(transport != Transport.EPOLL || Epoll.isAvailable(), () -> "this system has no epoll");
    }

    private static TestUpstream echo() throws IOException {
        return new TestUpstream(connection -> {
            connection.head();
            connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Accept: x\r\n\r\nearly");
            connection.in.transferTo(connection.out);
        });
    }

    @ParameterizedTest
    @EnumSource
    void anUpgradedConnectionCarriesBytesBothWays(Transport transport) throws Exception {
        assumeAvailable(transport);
        start(echo(), settings().withTransport(transport));
        try (var client = client()) {
            client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Key: k\r\n\r\n");
            var response = client.response();
            assertEquals(101, response.status());
            assertEquals("websocket", response.field("upgrade"));
            assertEquals("upgrade", response.field("connection"));
            assertEquals("x", response.field("sec-websocket-accept"));
            assertEquals("early", client.read(5));
            String block = "0123456789".repeat(10_000);
            for (int i = 0; i < 20; i++) {
                client.send(block);
                assertEquals(block, client.read(block.length()));
            }
            client.socket.shutdownOutput();
            assertTrue(client.ended());
        }
        String head = upstream.head();
        assertTrue(head.contains("connection: upgrade\r\nupgrade: websocket\r\n"), head);
        Awaitility.await().atMost(LONG).until(() -> gateway.connections() == 0);
    }

    @Test
    void anUpgradeNobodyAskedForIsAFault() throws Exception {
        start(echo(), settings());
        try (var client = client()) {
            assertEquals(502, client.get("/").status());
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
            assertEquals(502, client.response().status());
        }
    }

    @Test
    void anIdleTunnelIsClosed() throws Exception {
        start(echo(), settings().withTimeouts(new Timeouts(LONG, LONG, LONG, LONG, LONG, LONG, LONG, SHORT, LONG)));
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            assertEquals(101, client.response().status());
            assertEquals("early", client.read(5));
            assertTrue(client.ended());
        }
    }

    @Test
    void eventsReachTheClientAsTheyCome() throws Exception {
        var next = new CountDownLatch(1);
        start(
                new TestUpstream(connection -> {
                    connection.head();
                    connection.write(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + "9\r\ndata: 1\n\n\r\n");
                    assertTrue(next.await(60, TimeUnit.SECONDS));
                    connection.write("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
                    connection.head();
                }),
                // a stream of events is not held to the time of a request
                settings()
                        .withTicker(now::get)
                        .withTimeouts(new Timeouts(SHORT, LONG, LONG, SHORT, LONG, LONG, LONG, LONG, LONG)));
        try (var client = client();
                var silent = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertEquals("9\r\ndata: 1\n\n\r\n", client.read(14));
            // who says nothing is sent away: then the gateway has looked at all its deadlines
            silent.send("GET ");
            var refusal = answer(silent);
            Awaitility.await()
                    .atMost(LONG)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> now.addAndGet(SHORT.toNanos()) > 0 && refusal.isDone());
            assertEquals(408, refusal.get().status());
            next.countDown();
            assertEquals("9\r\ndata: 2\n\n\r\n0\r\n\r\n", client.read(19));
        }
    }

    @Test
    void aHeadThatTricklesInIsRefused() throws Exception {
        start(
                TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                settings().withTimeouts(new Timeouts(SHORT, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG)));
        try (var client = client();
                var silent = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n");
            var refusal = answer(client);
            // each further byte must not prolong the time
            while (!refusal.isDone()) {
                try {
                    client.send("X");
                } catch (IOException closed) {
                    break;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
            var response = refusal.get(60, TimeUnit.SECONDS);
            assertEquals(408, response.status());
            assertTrue(response.body().contains("\"code\":\"head-timeout\""));
            assertTrue(silent.ended());
        }
        assertEquals(1, gateway.counters().faults(Fault.HEAD_TIMEOUT).sum());
    }

    @Test
    void aBodyThatStopsIsRefused() throws Exception {
        start(
                TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                settings().withTimeouts(new Timeouts(LONG, SHORT, LONG, LONG, LONG, LONG, LONG, LONG, LONG)));
        upstream.close();
        upstream = new TestUpstream(connection -> {
            connection.head();
            connection.read(100);
        });
        TestRoutes.all(gateway, "/", TestRoutes.patient(LONG, LONG, upstream.address()));
        try (var client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
            var response = client.response();
            assertEquals(408, response.status(), response.body());
            assertTrue(response.body().contains("\"code\":\"body-timeout\""));
            assertTrue(client.ended());
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws Exception {
        start(
                TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                settings().withTimeouts(new Timeouts(LONG, LONG, SHORT, LONG, LONG, LONG, SHORT, LONG, LONG)));
        TestRoutes.all(gateway, "/", TestRoutes.patient(SHORT, LONG, upstream.address()));
        try (var client = client()) {
            assertEquals(200, client.get("/").status());
            assertTrue(client.ended());
        }
        Awaitility.await()
                .atMost(LONG)
                .until(() -> gateway.counters().upstreamClosed.sum() == 1);
    }

    /** Sends everything to an upstream that states no times. */
    private void timeless(String more) throws Exception {
        TestRoutes.yaml(gateway, """
                - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: u}]}]}}
                - kind: Upstream
                  metadata: {name: u}
                  spec: {endpoints: [{$0}], retry: {numRetries: 0}%s}
                """.formatted(more), upstream.address());
    }

    @Test
    void theNodesTimeOfARequestIsThatOfUpstreamsThatStateNone() throws Exception {
        start(
                new TestUpstream(connection -> {
                    connection.head();
                    connection.head();
                }),
                settings().withTimeouts(new Timeouts(LONG, LONG, LONG, SHORT, LONG, LONG, LONG, LONG, LONG)));
        timeless("");
        try (var client = client()) {
            var response = client.get("/");
            assertEquals(504, response.status());
            assertTrue(response.body().contains("\"code\":\"upstream-timeout\""), response.body());
        }
    }

    @Test
    void theNodesTimeToConnectIsThatOfUpstreamsThatStateNone() throws Exception {
        start(
                new TestUpstream(connection -> connection.in.transferTo(OutputStream.nullOutputStream())),
                settings().withTimeouts(new Timeouts(LONG, LONG, LONG, LONG, LONG, SHORT, LONG, LONG, LONG)));
        // it takes connections, and says nothing of TLS: without a time of the node's it would be waited for until the
        // request's is over
        timeless(", protocol: HTTPS, timeout: {request: 5m}");
        try (var client = client()) {
            var response = client.get("/");
            assertEquals(502, response.status());
            assertTrue(response.body().contains("\"code\":\"upstream-tls-failed\""), response.body());
        }
        gateway.close();
        gateway = Gateway.start(
                settings().withTimeouts(new Timeouts(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG)));
        timeless(", protocol: HTTPS, timeout: {request: 1500ms}");
        try (var client = client()) {
            assertEquals(504, client.get("/").status(), "it is not the second that used to be fixed");
        }
    }

    @Test
    void theNodesTimeOfIdleConnectionsIsThatOfUpstreamsThatStateNone() throws Exception {
        start(
                TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                settings().withTimeouts(new Timeouts(LONG, LONG, LONG, LONG, LONG, LONG, SHORT, LONG, LONG)));
        timeless("");
        try (var client = client()) {
            assertEquals(200, client.get("/").status());
            // within less than the minute that used to be fixed
            Awaitility.await()
                    .atMost(Duration.ofSeconds(50))
                    .until(() -> gateway.counters().upstreamClosed.sum() == 1);
        }
    }

    @Test
    void anUpstreamThatDoesNotAnswerInTimeIsGivenUp() throws Exception {
        start(
                new TestUpstream(connection -> {
                    connection.head();
                    connection.head();
                }),
                settings());
        TestRoutes.all(gateway, "/", TestRoutes.patient(LONG, SHORT, upstream.address()));
        try (var client = client()) {
            var response = client.get("/");
            assertEquals(504, response.status());
            assertTrue(response.body().contains("\"code\":\"upstream-timeout\""), response.body());
            assertEquals(504, client.get("/").status());
        }
    }

    @Test
    void aClientThatLeavesEndsItsRequest() throws Exception {
        var ended = new CountDownLatch(1);
        start(
                new TestUpstream(connection -> {
                    connection.head();
                    if (connection.in.read() < 0) ended.countDown();
                }),
                settings());
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.head();
        }
        assertTrue(ended.await(60, TimeUnit.SECONDS));
        Awaitility.await()
                .atMost(LONG)
                .until(() -> gateway.counters().faults(Fault.CLIENT_GONE).sum() == 1);
    }

    @Test
    void drainingLetsRequestsFinishAndClosesTheRest() throws Exception {
        var answer = new CountDownLatch(1);
        start(
                new TestUpstream(connection -> {
                    for (String head = connection.head(); head != null; head = connection.head()) {
                        if (head.startsWith("GET /slow")) assertTrue(answer.await(60, TimeUnit.SECONDS));
                        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                }),
                settings());
        try (var idle = client();
                var waking = client();
                var busy = client()) {
            assertEquals(200, idle.get("/").status());
            upstream.head();
            assertEquals(200, waking.get("/").status());
            upstream.head();
            busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.head();
            var drained = gateway.drain(LONG).toCompletableFuture();
            var under = waking.get("/"); // its request was under way when the gateway began to drain
            upstream.head();
            assertEquals(200, under.status());
            assertEquals("close", under.field("connection"));
            assertTrue(waking.ended());
            assertTrue(idle.ended());
            Awaitility.await().atMost(LONG).until(() -> {
                try (var late = client()) {
                    return late.ended();
                } catch (ConnectException refused) {
                    return true;
                }
            });
            assertFalse(drained.isDone());
            answer.countDown();
            var response = busy.response();
            assertEquals("ok", response.body());
            assertEquals("close", response.field("connection"));
            assertTrue(busy.ended());
            drained.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void drainingEndsAtItsTimeAtTheLatest() throws Exception {
        start(
                new TestUpstream(connection -> {
                    connection.head();
                    connection.head();
                }),
                settings());
        try (var busy = client()) {
            busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.head();
            gateway.drain(SHORT).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertTrue(busy.ended());
        }
    }

    /** A node that is started again at once needs its port. */
    @ParameterizedTest
    @EnumSource
    void aClosedGatewayLetsItsPortGo(Transport transport) throws Exception {
        assumeAvailable(transport);
        for (int i = 0; i < 20; i++) {
            start(
                    TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                    settings().withTransport(transport));
            InetSocketAddress address = gateway.addresses().getFirst();
            try (var client = client()) {
                assertEquals(200, client.get("/").status());
                gateway.close();
                gateway = null;
                upstream.close();
                try (var next = new ServerSocket()) {
                    next.setReuseAddress(true);
                    next.bind(address);
                }
            }
        }
    }

    @Test
    void connectionsBeyondTheBoundAreClosed() throws Exception {
        Bounds d = Bounds.DEFAULT;
        start(
                TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                settings()
                        .withBounds(new Bounds(
                                1,
                                d.targetBytesMax(),
                                d.headBytesMax(),
                                d.fieldsMax(),
                                d.bodyBytesMax(),
                                d.readAheadBytesMax(),
                                d.writeBufferBytesMax(),
                                d.idlePerEndpointMax(),
                                2,
                                d.streamsMax(),
                                d.resetsPerMinuteMax(),
                                d.lingerBytesMax())));
        try (var first = client()) {
            assertEquals(200, first.get("/").status());
            try (var second = client()) {
                assertTrue(second.ended());
            }
            // and a connection serves as many requests as it may
            assertEquals("close", first.get("/").field("connection"));
            assertTrue(first.ended());
        }
        assertEquals(1, gateway.counters().connectionsRefused.sum());
    }
}
