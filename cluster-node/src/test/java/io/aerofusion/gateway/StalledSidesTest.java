package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients and upstreams over HTTP/1.1 that take nothing, or give nothing more: what waits for them is bounded, and ends. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is sent
class StalledSidesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofHours(20);
    private static final int BLOCK = 1 << 20;
    private static final int BLOCKS = 64;
    private static final String ROUTE = """
            - {kind: Upstream, metadata: {name: up}, spec: {protocol: HTTP, endpoints: [{$0}], timeout: {request: %s, idle: 24h}}}
            - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """;

    private final AtomicLong now = new AtomicLong();
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger written = new AtomicInteger();
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        // head 10 s, body idle 30 s, keep alive 75 s, send idle 60 s
        Timeouts d = Timeouts.DEFAULT;
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTicker(now::get)
                .withTimeouts(
                        new Timeouts(d.head(), LONG, LONG, LONG, d.sendIdle(), d.connect(), LONG, LONG, d.linger())));
        upstream = new TestUpstream(this::answer);
        TestRoutes.yaml(gateway, ROUTE.formatted("24h"), upstream.address());
    }

    @AfterEach
    void stop() throws IOException {
        over.countDown();
        gateway.close();
        upstream.close();
    }

    private void answer(TestUpstream.Connection connection) throws IOException, InterruptedException {
        for (String head = connection.head(); head != null; head = connection.head()) {
            switch (head.split(" ", 3)[1]) {
                case "/deaf" -> {
                    if (!over.await(60, TimeUnit.SECONDS)) throw new IOException("nobody lets it read");
                    connection.in.skipNBytes((long) BLOCKS * BLOCK);
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nheard");
                }
                case "/half" -> {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                    connection.head();
                }
                case "/large" -> {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + (long) BLOCKS * BLOCK + "\r\n\r\n");
                    for (int i = 0; i < BLOCKS; i++) {
                        connection.out.write(new byte[BLOCK]);
                        written.incrementAndGet();
                    }
                }
                default -> connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    /** Lets time pass, at least 10 s; when it returns, the gateway has looked at all its deadlines. */
    private void pass(Duration time) throws IOException {
        try (var silent = client()) {
            silent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET ");
            assertThat(silent.response().status()).isEqualTo(200);
            now.addAndGet(time.toNanos());
            assertThat(silent.response().status()).isEqualTo(408);
        }
    }

    /** What could be written, once no more can be. */
    private int stalled() {
        AtomicInteger last = new AtomicInteger(-1);
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> written.get() > 0 && last.getAndSet(written.get()) == written.get());
        return written.get();
    }

    @Test
    void anUploadWaitsForAnUpstreamThatDoesNotRead() throws Exception {
        try (var client = client()) {
            client.send("PUT /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: " + (long) BLOCKS * BLOCK + "\r\n\r\n");
            Thread sending = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < BLOCKS; i++) {
                        client.send(new byte[BLOCK]);
                        written.incrementAndGet();
                    }
                } catch (IOException cut) {
                    // the response tells
                }
            });
            // the sockets' own buffers take a few MiB, the gateway takes no more than its bounds
            assertThat(stalled()).isLessThan(BLOCKS / 2);
            assertThat(gateway.counters().bytesFromClients.sum()).isLessThan((long) BLOCKS / 2 * BLOCK);
            over.countDown();
            assertThat(client.response().body()).isEqualTo("heard");
            sending.join();
        }
        assertThat(written).hasValue(BLOCKS);
    }

    @Test
    void aResponseThatStopsInTheMiddleIsCutAtItsTime() throws Exception {
        TestRoutes.yaml(gateway, ROUTE.formatted("40s"), upstream.address());
        try (var client = client()) {
            client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 200 ");
            assertThat(client.read(3)).isEqualTo("abc");
            pass(Duration.ofSeconds(30));
            assertThat(gateway.counters().faults(Fault.UPSTREAM_TIMEOUT).sum())
                    .as("not yet")
                    .isZero();
            pass(Duration.ofSeconds(11));
            assertThat(client.ended())
                    .as("the client can tell that it is not all")
                    .isTrue();
        }
        assertThat(gateway.counters().faults(Fault.UPSTREAM_TIMEOUT).sum()).isEqualTo(1);
    }

    @Test
    void aResponseThatNobodyTakesIsCut() throws Exception {
        try (var client = client()) {
            client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertThat(stalled()).isLessThan(BLOCKS / 2);
            pass(Duration.ofSeconds(40));
            assertThat(gateway.connections()).as("not yet").isPositive();
            pass(Duration.ofSeconds(21));
            await().atMost(LIMIT).until(() -> gateway.connections() == 0);
            assertThat(gateway.counters().faults(Fault.CLIENT_GONE).sum()).isEqualTo(1);
            assertThat(written.get()).isLessThan(BLOCKS);
        }
    }
}
