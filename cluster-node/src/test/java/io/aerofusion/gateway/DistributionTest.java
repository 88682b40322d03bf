package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How many requests reach whom: shares, copies, retries and the bound of requests at once, counted where they arrive. */
class DistributionTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int REQUESTS = 1_000;

    private Backend a;
    private Backend b;
    private Gateway gateway;

    @BeforeEach
    void start() throws IOException {
        a = new Backend();
        b = new Backend();
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1));
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        a.close();
        b.close();
    }

    private void serve(String first, String second, String rule) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: a}, spec: {%s}}
            - {kind: Upstream, metadata: {name: b}, spec: {%s}}
            - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{%s}]}}
            """.formatted(first, second, rule), a.address(), b.address());
    }

    private void serve(String rule) throws Exception {
        serve("endpoints: [{$0}]", "endpoints: [{$1}]", rule);
    }

    /** Sends requests one after the other; how many were answered with this status. */
    private int answered(int requests, int status) throws IOException {
        int answered = 0;
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            for (int i = 0; i < requests; i++) if (client.get("/").status() == status) answered++;
        }
        return answered;
    }

    @Test
    void backendsGetTheShareOfTheirWeight() throws Exception {
        serve("backendRefs: [{name: a, weight: 80}, {name: b, weight: 20}]");
        assertThat(answered(REQUESTS, 200)).isEqualTo(REQUESTS);
        // the deviation is 13
        assertThat(b.requests.get()).isBetween(100, 300);
        assertThat(a.requests.get() + b.requests.get()).isEqualTo(REQUESTS);
        serve("backendRefs: [{name: a, weight: 0}, {name: b, weight: 1}]");
        int before = a.requests.get();
        assertThat(answered(100, 200)).isEqualTo(100);
        assertThat(a.requests).hasValue(before);
    }

    @Test
    void aMirrorGetsItsPercentage() throws Exception {
        serve(
                "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: b}, percent: 25}}], backendRefs: [{name: a}]");
        assertThat(answered(REQUESTS, 200)).isEqualTo(REQUESTS);
        assertThat(a.requests).hasValue(REQUESTS);
        // the deviation is 14
        await().atMost(LIMIT).until(() -> b.requests.get() > 140);
        await().atMost(LIMIT).until(() -> gateway.upstreamStates().get(1).active() == 0);
        assertThat(b.requests.get()).isLessThan(360);
    }

    @Test
    void retriesStayWithinTheirBudget() throws Exception {
        a.answer = (method, path) -> 503;
        serve(
                "endpoints: [{$0}], retry: {numRetries: 2, retryOn: ['503'], perRetry: {backOff: {baseInterval: 1ms, maxInterval:"
                        + " 1ms}}}, retryBudget: {percent: 20, minRetriesPerSecond: 0}, circuitBreaker: {failureThreshold: 10000}",
                "endpoints: [{$1}]",
                "backendRefs: [{name: a}]");
        assertThat(answered(200, 503)).isEqualTo(200);
        assertThat(a.requests.get()).as("a fifth more, not thrice").isBetween(202, 245);
        assertThat(gateway.counters().retries.sum()).isEqualTo(a.requests.get() - 200);
    }

    @Test
    void anEndpointThatJoinsBeginsWithLittle() throws Exception {
        String slow = ", loadBalancer: {type: RoundRobin, slowStart: {window: 1h}}";
        serve("endpoints: [{$0}]" + slow, "endpoints: [{$1}]", "backendRefs: [{name: a}]");
        assertThat(answered(10, 200)).isEqualTo(10);
        serve("endpoints: [{$0}, {$1}]" + slow, "endpoints: [{$1}]", "backendRefs: [{name: a}]");
        assertThat(answered(400, 200)).isEqualTo(400);
        assertThat(b.requests.get()).as("a tenth of its half").isBetween(1, 120);
    }

    @Test
    void moreRequestsAtOnceThanAnUpstreamMayHaveAreRefused() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        a.answer = (method, path) -> over.await(60, TimeUnit.SECONDS) ? 200 : 504;
        serve(
                "endpoints: [{$0}], circuitBreaker: {maxParallelRequests: 1}",
                "endpoints: [{$1}]",
                "backendRefs: [{name: a}]");
        CompletableFuture<Integer> first = new CompletableFuture<>();
        try (var waiting = new RawClient(gateway.addresses().getFirst());
                var refused = new RawClient(gateway.addresses().getFirst())) {
            Thread.ofVirtual().start(() -> {
                try {
                    first.complete(waiting.get("/").status());
                } catch (IOException failed) {
                    first.completeExceptionally(failed);
                }
            });
            await().atMost(LIMIT).until(() -> a.requests.get() == 1);
            RawClient.Response response = refused.get("/");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.body()).contains("\"code\":\"upstream-requests-exceeded\"");
            over.countDown();
            assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(200);
            assertThat(refused.get("/").status()).isEqualTo(200);
        }
        assertThat(a.requests).hasValue(2);
    }
}
