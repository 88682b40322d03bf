package io.aerofusion.platform;

import static io.aerofusion.platform.KubernetesStandIn.notReady;
import static io.aerofusion.platform.KubernetesStandIn.pending;
import static io.aerofusion.platform.KubernetesStandIn.pod;
import static io.aerofusion.platform.KubernetesStandIn.terminating;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.persistence.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose gateway finds pods by the Kubernetes API, configured as docs/gateway.md shows it. */
final class KubernetesDiscoveryTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern SECTION = Pattern.compile("### Pods in Kubernetes\n(.*?)\n### ", Pattern.DOTALL);
    private static final Pattern CONFIGURATION = Pattern.compile("```\n(aerofusion.*?)```", Pattern.DOTALL);
    private static final Pattern UPSTREAM = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final String ROUTE = """
            ---
            kind: HTTPRoute
            metadata: {name: shop}
            spec: {rules: [{backendRefs: [{name: shop}]}]}
            """;

    private final List<HttpServer> services = new ArrayList<>();
    private final String guide;

    @TempDir
    private Path directory;

    private KubernetesStandIn kubernetes;
    private Node node;
    private Caller admin;

    KubernetesDiscoveryTest() throws IOException {
        guide = found(SECTION, Files.readString(Path.of("..", "docs", "gateway.md")));
    }

    private static String found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(pattern.pattern()).isTrue();
        return matcher.group(1);
    }

    private void start() throws IOException {
        kubernetes = new KubernetesStandIn(directory.resolve("account"));
        NodeOptions options = NodeOptions.in(directory.resolve("data")).withDatabase(TestDatabase.migrated());
        Config shown = ConfigFactory.parseString(found(CONFIGURATION, guide));
        for (var setting : shown.entrySet()) {
            options = options.with(setting.getKey(), setting.getValue().unwrapped());
        }
        for (Map.Entry<String, Object> setting : kubernetes.settings().entrySet()) {
            options = options.with(setting.getKey(), setting.getValue());
        }
        node = Node.start(options);
        admin = Caller.admin(node);
    }

    @AfterEach
    void stop() {
        if (node != null) {
            node.stop();
        }
        if (kubernetes != null) {
            kubernetes.close();
        }
        services.forEach(service -> service.stop(0));
    }

    /** What runs in a pod: answers with the name. */
    private String podWithService(String name) throws IOException {
        HttpServer service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            byte[] body = name.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        service.start();
        services.add(service);
        return pod(
                name, "127.0.0.1", "metrics:1", "http:" + service.getAddress().getPort());
    }

    /** Who answers thirty requests through the gateway; every one has to be answered. */
    private Set<String> answering() throws Exception {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 30; i++) {
            HttpResponse<String> response = HTTP.send(
                    HttpRequest.newBuilder(node.gatewayUri()).timeout(LIMIT).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            names.add(response.body());
        }
        return names;
    }

    private void awaitAnswering(String... names) {
        await().atMost(LIMIT).untilAsserted(() -> assertThat(answering()).containsExactly(names));
    }

    private JsonNode upstream() {
        for (JsonNode each : admin.get("/api/v1/gateway/status").body().at("/nodes/0/upstreams")) {
            if (each.path("name").asText().equals("shop")) {
                return each;
            }
        }
        throw new AssertionError("no upstream shop");
    }

    private void awaitFailure(String words) {
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(upstream().path("endpointsFailure").asText()).contains(words));
    }

    @Test
    void requests_go_to_the_pods_that_are_ready() throws Exception {
        String one = podWithService("one");
        String two = podWithService("two");
        String three = podWithService("three");
        start();
        kubernetes.pods = List.of(one, notReady(two), terminating(three), pending(pod("four", "127.0.0.1", "http:1")));
        Caller.Response published = admin.yaml("PUT", "/api/v1/gateway/configuration", found(UPSTREAM, guide) + ROUTE);
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
        awaitAnswering("one");
        assertThat(kubernetes.questions)
                .containsOnly("/api/v1/namespaces/hangar/pods?labelSelector=app.kubernetes.io%2Fname%3Dshop");

        kubernetes.pods = List.of(terminating(one), two, three);
        awaitAnswering("three", "two");

        kubernetes.stop();
        kubernetes.pods = List.of(three);
        awaitFailure("does not answer");
        assertThat(answering()).containsExactly("three", "two");
        assertThat(admin.text("/metrics").body())
                .contains("aerofusion_gateway_upstream_endpoints_failing{upstream=\"shop\"} 1");

        kubernetes.goodToken = "second"; // the first one has expired
        kubernetes.startAgain();
        awaitFailure("refuses the token in " + directory.resolve("account").resolve("token"));
        assertThat(answering()).containsExactly("three", "two");

        kubernetes.mountToken("second");
        awaitAnswering("three");
        assertThat(upstream().has("endpointsFailure")).isFalse();
        assertThat(admin.text("/metrics").body())
                .contains("aerofusion_gateway_upstream_endpoints_failing{upstream=\"shop\"} 0");
    }
}
