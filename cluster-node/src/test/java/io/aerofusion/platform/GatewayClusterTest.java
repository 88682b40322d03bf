package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gateways of three nodes in one JVM serve the same generations. */
final class GatewayClusterTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int CHANGES = 10;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path directory;

    private final List<Node> nodes = new ArrayList<>();
    private HttpServer upstream;

    @BeforeEach
    void start() throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        upstream.start();
        nodes.add(Node.start(options("first")));
        nodes.add(Node.start(options("second").joining(nodes.getFirst())));
        nodes.add(Node.start(options("third").joining(nodes.getFirst())));
    }

    @AfterEach
    void stop() {
        nodes.reversed().forEach(Node::stop); // the first one last: the database is its
        upstream.stop(0);
    }

    private NodeOptions options(String name) {
        return NodeOptions.in(directory.resolve(name)).with("aerofusion.journal.connections", 4);
    }

    private String version(int version) {
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

    private void publish(int version) {
        Caller admin = Caller.admin(nodes.get(version % nodes.size()));
        Caller.Response published = admin.yaml("POST", "/api/v1/gateway/configuration", version(version));
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
    }

    private void awaitVersion(int version) {
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
    void a_global_limit_holds_over_all_nodes() throws Exception {
        publish(0);
        String limit = """
                kind: Policy
                metadata: {name: few}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: load}]
                  rateLimit: [{key: ClientIP, requests: 1, unit: Hour, burst: 12, scope: Global}]
                """;
        Caller admin = Caller.admin(nodes.getFirst());
        long generation = admin.yaml("POST", "/api/v1/gateway/configuration", limit)
                .body()
                .path("generation")
                .asLong();
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode held = admin.get("/api/v1/gateway/status").body().path("nodes");
            assertThat(held).hasSize(3);
            held.forEach(node -> assertThat(node.path("serving").asLong()).isGreaterThanOrEqualTo(generation));
        });
        int passed = 0;
        for (int i = 0; i < 60; i++) {
            passed += get(nodes.get(i % nodes.size())).statusCode() == 204 ? 1 : 0;
        }
        assertThat(passed).as("a local limit would let 36 through").isBetween(1, 24);
    }
}
