package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.decoder.Decoder;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Year;
import java.time.format.TextStyle;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Responses that are used while somebody asks whether they still hold, and responses in Brotli, over sockets. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is sent
class StaleResponsesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);
    private final GuardState state = new GuardState(
            (uri, headers, form) -> CompletableFuture.failedFuture(new IllegalStateException("no network")),
            () -> Instant.ofEpochMilli(millis.get()),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private volatile String answer = "";
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            while (connection.head() != null) {
                if (!gate.await(60, TimeUnit.SECONDS)) throw new IOException("nobody lets it answer");
                connection.write(answer);
            }
        });
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withPolicies(new GuardPolicies(state)));
    }

    @AfterEach
    void stop() throws IOException {
        gate.countDown();
        gateway.close();
        upstream.close();
        state.close();
    }

    private void serve(String policy) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}]}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            - {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}], %s}}
            """.formatted(policy), upstream.address());
    }

    private void answer(String body, String fields) {
        answer = "HTTP/1.1 200 OK\r\n" + fields + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private RawClient.Response get(String fields) throws IOException {
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            return client.send("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
                    .response();
        }
    }

    private void usedWhileItIsValidated(String fields) throws Exception {
        answer("old", fields);
        assertThat(get("").body()).isEqualTo("old");
        millis.addAndGet(20_000);
        gate = new CountDownLatch(1);
        answer("new", fields);
        CompletableFuture<String> asking = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                asking.complete(get("").body());
            } catch (IOException failed) {
                asking.completeExceptionally(failed);
            }
        });
        await().atMost(LIMIT).until(() -> upstream.heads.size() == 2);
        for (int i = 0; i < 3; i++) {
            RawClient.Response stale = get("");
            assertThat(stale.body()).isEqualTo("old");
            assertThat(stale.field("age")).isEqualTo("20");
        }
        gate.countDown();
        assertThat(asking.get(60, TimeUnit.SECONDS)).as("one of them asks").isEqualTo("new");
        await().atMost(LIMIT).until(() -> get("").body().equals("new"));
        assertThat(upstream.heads).as("and one only").hasSize(2);
        upstream.heads.clear();
        millis.addAndGet(100_000);
        answer("newest", fields);
        assertThat(get("").body()).as("too stale").isEqualTo("newest");
    }

    @Test
    void aStaleResponseIsUsedWhileItIsValidatedIfItSaysSo() throws Exception {
        serve("cache: {}");
        usedWhileItIsValidated("Cache-Control: max-age=10, stale-while-revalidate=60");
    }

    @Test
    void aStaleResponseIsUsedWhileItIsValidatedIfThePolicySaysSo() throws Exception {
        serve("cache: {defaultTtl: 10s, staleWhileRevalidate: 1m}");
        usedWhileItIsValidated("X-A: 1");
    }

    /** The request failed when it had become the one that asks, and all who came later waited for it. */
    @Test
    void aDateBeyondAllTimeHoldsUpNobody() throws Exception {
        serve("cache: {}");
        String fields = "Cache-Control: max-age=10\r\nLast-Modified: Fri, 01 Jan 2027 00:00:00 GMT";
        answer("old", fields);
        assertThat(get("").body()).isEqualTo("old");
        millis.addAndGet(20_000);
        answer("new", fields);
        DayOfWeek day = LocalDate.of(Year.MAX_VALUE, 1, 1).getDayOfWeek();
        String never = day.getDisplayName(TextStyle.SHORT, Locale.ENGLISH) + ", 01 Jan +" + Year.MAX_VALUE;
        assertThat(get("If-Modified-Since: " + never + " 00:00:00 GMT\r\n").body())
                .isEqualTo("new");
        assertThat(get("").body()).isEqualTo("new");
    }

    @Test
    void brotliReachesThoseWhoTakeIt() throws Exception {
        Brotli4jLoader.ensureAvailability();
        serve("compression: {algorithms: [br]}");
        String text = "all work and no play makes a dull gateway\n".repeat(200);
        answer(text, "Content-Type: text/plain");
        RawClient.Response small = get("Accept-Encoding: gzip, br\r\n");
        assertThat(small.field("content-encoding")).isEqualTo("br");
        byte[] unpacked = Decoder.decompress(small.body().getBytes(StandardCharsets.ISO_8859_1))
                .getDecompressedData();
        assertThat(new String(unpacked, StandardCharsets.ISO_8859_1)).isEqualTo(text);
        assertThat(get("Accept-Encoding: gzip\r\n").body()).isEqualTo(text);
    }
}
