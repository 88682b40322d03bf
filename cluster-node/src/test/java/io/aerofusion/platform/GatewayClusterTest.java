package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.TestDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gateways of three nodes in one JVM serve the same generations. */
final class GatewayClusterTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int CHANGES = 10;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private static Path directory;

    private static final List<Node> nodes = new ArrayList<>();
    private static HttpServer upstream;

    @BeforeAll
    static void start() throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        upstream.start();
        nodes.add(Node.start(options("first").withDatabase(TestDatabase.fresh())));
        nodes.add(Node.start(options("second").joining(nodes.getFirst())));
        nodes.add(Node.start(options("third").joining(nodes.getFirst())));
    }

    @AfterAll
    static void stop() {
        nodes.reversed().forEach(Node::stop); // the first one last: the database is its
        upstream.stop(0);
    }

    private static NodeOptions options(String name) {
        return NodeOptions.in(directory.resolve(name)).with("aerofusion.journal.connections", 4);
    }

    private static String version(int version) {
        return """
                kind: Upstream
                metadata: {name: load}
                spec: {endpoints: [{address: 127.0.0.1, port: %d}]}
                ---
                kind: HTTPRoute
                metadata: {name: load}
                spec:
                  rules:
                    - matches: [{path: {type: Exact, value: /load}}]
                      filters:
                        - type: ResponseHeaderModifier
                          responseHeaderModifier: {set: [{name: X-Version, value: "%d"}]}
                      backendRefs: [{name: load}]
                """.formatted(upstream.getAddress().getPort(), version);
    }

    private static HttpResponse<Void> get(Node node) throws Exception {
        URI uri = node.gatewayUri().resolve("/load");
        return HTTP.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), HttpResponse.BodyHandlers.discarding());
    }

    private static void publish(int version) {
        Caller admin = Caller.admin(nodes.get(version % nodes.size()));
        Caller.Response published = admin.yaml("POST", "/api/v1/gateway/configuration", version(version));
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
    }

    private static void awaitVersion(int version) {
        for (Node node : nodes) {
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(get(node).headers().firstValue("X-Version"))
                            .contains(Integer.toString(version)));
        }
    }

    @Test
    void changes_in_a_row_under_load_lose_no_request_and_reach_every_node() throws Exception {
        publish(0);
        awaitVersion(0);
        AtomicBoolean loading = new AtomicBoolean(true);
        AtomicInteger answered = new AtomicInteger();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        List<Thread> clients = new ArrayList<>();
        for (Node node : nodes) {
            clients.add(Thread.ofVirtual().start(() -> {
                int last = 0;
                while (loading.get()) {
                    try {
                        HttpResponse<Void> response = get(node);
                        int version = Integer.parseInt(
                                response.headers().firstValue("X-Version").orElse("-1"));
                        if (response.statusCode() != 204 || version < last) {
                            failures.add(response + " version " + version + " after " + last);
                        }
                        last = version;
                        answered.incrementAndGet();
                    } catch (Exception e) {
                        failures.add(e.toString());
                    }
                }
            }));
        }
        for (int version = 1; version <= CHANGES; version++) {
            publish(version);
        }
        awaitVersion(CHANGES);
        loading.set(false);
        for (Thread client : clients) {
            assertThat(client.join(LIMIT)).isTrue();
        }
        assertThat(failures).isEmpty();
        assertThat(answered.get()).isPositive();
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(Caller.admin(nodes.get(2))
                                .get("/api/v1/gateway/status")
                                .body()
                                .path("nodes"))
                        .hasSize(3));
    }

    @Test
    void a_global_limit_holds_over_all_nodes_whatever_requests_cost() throws Exception {
        publish(0);
        String limit = """
                kind: Policy
                metadata: {name: few}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: load}]
                  rateLimit:
                    - {key: Header, name: X-Key, requests: 1, unit: Hour, burst: 12, scope: Global, cost: 'int(request.headers["x-cost"])'}
                """;
        Caller admin = Caller.admin(nodes.getFirst());
        Caller.Response published = admin.yaml("POST", "/api/v1/gateway/configuration", limit);
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
        long generation = published.body().path("generation").asLong();
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode held = admin.get("/api/v1/gateway/status").body().path("nodes");
            assertThat(held).hasSize(3);
            held.forEach(node -> assertThat(node.path("serving").asLong()).isGreaterThanOrEqualTo(generation));
        });
        // The burst, and one request that each node may hold. An owner that does not answer in time, as one that just
        // begins or on a busy
        // machine, has the nodes give their shares: then another key has to show it.
        AtomicInteger key = new AtomicInteger();
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(passed("cheap-" + key.incrementAndGet(), 1))
                        .as("a local limit would let 36 through")
                        .isBetween(9, 15));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(passed("dear-" + key.incrementAndGet(), 5))
                        .as("of five units each, of twelve")
                        .isEqualTo(2));
        assertThat(admin.delete("/api/v1/gateway/policies/few").status()).isEqualTo(200);
    }

    /** How many of sixty requests pass, spread over the nodes; each says what is left. */
    private int passed(String key, int cost) throws Exception {
        int passed = 0;
        for (int i = 0; i < 60; i++) {
            URI uri = nodes.get(i % nodes.size()).gatewayUri().resolve("/load");
            HttpResponse<Void> response = HTTP.send(
                    HttpRequest.newBuilder(uri)
                            .header("X-Key", key)
                            .header("X-Cost", Integer.toString(cost))
                            .timeout(LIMIT)
                            .build(),
                    HttpResponse.BodyHandlers.discarding());
            assertThat(response.statusCode()).isIn(204, 429);
            assertThat(response.headers().firstValue("RateLimit")).isPresent();
            assertThat(response.headers().firstValue("RateLimit-Policy")).isPresent();
            passed += response.statusCode() == 204 ? 1 : 0;
        }
        return passed;
    }

    private static final String PLATFORM = """
            kind: Upstream
            metadata: {name: platform}
            spec: {platform: {}}
            ---
            kind: HTTPRoute
            metadata: {name: platform}
            spec:
              rules:
                - matches: [{path: {type: PathPrefix, value: /api}}, {path: {type: PathPrefix, value: /sync}}]
                  backendRefs: [{name: platform}]
            """;

    /** Gateways knew the API of their own node only: when that did not answer, there was nothing behind them. */
    @Test
    void a_gateway_uses_the_api_of_its_node_and_those_of_the_others_when_that_does_not_answer() throws Exception {
        publishPlatform();
        Node fourth = Node.start(options("fourth").joining(nodes.getFirst()));
        try {
            awaitEndpoints(with(fourth));
            Caller through = new Caller(fourth.gatewayUri(), fourth.adminToken());
            for (int i = 0; i < 20; i++) {
                assertThat(through.get("/api/v1/me").status()).isEqualTo(200);
            }
            assertThat(endpoint(fourth, fourth).path("requests").asInt()).isEqualTo(20);
            for (Node other : nodes) {
                assertThat(endpoint(fourth, other).path("requests").asInt()).isZero();
            }

            fourth.withoutApi();
            // What finds the kept connection just being cut is tried again; a POST would not be, and rightly so.
            assertThat(through.get("/api/v1/me").status()).isEqualTo(200);
            assertThat(through.post("/api/v1/users", "{'user':'late'}").status())
                    .isEqualTo(201);
            for (int i = 0; i < 20; i++) {
                assertThat(through.get("/api/v1/users/late").status()).isEqualTo(200);
            }
            TestDevice.connect("tablet", fourth.gatewayUri(), fourth.adminToken())
                    .close();
            assertThat(servedByOthers(fourth)).isGreaterThanOrEqualTo(22);
        } finally {
            fourth.stop();
        }
        awaitEndpoints(nodes);
    }

    /** That it prefers the others then was told by lists of endpoints only, and by no request. */
    @Test
    void the_gateway_of_a_node_that_leaves_serves_by_the_apis_of_the_others_until_it_closes() throws Exception {
        publishPlatform();
        Node leaving = Node.start(options("leaving")
                .joining(nodes.getFirst())
                .with("aerofusion.stop-timeout", "60s")
                .with("akka.coordinated-shutdown.phases.before-service-unbind.timeout", "60s")
                .with("akka.coordinated-shutdown.phases.service-unbind.timeout", "60s"));
        // These steps take milliseconds otherwise: each waits until the test has seen it.
        CompletableFuture<Done> told = new CompletableFuture<>();
        CompletableFuture<Done> closed = new CompletableFuture<>();
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(leaving.system());
        shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "test-sees-told", () -> told);
        shutdown.addTask(CoordinatedShutdown.PhaseServiceUnbind(), "test-sees-closed", () -> closed);
        Thread stopping = Thread.ofPlatform().unstarted(leaving::stop);
        try {
            awaitEndpoints(with(leaving));
            Caller through = new Caller(leaving.gatewayUri(), leaving.adminToken());
            assertThat(through.get("/api/v1/me").status()).isEqualTo(200);
            assertThat(endpoint(leaving, leaving).path("requests").asInt()).isEqualTo(1);

            stopping.start();
            await().atMost(LIMIT)
                    .until(() -> endpoint(leaving, leaving).path("priority").asInt() == 2);
            awaitEndpoints(nodes);
            for (int i = 0; i < 10; i++) {
                assertThat(through.post("/api/v1/users", "{'user':'before-" + i + "'}")
                                .status())
                        .isEqualTo(201);
                assertThat(through.get("/api/v1/users/before-" + i).status()).isEqualTo(200);
            }
            TestDevice.connect("tablet", leaving.gatewayUri(), leaving.adminToken())
                    .close();
            assertThat(servedByOthers(leaving)).isGreaterThanOrEqualTo(21);
            assertThat(endpoint(leaving, leaving).path("requests").asInt()).isEqualTo(1);

            List<String> made = new ArrayList<>();
            try {
                told.complete(Done.getInstance());
                while (made.size() < 10_000) {
                    String user = "late-" + made.size();
                    assertThat(post(leaving, "{\"user\":\"" + user + "\"}")).isEqualTo(201);
                    made.add(user);
                }
                throw new AssertionError("the gateway does not close");
            } catch (HttpTimeoutException silent) {
                throw silent;
            } catch (IOException gone) {
                Caller api = Caller.admin(leaving);
                assertThat(api.get("/api/v1/me").status())
                        .as("the API closes after the gateway, which may need it")
                        .isEqualTo(200);
                HttpRequest ready = HttpRequest.newBuilder(leaving.uri().resolve("/health/ready"))
                        .timeout(LIMIT)
                        .build();
                assertThat(HTTP.send(ready, HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(503);
            }
            closed.complete(Done.getInstance());
            assertThat(stopping.join(LIMIT)).isTrue();
            assertThat(leaving.ended().toCompletableFuture()).isDone();
            for (String user : made) {
                assertThat(Caller.admin(nodes.getFirst())
                                .get("/api/v1/users/" + user)
                                .status())
                        .as(user)
                        .isEqualTo(200);
            }
        } finally {
            told.complete(Done.getInstance());
            closed.complete(Done.getInstance());
            leaving.stop();
        }
    }

    /** Makes a user through the node's gateway; fails when that takes no connection, or ends one between two requests. */
    private static int post(Node node, String user) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(node.gatewayUri().resolve("/api/v1/users"))
                .header("Authorization", "Bearer " + node.adminToken())
                .header("Content-Type", "application/json")
                .timeout(LIMIT)
                .POST(HttpRequest.BodyPublishers.ofString(user))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static void publishPlatform() {
        Caller.Response published =
                Caller.admin(nodes.getFirst()).yaml("POST", "/api/v1/gateway/configuration", PLATFORM);
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
    }

    private static List<Node> with(Node another) {
        List<Node> all = new ArrayList<>(nodes);
        all.add(another);
        return all;
    }

    private static int servedByOthers(Node node) {
        int served = 0;
        for (Node other : nodes) {
            served += endpoint(node, other).path("requests").asInt();
        }
        return served;
    }

    /** Each of these nodes has its own API first and those of exactly the others after it. */
    private static void awaitEndpoints(List<Node> all) {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (Node node : all) {
                List<String> found = new ArrayList<>();
                endpoints(node)
                        .forEach(endpoint -> found.add(endpoint.path("address").asText() + " "
                                + endpoint.path("priority").asInt()));
                assertThat(found)
                        .containsExactlyInAnyOrderElementsOf(all.stream()
                                .map(other -> other.uri().getAuthority() + (other == node ? " 0" : " 1"))
                                .toList());
            }
        });
    }

    /** Of the upstream "platform" as the node's gateway has it, told by the first node. */
    private static JsonNode endpoints(Node node) {
        JsonNode status =
                Caller.admin(nodes.getFirst()).get("/api/v1/gateway/status").body();
        for (JsonNode each : status.path("nodes")) {
            if (each.path("node").asText().endsWith(node.clusterAddress())) {
                for (JsonNode one : each.path("upstreams")) {
                    if (one.path("name").asText().equals("platform")) {
                        return one.path("endpoints");
                    }
                }
            }
        }
        throw new AssertionError(status.toString());
    }

    private static JsonNode endpoint(Node node, Node whose) {
        for (JsonNode endpoint : endpoints(node)) {
            if (endpoint.path("address").asText().equals(whose.uri().getAuthority())) {
                return endpoint;
            }
        }
        throw new AssertionError(endpoints(node).toString());
    }
}
