package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.access.Observability;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.security.HttpFetch;
import io.aerofusion.gateway.upstream.BreakerPhase;
import io.aerofusion.gateway.usage.Usage;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the data path tells of requests: ids, traces, counts, the access log; and what it makes of gRPC's statuses. Over sockets. */
final class GatewayObservedTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String OK = "HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nContent-Length: 2\r\n\r\nok";
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    /** The gateway's time: only the test lets a request be slow, however busy the machine is. */
    private final AtomicLong nanos = new AtomicLong();

    private final ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();
    private final HttpFetch fetch = new HttpFetch();
    private final GuardState state = new GuardState(
            fetch,
            InstantSource.system(),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private TestUpstream upstream;
    private @Nullable Gateway started;

    @BeforeEach
    void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                if (head.startsWith("GET /slow"))
                    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
                String answer = answers.poll();
                connection.write(answer == null ? OK : answer);
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        if (started != null) started.close();
        upstream.close();
        state.close();
        fetch.close();
    }

    private Gateway gateway(double samplePercent, double tracePercent) {
        GatewaySettings base = GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)));
        Gateway gateway = Gateway.start(new GatewaySettings(
                base.listeners(),
                1,
                base.transport(),
                base.bounds(),
                base.timeouts(),
                base.trustedProxy(),
                () -> nanos.addAndGet(1_000),
                base.clock(),
                base.discovery(),
                base.nameServers(),
                base.platform(),
                new GuardPolicies(state),
                new Observability(lines::addAll, samplePercent, Duration.ofSeconds(1), tracePercent),
                false));
        started = gateway;
        return gateway;
    }

    private void serve(Gateway gateway, String route, String... more) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}], circuitBreaker: {failureThreshold: 3}}}
            - {kind: HTTPRoute, metadata: {name: %s}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """.formatted(route) + String.join("\n", more), upstream.address());
    }

    private static RawClient client(Gateway gateway) throws Exception {
        return new RawClient(gateway.addresses().getFirst());
    }

    private static String field(String head, String name) {
        for (String line : head.split("\r\n"))
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith(name + ": "))
                return line.substring(name.length() + 2);
        return "";
    }

    private List<JsonNode> awaitLines(int count) {
        await().atMost(LIMIT).until(() -> lines.size() >= count);
        return lines.stream().map(GatewayObservedTest::json).toList();
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (java.io.IOException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    @Test
    void a_policy_says_which_share_of_its_requests_is_logged() throws Exception {
        String policies = """
            - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{matches: [{path: {value: /all}}], backendRefs: [{name: up}]}]}}
            - {kind: HTTPRoute, metadata: {name: half}, spec: {rules: [{matches: [{path: {value: /half}}], backendRefs: [{name: up}]}]}}
            - {kind: HTTPRoute, metadata: {name: none}, spec: {rules: [{matches: [{path: {value: /none}}], backendRefs: [{name: up}]}]}}
            - {kind: Policy, metadata: {name: all}, spec: {targetRefs: [{kind: HTTPRoute, name: all}], accessLog: {sample: 1}}}
            - {kind: Policy, metadata: {name: half}, spec: {targetRefs: [{kind: HTTPRoute, name: half}], accessLog: {sample: 0.5}}}
            - {kind: Policy, metadata: {name: none}, spec: {targetRefs: [{kind: HTTPRoute, name: none}], accessLog: {sample: 0}}}
            """;
        Gateway silent = gateway(0, 0);
        serve(silent, "rest", policies);
        try (RawClient client = client(silent)) {
            for (int i = 0; i < 400; i++)
                assertThat(client.get("/half").status()).isEqualTo(200);
            for (String path : List.of("/rest", "/none", "/all")) for (int i = 0; i < 10; i++) client.get(path);
        }
        await().atMost(LIMIT).until(() -> logged("/all") == 10);
        assertThat(logged("/half")).isBetween(100L, 300L);
        assertThat(logged("/rest") + logged("/none")).isZero();
        silent.close();
        lines.clear();
        Gateway telling = gateway(100, 0);
        serve(telling, "rest", policies);
        try (RawClient client = client(telling)) {
            for (String path : List.of("/none", "/rest")) for (int i = 0; i < 10; i++) client.get(path);
        }
        await().atMost(LIMIT).until(() -> logged("/rest") == 10);
        assertThat(logged("/none")).isZero();
    }

    /** Lines of a path, in the order of which they are written. */
    private long logged(String path) {
        return lines.stream()
                .filter(line -> json(line).path("path").asText().equals(path))
                .count();
    }

    @Test
    void a_request_has_an_id_on_both_sides() throws Exception {
        Gateway gateway = gateway(0, 0);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            RawClient.Response made = client.get("/");
            String id = made.field("x-request-id");
            assertThat(id).matches("[0-9a-f]{24}");
            assertThat(made.head()).as("the upstream's own is replaced").doesNotContain("theirs");
            assertThat(field(upstream.head(), "x-request-id")).isEqualTo(id);
            assertThat(client.get("/").field("x-request-id")).isNotEqualTo(id);
            upstream.head();

            RawClient.Response taken = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: My_id.1:2-3\r\n\r\n")
                    .response();
            assertThat(taken.field("x-request-id")).isEqualTo("My_id.1:2-3");
            assertThat(field(upstream.head(), "x-request-id")).isEqualTo("My_id.1:2-3");

            for (String bad : List.of("a b", "x".repeat(65), "\"quoted\"", "a\r\nX-Request-Id: b")) {
                String replaced = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + bad + "\r\n\r\n")
                        .response()
                        .field("x-request-id");
                assertThat(replaced).as(bad).matches("[0-9a-f]{24}");
                String head = upstream.head();
                assertThat(field(head, "x-request-id")).isEqualTo(replaced);
                assertThat(head.toLowerCase(java.util.Locale.ROOT).split("x-request-id"))
                        .hasSize(2);
            }
        }
    }

    @Test
    void requests_over_http2_have_an_id_and_a_trace_as_well() throws Exception {
        Gateway gateway = gateway(0, 100);
        serve(gateway, "r");
        try (Http2Peer client = Http2Peer.client(gateway.addresses().getFirst())) {
            String[] request = {
                ":method",
                "GET",
                ":scheme",
                "http",
                ":authority",
                "a",
                ":path",
                "/",
                "x-request-id",
                "mine",
                "traceparent",
                "00-" + TRACE + "-b7ad6b7169203331-01"
            };
            client.headers(1, true, request);
            Http2Peer.Frame taken = client.on(1);
            assertThat(taken.status()).isEqualTo("200");
            assertThat(taken.fields()).containsEntry("x-request-id", "mine");
            String head = upstream.head();
            assertThat(field(head, "x-request-id")).isEqualTo("mine");
            assertThat(field(head, "traceparent"))
                    .matches("00-" + TRACE + "-[0-9a-f]{16}-01")
                    .doesNotContain("b7ad6b7169203331");

            client.rest(1);
            client.get(3, "/");
            String made = client.on(3).fields().get("x-request-id");
            assertThat(made).matches("[0-9a-f]{24}");
            head = upstream.head();
            assertThat(field(head, "x-request-id")).isEqualTo(made);
            assertThat(field(head, "traceparent"))
                    .as("sampled, and random as in Trace Context Level 2")
                    .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-03");
        }
    }

    @Test
    void a_refusal_names_the_id_too() throws Exception {
        Gateway gateway = gateway(0, 0);
        TestRoutes.serve(gateway, List.of());
        try (RawClient client = client(gateway)) {
            RawClient.Response unknown = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n")
                    .response();
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(unknown.field("x-request-id")).isEqualTo("mine");
            assertThat(json(unknown.body()).path("requestId").asText()).isEqualTo("mine");
            RawClient.Response malformed =
                    client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n").response();
            assertThat(malformed.status()).isEqualTo(400);
            assertThat(malformed.field("x-request-id")).matches("[0-9a-f]{24}");
            assertThat(json(malformed.body()).path("requestId").asText()).isEqualTo(malformed.field("x-request-id"));
        }
        List<JsonNode> logged = awaitLines(2);
        assertThat(logged.get(0).path("requestId").asText()).isEqualTo("mine");
        assertThat(logged.get(0).path("fault").asText()).isEqualTo("route-unknown");
        assertThat(logged.get(1).path("client").asText()).isEqualTo("127.0.0.1");
    }

    @Test
    void a_trace_goes_on_with_a_span_of_the_gateway() throws Exception {
        Gateway gateway = gateway(0, 0);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            String parent = "00-" + TRACE + "-b7ad6b7169203331-01";
            client.send("GET / HTTP/1.1\r\nHost: a\r\nTraceparent: " + parent + "\r\nTracestate: v=1\r\n\r\n")
                    .response();
            String head = upstream.head();
            assertThat(field(head, "traceparent"))
                    .matches("00-" + TRACE + "-[0-9a-f]{16}-01")
                    .doesNotContain("b7ad6b7169203331");
            assertThat(field(head, "tracestate")).isEqualTo("v=1");

            client.send("GET / HTTP/1.1\r\nHost: a\r\nTraceparent: cc" + parent.substring(2) + "-more\r\n\r\n")
                    .response();
            assertThat(field(upstream.head(), "traceparent"))
                    .as("a later version is followed as this one")
                    .matches("00-" + TRACE + "-[0-9a-f]{16}-01");

            for (String bad : List.of(
                    "ff" + parent.substring(2),
                    parent + "-more",
                    parent.substring(0, 54),
                    parent.replace(TRACE, "0".repeat(32)),
                    parent.replace("b7ad6b7169203331", "0".repeat(16)),
                    parent.replace("af7", "AF7"),
                    parent + "\r\nTraceparent: " + parent)) {
                client.send("GET / HTTP/1.1\r\nHost: a\r\nTraceparent: " + bad + "\r\nTracestate: v=1\r\n\r\n")
                        .response();
                String begun = upstream.head();
                assertThat(field(begun, "traceparent"))
                        .as(bad)
                        .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-02")
                        .doesNotContain(TRACE);
                assertThat(field(begun, "tracestate")).as(bad).isEmpty();
            }
        }
    }

    @Test
    void a_trace_begun_here_is_recorded_by_the_share_that_is_set() throws Exception {
        Gateway gateway = gateway(0, 100);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            client.get("/");
            assertThat(field(upstream.head(), "traceparent")).endsWith("-03");
        }
    }

    @Test
    void requests_are_counted_by_route_upstream_and_consumer() throws Exception {
        Gateway gateway = gateway(0, 0);
        String hash = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest("key".getBytes(StandardCharsets.US_ASCII)));
        serve(
                gateway,
                "counted",
                "- {kind: Consumer, metadata: {name: shop}, spec: {credentials: [{apiKey: {hash: " + hash
                        + ", hint: k}}]}}",
                "- {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: counted}],"
                        + " authentication: {anyOf: [{apiKey: {}}]}, rateLimit: [{key: Consumer, requests: 1, unit:"
                        + " Hour, burst: 2, dryRun: true}]}}");
        try (RawClient client = client(gateway)) {
            assertThat(client.get("/").status()).isEqualTo(401);
            answers.add(OK);
            answers.add("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
            for (int i = 0; i < 4; i++)
                client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: key\r\n\r\n")
                        .response();
        }
        await().atMost(LIMIT).until(() -> gateway.usage().routes().getFirst().requests() == 5);
        Usage usage = gateway.usage();
        Usage.Counts route = usage.routes().getFirst();
        assertThat(route.name()).isEqualTo("counted");
        assertThat(route.byClass()).containsExactly(0L, 0L, 3L, 0L, 1L, 1L);
        assertThat(route.errors()).isEqualTo(2);
        assertThat(route.active()).isZero();
        assertThat(route.faults()).containsOnlyKeys("authentication-required");
        assertThat(gateway.counters().faults("authentication-required").sum())
                .as("of the whole node, too")
                .isEqualTo(1);
        assertThat(route.wouldRefuse()).isEqualTo(2);
        assertThat(route.durations().count()).isEqualTo(5);
        assertThat(route.durations().quantileMs(0.99)).isPositive();
        Usage.Counts consumer = usage.consumers().getFirst();
        assertThat(consumer.name()).isEqualTo("shop");
        assertThat(consumer.requests()).isEqualTo(4);
        assertThat(consumer.bytesOut()).isEqualTo(6);
        Usage.Counts up = usage.upstreams().getFirst();
        assertThat(up.byClass()).containsExactly(0L, 0L, 3L, 0L, 0L, 1L);

        serve(gateway, "counted");
        assertThat(gateway.usage().routes().getFirst().requests())
                .as("what stays goes on")
                .isEqualTo(5);
        assertThat(gateway.usage().consumers()).as("what is gone is forgotten").isEmpty();
        serve(gateway, "other");
        assertThat(gateway.usage().routes()).extracting(Usage.Counts::name).containsExactly("other");
        assertThat(gateway.usage().upstreams().getFirst().requests()).isEqualTo(4);
    }

    @Test
    void a_failed_upstream_and_a_client_that_goes_are_faults() throws Exception {
        Gateway gateway = gateway(0, 0);
        TestUpstream gone = TestUpstream.answering(OK);
        gone.close();
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: gone}, spec: {endpoints: [{$0}], retry: {numRetries: 1}}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: gone}]}]}}
            """, gone.address());
        try (RawClient client = client(gateway)) {
            assertThat(client.get("/").status()).isEqualTo(503);
        }
        JsonNode line = awaitLines(1).getFirst();
        assertThat(line.path("fault").asText()).isEqualTo("upstream-connect-failed");
        assertThat(line.path("upstream").asText()).isEqualTo("gone");
        assertThat(line.path("retries").asInt()).isEqualTo(1);
        Usage usage = gateway.usage();
        assertThat(usage.routes().getFirst().faults()).containsEntry("upstream-connect-failed", 1L);
        assertThat(usage.routes().getFirst().retries()).isEqualTo(1);
        assertThat(usage.upstreams().getFirst().faults()).containsEntry("upstream-connect-failed", 1L);
        assertThat(gateway.counters().faults(Fault.UPSTREAM_CONNECT_FAILED).sum())
                .as("once, though it was tried twice")
                .isEqualTo(1);
    }

    @Test
    void the_access_log_tells_errors_and_slow_requests_always_and_no_query() throws Exception {
        Gateway gateway = gateway(0, 0);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            client.get("/quick?token=secret");
            client.get("/slow?token=secret");
            answers.add("HTTP/1.1 418 No\r\nContent-Length: 0\r\n\r\n");
            client.send("GET /bad?token=secret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n")
                    .response();
        }
        List<JsonNode> logged = awaitLines(2);
        assertThat(lines).hasSize(2).noneMatch(line -> line.contains("secret"));
        JsonNode slow = logged.getFirst();
        assertThat(slow.path("path").asText()).isEqualTo("/slow");
        assertThat(slow.path("status").asInt()).isEqualTo(200);
        assertThat(slow.path("durationMs").asDouble()).isGreaterThanOrEqualTo(2_000);
        assertThat(slow.path("upstreamMs").asDouble()).isGreaterThanOrEqualTo(2_000);
        JsonNode bad = logged.get(1);
        assertThat(bad.path("status").asInt()).isEqualTo(418);
        assertThat(bad.path("method").asText()).isEqualTo("GET");
        assertThat(bad.path("host").asText()).isEqualTo("a");
        assertThat(bad.path("route").asText()).isEqualTo("r");
        assertThat(bad.path("protocol").asText()).isEqualTo("HTTP/1.1");
        assertThat(bad.path("traceId").asText()).hasSize(32);
        assertThat(bad.path("endpoint").asText())
                .endsWith(":" + upstream.address().getPort());
        assertThat(bad.has("fault")).isFalse();
    }

    @Test
    void the_access_log_tells_all_if_it_is_asked_to() throws Exception {
        Gateway gateway = gateway(100, 0);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            for (int i = 0; i < 10; i++) client.get("/");
        }
        assertThat(awaitLines(10)).allMatch(line -> line.path("bytesOut").asLong() == 2);
        assertThat(gateway.accessLogDropped()).isZero();
    }

    @Test
    void forwarded_is_sent_if_it_is_asked_for() throws Exception {
        GatewaySettings settings = GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withForwardedField(true);
        String asked = "GET / HTTP/1.1\r\nHost: a:80\r\nForwarded: for=1.2.3.4\r\n\r\n";
        try (Gateway gateway = Gateway.start(settings)) {
            TestRoutes.all(gateway, upstream.address());
            try (RawClient client = client(gateway)) {
                client.send(asked).response();
                assertThat(field(upstream.head(), "forwarded")).isEqualTo("for=127.0.0.1;host=\"a:80\";proto=http");
            }
        }
        try (Gateway gateway = Gateway.start(settings.withTrustedProxy(address -> true))) {
            TestRoutes.all(gateway, upstream.address());
            try (RawClient client = client(gateway)) {
                client.send(asked).response();
                assertThat(field(upstream.head(), "forwarded"))
                        .isEqualTo("for=1.2.3.4, for=127.0.0.1;host=\"a:80\";proto=http");
            }
        }
    }

    // ---- gRPC

    private static String call(RawClient client) throws Exception {
        RawClient.Response response = client.send("POST /s/m HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n"
                        + "Content-Type: application/grpc\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0")
                .response();
        return response.field("grpc-status") + response.body();
    }

    private static String headOnly(int status) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: " + status
                + "\r\nContent-Length: 0\r\n\r\n";
    }

    private static String trailers(int status) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n\0\0\0\0\0\r\n0\r\nGrpc-Status: " + status + "\r\n\r\n";
    }

    private BreakerPhase breaker(Gateway gateway) {
        return gateway.upstreamStates().getFirst().endpoints().getFirst().breaker();
    }

    /** An upstream that reads the five bytes of each call. */
    private TestUpstream callee() throws Exception {
        return new TestUpstream(connection -> {
            while (connection.head() != null) {
                connection.read(5);
                String answer = answers.poll();
                connection.write(answer == null ? trailers(0) : answer);
            }
        });
    }

    @Test
    void statuses_of_calls_open_the_breaker_wherever_they_stand() throws Exception {
        upstream.close();
        upstream = callee();
        Gateway gateway = gateway(0, 0);
        serve(gateway, "r");
        try (RawClient client = client(gateway)) {
            for (int i = 0; i < 5; i++) {
                answers.add(trailers(12));
                assertThat(call(client)).endsWith("Grpc-Status: 12");
            }
            assertThat(breaker(gateway)).as("an unknown method says nothing").isEqualTo(BreakerPhase.CLOSED);
            answers.add(trailers(14));
            answers.add(headOnly(4));
            answers.add(trailers(14));
            for (int i = 0; i < 3; i++) call(client);
            await().atMost(LIMIT).until(() -> breaker(gateway) == BreakerPhase.OPEN);
            assertThat(call(client)).as("refused in the terms of gRPC").isEqualTo("14");
        }
        Usage.Counts route = gateway.usage().routes().getFirst();
        assertThat(route.byClass().get(5)).isEqualTo(9);
        List<JsonNode> logged = awaitLines(9);
        assertThat(logged.get(6).path("grpcStatus").asInt()).isEqualTo(4);
        assertThat(logged.get(6).path("status").asInt()).isEqualTo(200);
    }

    @Test
    void a_call_is_repeated_after_the_statuses_that_are_named_and_only_without_an_answer() throws Exception {
        upstream.close();
        upstream = callee();
        Gateway gateway = gateway(0, 0);
        TestRoutes.yaml(gateway, """
            - kind: Upstream
              metadata: {name: up}
              spec:
                endpoints: [{$0}]
                circuitBreaker: {failureThreshold: 100}
                retry: {numRetries: 2, retryOn: [unavailable, resource-exhausted, cancelled, deadline-exceeded, internal]}
                retryBudget: {percent: 100, minRetriesPerSecond: 1000}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """, upstream.address());
        try (RawClient client = client(gateway)) {
            for (int retried : List.of(14, 8, 1, 4, 13)) {
                answers.add(headOnly(retried));
                assertThat(call(client)).as("after " + retried).endsWith("Grpc-Status: 0");
            }
            assertThat(gateway.usage().routes().getFirst().retries()).isEqualTo(5);
            answers.add(headOnly(7));
            assertThat(call(client)).as("not named").isEqualTo("7");
            answers.add(trailers(14));
            assertThat(call(client)).as("there was an answer").endsWith("Grpc-Status: 14");
        }
        assertThat(gateway.usage().routes().getFirst().retries()).isEqualTo(5);
    }
}
