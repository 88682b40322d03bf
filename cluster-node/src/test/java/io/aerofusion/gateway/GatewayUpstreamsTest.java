package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.upstream.BreakerPhase;
import io.aerofusion.gateway.upstream.UpstreamState;
import io.aerofusion.route.UpstreamSpec;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients of the gateway notice when upstreams fail: over sockets, through the whole data path. */
final class GatewayUpstreamsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final UpstreamSpec.RetryBudget FREE = new UpstreamSpec.RetryBudget(100, 10_000);

    private final Backend a = backend();
    private final Backend b = backend();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    /** By how much the time of requests is ahead of the machine's. */
    private final AtomicLong aheadNanos = new AtomicLong();

    private final Gateway gateway =
            Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                    .withThreads(1)
                    .withTicker(() -> System.nanoTime() + aheadNanos.get()));

    private static Backend backend() {
        try {
            return new Backend();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() throws Exception {
        gateway.close();
        a.close();
        b.close();
        threads.shutdownNow();
        assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_dying_upstream_loses_no_request_that_can_be_repeated() throws Exception {
        serve(spec(List.of(a, b), null, breaker(Duration.ofSeconds(2), 100, 100), null, FREE));
        AtomicInteger answered = new AtomicInteger();
        CountDownLatch over = new CountDownLatch(1);
        List<Future<List<Integer>>> clients = new ArrayList<>();
        for (int c = 0; c < 4; c++) {
            clients.add(threads.submit(() -> requestUntil(over, answered)));
        }
        for (int death = 0; death < 5; death++) {
            Backend dying = death % 2 == 0 ? a : b;
            awaitMore(answered, 100);
            dying.die();
            awaitMore(answered, 100);
            dying.comeBack();
            awaitClosedBreakers();
        }
        over.countDown();
        for (Future<List<Integer>> client : clients) {
            assertThat(client.get(60, TimeUnit.SECONDS)).isEmpty();
        }
        assertThat(state().retries()).isPositive();
        await().atMost(LIMIT).untilAsserted(() -> assertThat(state().active()).isZero());
    }

    /** Sends requests over one connection that is kept; those that were not answered 200. */
    private List<Integer> requestUntil(CountDownLatch over, AtomicInteger answered) throws IOException {
        List<Integer> others = new ArrayList<>();
        try (RawClient client = client()) {
            for (int i = 0; over.getCount() > 0; i++) {
                String request = i % 3 == 0
                        ? "PUT /document HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                        : "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
                int status = client.send(request).response().status();
                if (status != 200) {
                    others.add(status);
                }
                answered.incrementAndGet();
            }
        }
        return others;
    }

    private static void awaitMore(AtomicInteger answered, int count) {
        int end = answered.get() + count;
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(() -> answered.get() >= end);
    }

    /** The breaker notices the restart at once, or, if it looks too late to see so short a death, after its recovery time. */
    private void awaitClosedBreakers() {
        await().atMost(LIMIT)
                .until(() ->
                        state().endpoints().stream().allMatch(endpoint -> endpoint.breaker() == BreakerPhase.CLOSED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{type: Header, name: X-User}", "{type: Cookie, name: session}", "{type: SourceIP}"})
    void a_consistent_hash_leads_the_same_to_the_same_endpoint(String hash) throws Exception {
        try (Backend c = new Backend()) {
            TestRoutes.yaml(gateway, """
                - kind: Upstream
                  metadata: {name: up}
                  spec: {endpoints: [{$0}, {$1}, {$2}], loadBalancer: {type: ConsistentHash, consistentHash: %s}}
                - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
                """.formatted(hash), a.address(), b.address(), c.address());
            Map<Integer, String> homes = new HashMap<>();
            for (int user = 1; user <= 60; user++) homes.put(user, hashed(user));
            assertThat(homes.values()).as("spread over all").contains(from(a), from(b), from(c));
            for (int user = 1; user <= 60; user++) assertThat(hashed(user)).isEqualTo(homes.get(user));
            c.die();
            for (int user = 1; user <= 60; user++) {
                String home = homes.get(user);
                assertThat(hashed(user)).isIn(home.equals(from(c)) ? List.of(from(a), from(b)) : List.of(home));
            }
        }
    }

    private static String from(Backend backend) {
        return "from " + backend.address().getPort();
    }

    /** Which endpoint answers a user, who has a header, a cookie and an address. */
    private String hashed(int user) throws IOException {
        InetSocketAddress to = gateway.addresses().getFirst();
        InetAddress own = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) user});
        try (RawClient client = new RawClient(new Socket(to.getAddress(), to.getPort(), own, 0))) {
            RawClient.Response response = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-User: u" + user
                            + "\r\nCookie: sessions=x; session=s" + user + "; more=" + System.nanoTime() + "\r\n\r\n")
                    .response();
            assertThat(response.status()).isEqualTo(200);
            return response.body();
        }
    }

    @Test
    void least_request_looks_at_all_endpoints() throws Exception {
        try (Backend c = new Backend()) {
            TestRoutes.yaml(gateway, """
                - kind: Upstream
                  metadata: {name: up}
                  spec: {endpoints: [{$0}, {$1}, {$2}], loadBalancer: {type: LeastRequest}}
                - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
                """, a.address(), b.address(), c.address());
            CountDownLatch over = new CountDownLatch(1);
            List<Backend> backends = List.of(a, b, c);
            for (Backend backend : backends) {
                backend.answer =
                        (method, path) -> !path.equals("/slow") || over.await(60, TimeUnit.SECONDS) ? 200 : 504;
            }
            List<Future<Integer>> slow = new ArrayList<>();
            for (int begun = 1; begun <= 2; begun++) {
                int all = begun;
                slow.add(request("/slow"));
                await().atMost(LIMIT)
                        .until(() -> backends.stream()
                                        .mapToInt(backend -> backend.requests.get())
                                        .sum()
                                == all);
            }
            List<Backend> idle = backends.stream()
                    .filter(backend -> backend.requests.get() == 0)
                    .toList();
            assertThat(idle).as("who was busy was passed over").hasSize(1);
            try (RawClient client = client()) {
                for (int i = 0; i < 30; i++) {
                    assertThat(client.get("/").body()).isEqualTo(from(idle.getFirst()));
                }
            }
            over.countDown();
            for (Future<Integer> one : slow) {
                assertThat(one.get(60, TimeUnit.SECONDS)).isEqualTo(200);
            }
        }
    }

    /** The servers can be told apart: each knows one service of its own. */
    @Test
    void a_health_check_by_grpc_takes_an_endpoint_out_and_brings_it_back() throws Exception {
        HealthStatusManager one = new HealthStatusManager();
        HealthStatusManager two = new HealthStatusManager();
        one.setStatus("one", ServingStatus.SERVING);
        one.setStatus("shop", ServingStatus.SERVING);
        two.setStatus("shop", ServingStatus.SERVING);
        Server first = grpc(one);
        Server second = grpc(two);
        ManagedChannel channel = NettyChannelBuilder.forAddress(
                        gateway.addresses().getFirst())
                .usePlaintext()
                .build();
        try {
            UpstreamSpec.Active active = new UpstreamSpec.Active(
                    UpstreamSpec.CheckType.GRPC,
                    "/",
                    Duration.ofMillis(100),
                    Duration.ofSeconds(5),
                    2,
                    2,
                    List.of(),
                    new UpstreamSpec.Grpc("shop"),
                    null);
            serve(spec(
                    UpstreamSpec.of(
                            UpstreamSpec.Protocol.GRPC,
                            List.of(
                                    new UpstreamSpec.Endpoint("127.0.0.1", first.getPort(), 1),
                                    new UpstreamSpec.Endpoint("127.0.0.1", second.getPort(), 1))),
                    new UpstreamSpec.HealthCheck(active, null),
                    null,
                    null,
                    FREE));
            await().atMost(LIMIT).until(() -> firstAnswers(channel));
            one.setStatus("shop", ServingStatus.NOT_SERVING);
            await().atMost(LIMIT).until(() -> !state().endpoints().getFirst().healthy());
            for (int i = 0; i < 30; i++) {
                assertThat(firstAnswers(channel)).isFalse();
            }
            one.setStatus("shop", ServingStatus.SERVING);
            await().atMost(LIMIT).until(() -> firstAnswers(channel));
            assertThat(state().endpoints()).allMatch(endpoint -> endpoint.healthy());
        } finally {
            channel.shutdownNow().awaitTermination(60, TimeUnit.SECONDS);
            first.shutdownNow();
            second.shutdownNow();
        }
    }

    private static Server grpc(HealthStatusManager health) throws IOException {
        return NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), InsecureServerCredentials.create())
                .addService(health.getHealthService())
                .build()
                .start();
    }

    /** Whether a call through the gateway comes to the server that knows the service {@code one}. */
    private static boolean firstAnswers(ManagedChannel channel) {
        try {
            return HealthGrpc.newBlockingStub(channel)
                            .withDeadlineAfter(60, TimeUnit.SECONDS)
                            .check(HealthCheckRequest.newBuilder()
                                    .setService("one")
                                    .build())
                            .getStatus()
                    == ServingStatus.SERVING;
        } catch (StatusRuntimeException unknown) {
            assertThat(unknown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
            return false;
        }
    }

    @Test
    void what_is_not_idempotent_is_sent_once() throws Exception {
        UpstreamSpec.CircuitBreaker patient = new UpstreamSpec.CircuitBreaker(100, null, null, null, null, null);
        serve(spec(List.of(a), null, patient, retry("reset", null), FREE));
        a.answer = (method, path) -> null;
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(client.response().status()).isEqualTo(502);
        }
        assertThat(a.requests).hasValue(1);
        try (RawClient client = client()) {
            assertThat(client.get("/").status()).isEqualTo(502);
        }
        assertThat(a.requests).as("and two retries of the GET").hasValue(4);
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(client.response().status()).isEqualTo(502);
        }
        assertThat(a.requests).as("and of a POST whose client asks for it").hasValue(7);
    }

    @Test
    void a_breaker_opens_refuses_and_recovers() throws Exception {
        serve(spec(List.of(a), null, breaker(Duration.ofHours(1), 100, 100), null, FREE));
        a.answer = (method, path) -> 500;
        b.answer = (method, path) -> 500;
        try (RawClient client = client()) {
            for (int i = 0; i < 5; i++) {
                assertThat(client.get("/").body()).isEqualTo(from(a));
            }
            RawClient.Response refused = client.get("/");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).contains("upstream-circuit-open");
            assertThat(a.requests).as("the upstream is left alone").hasValue(5);
            // and one with a time that the test can wait for
            serve(spec(List.of(b), null, breaker(Duration.ofMillis(200), 100, 100), null, FREE));
            for (int i = 0; i < 5; i++) {
                assertThat(client.get("/").body()).isEqualTo(from(b));
            }
            assertThat(state().endpoints().getFirst().breaker()).isNotEqualTo(BreakerPhase.CLOSED);
            b.answer = (method, path) -> 200;
            await().atMost(LIMIT).until(() -> client.get("/").status() == 200);
            assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(state().endpoints().getFirst().breaker()).isEqualTo(BreakerPhase.CLOSED);
        }
    }

    @Test
    void a_health_check_takes_an_endpoint_out_and_brings_it_back() throws Exception {
        UpstreamSpec.Active active =
                new UpstreamSpec.Active("/health", Duration.ofMillis(100), Duration.ofSeconds(5), 2, 2, List.of());
        serve(spec(List.of(a, b), new UpstreamSpec.HealthCheck(active, null), null, null, FREE));
        try (RawClient client = client()) {
            a.health = 503;
            await().atMost(LIMIT).until(() -> !state().endpoints().getFirst().healthy());
            int before = a.requests.get();
            for (int i = 0; i < 50; i++) {
                assertThat(client.get("/").status()).isEqualTo(200);
            }
            assertThat(a.requests).hasValue(before);
            a.health = 200;
            await().atMost(LIMIT).until(() -> client.get("/").status() == 200 && a.requests.get() > before);
        }
    }

    @Test
    void an_endpoint_that_fails_in_a_row_is_ejected_and_comes_back() throws Exception {
        UpstreamSpec.Passive passive = new UpstreamSpec.Passive(3, Duration.ofMillis(300), 50, Duration.ofSeconds(10));
        serve(spec(List.of(a, b), new UpstreamSpec.HealthCheck(null, passive), null, null, FREE));
        try (RawClient client = client()) {
            a.answer = (method, path) -> 500;
            await().atMost(LIMIT).until(() -> client.get("/").status() > 0 && state().ejections() == 1);
            a.answer = (method, path) -> 200;
            int before = a.requests.get();
            await().atMost(LIMIT).until(() -> client.get("/").status() == 200 && a.requests.get() > before);
        }
    }

    @Test
    void a_try_that_takes_too_long_goes_elsewhere() throws Exception {
        Duration perTry = Duration.ofSeconds(20);
        serve(spec(List.of(a, b), null, null, retry("reset", perTry), FREE));
        assertThatATryGoesElsewhereAfter(perTry);
    }

    /** Documented as the default of {@code rules[].timeouts.backendRequest}: also where the rule states the time of the whole request. */
    @Test
    void the_time_of_a_try_is_that_of_the_upstream_where_the_rule_states_none() throws Exception {
        TestRoutes.yaml(gateway, """
                - kind: Upstream
                  metadata: {name: up}
                  spec:
                    endpoints: [{$0}, {$1}]
                    retry: {retryOn: [reset], perRetry: {timeout: 20s}}
                    retryBudget: {percent: 100, minRetriesPerSecond: 10000}
                - kind: HTTPRoute
                  metadata: {name: all}
                  spec: {rules: [{backendRefs: [{name: up}], timeouts: {request: 1h}}]}
                """, a.address(), b.address());
        assertThatATryGoesElsewhereAfter(Duration.ofSeconds(20));
    }

    private void assertThatATryGoesElsewhereAfter(Duration perTry) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        a.answer = (method, path) -> {
            aheadNanos.addAndGet(perTry.toNanos()); // it is a's try that takes so long, and no other
            return over.await(60, TimeUnit.SECONDS) ? 200 : 504;
        };
        try (RawClient client = client()) {
            // which one is tried first is left to chance
            for (int i = 0; i < 100 && a.requests.get() < 2; i++) {
                assertThat(client.get("/").body()).isEqualTo(from(b));
            }
        }
        assertThat(a.requests.get()).isGreaterThanOrEqualTo(2);
        over.countDown();
    }

    @Test
    void what_exceeds_the_connections_waits_and_what_exceeds_the_waiting_is_refused() throws Exception {
        serve(spec(List.of(a), null, breaker(Duration.ofSeconds(30), 1, 1), null, FREE));
        CountDownLatch over = new CountDownLatch(1);
        a.answer = (method, path) -> over.await(60, TimeUnit.SECONDS) ? 200 : 504;
        Future<Integer> first = request();
        await().atMost(LIMIT).until(() -> a.requests.get() == 1);
        Future<Integer> second = request();
        await().atMost(LIMIT).until(() -> state().pending() == 1);
        try (RawClient client = client()) {
            RawClient.Response refused = client.get("/");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).contains("upstream-pending-exceeded");
        }
        over.countDown();
        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(200);
        assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(200);
        assertThat(a.connections()).as("one after the other").isEqualTo(1);
        assertThat(state().pending()).isZero();
    }

    @Test
    void an_endpoint_that_is_removed_ends_its_requests_and_loses_its_connections() throws Exception {
        serve(spec(List.of(a), null, null, null, FREE));
        CountDownLatch over = new CountDownLatch(1);
        a.answer = (method, path) -> over.await(60, TimeUnit.SECONDS) ? 200 : 504;
        Future<Integer> slow = request();
        await().atMost(LIMIT).until(() -> a.requests.get() == 1);
        serve(spec(List.of(b), null, null, null, FREE));
        try (RawClient client = client()) {
            assertThat(client.get("/").body()).isEqualTo("from " + b.address().getPort());
        }
        over.countDown();
        assertThat(slow.get(60, TimeUnit.SECONDS)).isEqualTo(200);
        await().atMost(LIMIT).until(() -> a.connections() == 0);
    }

    @Test
    void changes_lose_no_request() throws Exception {
        List<UpstreamSpec> changes = List.of(
                spec(List.of(a, b), null, null, null, FREE),
                spec(List.of(b), null, null, null, FREE),
                spec(List.of(b), null, breaker(Duration.ofSeconds(1), 100, 100), null, FREE),
                spec(List.of(a), null, null, retry("5xx", null), FREE));
        serve(changes.getFirst());
        AtomicInteger answered = new AtomicInteger();
        CountDownLatch over = new CountDownLatch(1);
        List<Future<List<Integer>>> clients = new ArrayList<>();
        for (int c = 0; c < 4; c++) {
            clients.add(threads.submit(() -> requestUntil(over, answered)));
        }
        for (int change = 0; change < 60; change++) {
            serve(changes.get(change % changes.size()));
            awaitMore(answered, 10);
        }
        over.countDown();
        for (Future<List<Integer>> client : clients) {
            assertThat(client.get(60, TimeUnit.SECONDS)).isEmpty();
        }
    }

    private Future<Integer> request() {
        return request("/");
    }

    private Future<Integer> request(String path) {
        Callable<Integer> request = () -> {
            try (RawClient client = client()) {
                return client.get(path).status();
            }
        };
        return threads.submit(request);
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    private UpstreamState state() {
        return gateway.upstreamStates().getFirst();
    }

    private void serve(UpstreamSpec spec) throws Exception {
        TestRoutes.all(gateway, "/", spec);
    }

    private static UpstreamSpec.CircuitBreaker breaker(Duration recovery, int connections, int pending) {
        return new UpstreamSpec.CircuitBreaker(5, recovery, 2, connections, pending, 1_000);
    }

    private static UpstreamSpec.Retry retry(String on, @Nullable Duration perTry) {
        return new UpstreamSpec.Retry(2, List.of(on), new UpstreamSpec.PerRetry(perTry, null));
    }

    private static UpstreamSpec spec(
            List<Backend> backends,
            UpstreamSpec.@Nullable HealthCheck health,
            UpstreamSpec.@Nullable CircuitBreaker breaker,
            UpstreamSpec.@Nullable Retry retry,
            UpstreamSpec.RetryBudget budget) {
        return spec(
                UpstreamSpec.of(
                        UpstreamSpec.Protocol.HTTP,
                        backends.stream()
                                .map(backend -> new UpstreamSpec.Endpoint(
                                        backend.address().getAddress().getHostAddress(),
                                        backend.address().getPort(),
                                        1))
                                .toList()),
                health,
                breaker,
                retry,
                budget);
    }

    private static UpstreamSpec spec(
            UpstreamSpec plain,
            UpstreamSpec.@Nullable HealthCheck health,
            UpstreamSpec.@Nullable CircuitBreaker breaker,
            UpstreamSpec.@Nullable Retry retry,
            UpstreamSpec.RetryBudget budget) {
        return new UpstreamSpec(
                plain.protocol(),
                plain.endpoints(),
                null,
                null,
                null,
                null,
                plain.loadBalancer(),
                health,
                breaker,
                retry,
                budget,
                plain.timeout());
    }
}
