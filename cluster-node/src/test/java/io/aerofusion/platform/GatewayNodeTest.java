package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.gateway.TestCertificates;
import io.aerofusion.gateway.TestCertificates.Issued;
import io.aerofusion.platform.persistence.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The gateway of one node, from its configuration to what a client gets. */
final class GatewayNodeTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final TestCertificates AUTHORITY = new TestCertificates();

    @TempDir
    private static Path data;

    private static Node node;
    private static Caller admin;
    private static HttpServer upstream;

    @BeforeAll
    static void start() throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            byte[] body = ("upstream got " + exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        upstream.start();
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.gateway.listeners", List.of(listener("http", "HTTP"), listener("https", "HTTPS")))
                .with("aerofusion.gateway.discovery", "config")
                .with(
                        "akka.discovery.config.services",
                        Map.of(
                                "stock-service",
                                Map.of(
                                        "endpoints",
                                        List.of(Map.of(
                                                "host",
                                                "127.0.0.1",
                                                "port",
                                                upstream.getAddress().getPort()))))));
        admin = Caller.admin(node);
        // The example is published only as long as nothing else was: no test may be faster.
        await().atMost(LIMIT).until(() -> get("/api/v1/me").statusCode() == 200);
    }

    private static Map<String, Object> listener(String name, String protocol) {
        return Map.of("name", name, "host", "127.0.0.1", "port", 0, "protocol", protocol);
    }

    @AfterAll
    static void stop() {
        node.stop();
        upstream.stop(0);
    }

    private static HttpResponse<String> get(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(node.gatewayUri().resolve(path))
                .header("Authorization", "Bearer " + node.adminToken())
                .timeout(LIMIT)
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String route(String name, String path) {
        return """
                kind: Upstream
                metadata: {name: %1$s}
                spec: {endpoints: [{address: 127.0.0.1, port: %2$d}]}
                ---
                kind: HTTPRoute
                metadata: {name: %1$s}
                spec:
                  rules:
                    - matches: [{path: {type: PathPrefix, value: %3$s}}]
                      backendRefs: [{name: %1$s}]
                """.formatted(name, upstream.getAddress().getPort(), path);
    }

    @Test
    void the_example_route_leads_to_the_platforms_own_api() {
        await().atMost(LIMIT).untilAsserted(() -> {
            HttpResponse<String> me = get("/api/v1/me");
            assertThat(me.statusCode()).as(me.body()).isEqualTo(200);
            assertThat(me.body()).contains("\"admin\"");
        });
    }

    @Test
    void sync_sockets_go_through_the_gateway() {
        await().atMost(LIMIT).untilAsserted(() -> {
            URI uri = URI.create(node.gatewayUri().toString().replaceFirst("^http", "ws") + "/sync/v1");
            WebSocket socket = HTTP.newWebSocketBuilder()
                    .subprotocols("aerofusion.sync.v1")
                    .header("Authorization", "Bearer " + node.adminToken())
                    .buildAsync(uri, new WebSocket.Listener() {})
                    .get(60, TimeUnit.SECONDS);
            assertThat(socket.getSubprotocol()).isEqualTo("aerofusion.sync.v1");
            socket.abort();
        });
    }

    @Test
    void what_is_published_is_served_and_what_is_removed_is_not() throws Exception {
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", route("shop", "/shop"))
                        .status())
                .isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/shop/1?a=b").body()).isEqualTo("upstream got /shop/1?a=b"));
        assertThat(admin.delete("/api/v1/gateway/upstreams/shop").body().toString())
                .as("a route refers to it")
                .contains("dangling-reference");
        assertThat(admin.delete("/api/v1/gateway/routes/shop").status()).isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/shop/1").statusCode()).isEqualTo(404));
    }

    @Test
    void all_that_is_wrong_with_the_whole_is_told_at_once() {
        Caller.Response refused = admin.yaml("POST", "/api/v1/gateway/configuration", """
                kind: HTTPRoute
                metadata: {name: bad}
                spec:
                  rules:
                    - matches: [{path: {type: RegularExpression, value: "("}}]
                      backendRefs: [{name: nobody}]
                ---
                kind: Policy
                metadata: {name: bad}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: bad}]
                  authorization: {rules: [{action: Allow, cel: "this is no CEL"}]}
                ---
                kind: HTTPRoute
                metadata: {name: twin}
                spec: {rules: [{matches: [{path: {value: /twin}}]}, {matches: [{path: {value: /twin/}}]}]}
                ---
                kind: Certificate
                metadata: {name: old}
                spec: %s
                """.formatted(
                        certificate(AUTHORITY.issue(Duration.ofHours(-1), "old.example"))));
        assertThat(refused.status()).isEqualTo(422);
        List<String> told = new ArrayList<>();
        refused.body()
                .path("problems")
                .forEach(problem -> told.add(
                        problem.path("name").asText() + problem.path("pointer").asText() + " "
                                + problem.path("code").asText()));
        assertThat(told)
                .containsExactlyInAnyOrder(
                        "bad/spec/rules/0/backendRefs/0/name dangling-reference",
                        "bad/spec/rules/0/matches/0/path/value invalid-regex",
                        "bad/spec/authorization/rules/0/cel invalid-cel",
                        "twin/spec/rules/1/matches/0 duplicate-match",
                        "old/spec/certificateChain expired-certificate");
    }

    @Test
    void a_policy_that_would_protect_nothing_is_refused_with_all_its_fields() {
        Caller.Response refused = admin.yaml("POST", "/api/v1/gateway/configuration", """
                kind: Upstream
                metadata: {name: guarded}
                spec: {endpoints: [{address: 127.0.0.1, port: 1}]}
                ---
                kind: Policy
                metadata: {name: guarded}
                spec:
                  targetRefs: [{kind: Upstream, name: guarded}]
                  authentication: {anyOf: [{apiKey: {}}]}
                  ipRestriction: {deny: [0.0.0.0/0]}
                  timeout: {request: 1s}
                """);
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body().path("problems").findValuesAsText("pointer"))
                .containsExactly("/spec/authentication", "/spec/ipRestriction");
        assertThat(refused.body().path("problems").findValuesAsText("code")).containsOnly("not-together");
    }

    /** A certificate's spec, in JSON. */
    private static String certificate(Issued issued) {
        return "{\"certificateChain\":\"" + issued.chain().replace("\n", "\\n") + "\",\"privateKey\":\""
                + issued.key().replace("\n", "\\n") + "\"}";
    }

    /** What a new connection to the listener for TLS is answered, and the certificate it is shown. */
    private static HttpResponse<String> secure(String path) throws Exception {
        int port = admin.get("/api/v1/gateway/status")
                .body()
                .at("/nodes/0/listeners/1/port")
                .asInt();
        try (HttpClient fresh = HttpClient.newBuilder()
                .sslContext(AUTHORITY.context(null))
                .version(HttpClient.Version.HTTP_1_1)
                .build()) {
            return fresh.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
                            .timeout(LIMIT)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    private static void awaitShown(Issued issued) {
        await().atMost(LIMIT)
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> assertThat(
                                secure("/secure").sslSession().orElseThrow().getPeerCertificates()[0])
                        .isEqualTo(issued.certificate()));
    }

    @Test
    void a_certificate_is_shown_as_soon_as_it_is_put() throws Exception {
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", route("secure", "/secure"))
                        .status())
                .isEqualTo(200);
        String path = "/api/v1/gateway/certificates/local";
        Issued first = AUTHORITY.issue("localhost");
        Caller.Response put = admin.put(path, "{'spec':" + certificate(first) + "}");
        assertThat(put.status()).as(put.body().toString()).isEqualTo(201);
        assertThat(put.body().toString())
                .doesNotContain(first.key().lines().toList().get(1));
        awaitShown(first);
        assertThat(secure("/secure").body()).isEqualTo("upstream got /secure");
        Issued next = AUTHORITY.issue("localhost");
        assertThat(admin.put(path, "{'spec':" + certificate(next) + "}").status())
                .isEqualTo(200);
        awaitShown(next);
        Caller.Response expired =
                admin.put(path, "{'spec':" + certificate(AUTHORITY.issue(Duration.ofMinutes(-1), "localhost")) + "}");
        assertThat(expired.status()).isEqualTo(422);
        assertThat(expired.body().at("/problems/0/code").asText()).isEqualTo("expired-certificate");
        awaitShown(next);
    }

    @Test
    void a_service_is_found_by_akka_discovery() throws Exception {
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", """
                        kind: Upstream
                        metadata: {name: found}
                        spec: {discovery: {serviceName: stock-service}}
                        ---
                        kind: HTTPRoute
                        metadata: {name: found}
                        spec: {rules: [{matches: [{path: {value: /found}}], backendRefs: [{name: found}]}]}
                        """).status())
                .isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/found/1").body()).isEqualTo("upstream got /found/1"));
    }

    @Test
    void an_earlier_generation_is_served_again_after_a_rollback() throws Exception {
        long before = published(route("rolled", "/before"));
        published(route("rolled", "/after"));
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(get("/after").statusCode()).isEqualTo(200);
            assertThat(get("/before").statusCode()).isEqualTo(404);
        });
        assertThat(admin.post("/api/v1/gateway/generations/" + before + "/rollback", "")
                        .status())
                .isEqualTo(200);
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(get("/before").body()).isEqualTo("upstream got /before");
            assertThat(get("/after").statusCode()).isEqualTo(404);
        });
    }

    private static long published(String yaml) {
        Caller.Response published = admin.yaml("POST", "/api/v1/gateway/configuration", yaml);
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
        return published.body().path("generation").asLong();
    }

    @Test
    void it_explains_what_it_would_do() {
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", route("why", "/why"))
                        .status())
                .isEqualTo(200);
        JsonNode why = admin.post("/api/v1/gateway/explain", "{'host':'a.example.com','path':'/why/not?x=1'}")
                .body();
        assertThat(why.at("/chosen/route").asText()).as(why.toString()).isEqualTo("why");
        assertThat(why.at("/chosen/because").toString()).contains("path begins with /why");
        assertThat(why.has("status")).isFalse();
        assertThat(why.path("policies")).isEmpty();
        assertThat(admin.post("/api/v1/gateway/explain", "{'host':'a','path':'/','clientAddress':'example.com'}")
                        .code())
                .isEqualTo("invalid-request");
        assertThat(admin.post("/api/v1/gateway/explain", "{'path':'/'}").code()).isEqualTo("invalid-request");
        assertThat(admin.post("/api/v1/gateway/explain", "{'host':'a','path':'/','listener':'x'}")
                        .code())
                .isEqualTo("invalid-request");
    }

    @Test
    void it_explains_what_the_policies_would_say() {
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", route("held", "/held") + """
                        ---
                        kind: Consumer
                        metadata: {name: holder}
                        spec: {roles: [reader]}
                        ---
                        kind: Policy
                        metadata: {name: holding}
                        spec:
                          targetRefs: [{kind: HTTPRoute, name: held}]
                          ipRestriction: {deny: [10.0.0.0/8]}
                          authentication: {anyOf: [{apiKey: {headers: [X-Api-Key]}}]}
                          authorization: {defaultAction: Deny, rules: [{action: Allow, cel: 'request.method == "GET"'}]}
                          rateLimit: [{key: Consumer, requests: 1, unit: Hour, burst: 1}]
                        """)
                        .status())
                .isEqualTo(200);
        String key = admin.post("/api/v1/gateway/consumers/holder/keys", "{}").text("key");
        assertThat(said("'clientAddress':'10.1.2.3'"))
                .contains(
                        "403 Policy holding refuses by its ipRestriction",
                        "ipRestriction refuses",
                        "rateLimit not asked");
        assertThat(said("'headers':{}"))
                .contains("401 Policy holding refuses by its authentication", "authorization not reached");
        assertThat(said("'headers':{'x-api-key':'wrong'}")).contains("401 ");
        assertThat(said("'method':'DELETE','headers':{'x-api-key':'" + key + "'}"))
                .contains("403 Policy holding refuses by its authorization", "authentication passes consumer holder");
        for (int i = 0; i < 3; i++) {
            assertThat(said("'headers':{'x-api-key':'" + key + "'}"))
                    .as("nothing is counted")
                    .contains("The request is forwarded.", "authorization passes", "roles [reader]");
        }
    }

    /** The outcome and the words of the policies about a request to /held. */
    private static String said(String more) {
        JsonNode why = admin.post("/api/v1/gateway/explain", "{'host':'a.example.com','path':'/held'," + more + "}")
                .body();
        StringJoiner words = new StringJoiner("; ");
        words.add(why.path("status").asText() + " " + why.path("outcome").asText());
        why.path("policies")
                .forEach(word -> words.add(word.path("field").asText() + " "
                        + word.path("says").asText() + " " + word.path("detail").asText()));
        return words.toString();
    }

    @Test
    void the_file_in_the_data_directory_is_applied_and_watched() throws Exception {
        Path file = data.resolve("gateway.yaml");
        replace(file, route("filed", "/filed"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/filed/1").body()).contains("upstream got"));
        replace(file, route("filed-again", "/filed-again"));
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(get("/filed-again").body()).contains("upstream got");
            assertThat(get("/filed/1").statusCode()).isEqualTo(404);
        });
        long generation = generation();
        Logger log = (Logger) LoggerFactory.getLogger("io.aerofusion.route.ConfigurationFile");
        ListAppender<ILoggingEvent> told = new ListAppender<>();
        told.list = new CopyOnWriteArrayList<>();
        told.start();
        log.addAppender(told);
        try {
            for (String broken : List.of(
                    "kind: [",
                    route("filed", "/filed")
                            .replace("backendRefs: [{name: filed}]", "backendRefs: [{name: nobody}]"))) {
                told.list.clear();
                replace(file, broken);
                await().atMost(LIMIT)
                        .untilAsserted(() -> assertThat(told.list)
                                .extracting(ILoggingEvent::getFormattedMessage)
                                .anyMatch(line -> line.contains("gateway.yaml was not applied")));
                assertThat(get("/filed-again").body()).contains("upstream got");
                assertThat(get("/filed/1").statusCode()).isEqualTo(404);
                assertThat(generation()).isEqualTo(generation);
            }
            assertThat(told.list.getLast().getFormattedMessage()).contains("dangling-reference");
        } finally {
            log.detachAppender(told);
        }
        replace(file, route("filed", "/filed"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/filed/1").body()).contains("upstream got"));
        Files.delete(file);
    }

    /** Sets what is in a file at once: whoever looks sees all of it. */
    private static void replace(Path file, String text) throws IOException {
        Path beside = Files.writeString(file.resolveSibling("gateway.yaml.new"), text);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static long generation() {
        return admin.get("/api/v1/gateway/status").body().path("generation").asLong();
    }

    @Test
    void readiness_and_status_tell_the_generation_and_its_age() {
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode ready = admin.get("/health/ready").body();
            assertThat(ready.at("/gateway/stale").asBoolean(true)).isFalse();
            JsonNode here = admin.get("/api/v1/gateway/status").body().at("/nodes/0");
            assertThat(here.path("serving").asLong())
                    .isPositive()
                    .isEqualTo(here.path("generation").asLong());
            assertThat(here.at("/listeners/0/port").asInt())
                    .isEqualTo(node.gatewayUri().getPort());
            assertThat(here.path("upstreams").toString()).contains("platform");
        });
    }

    @Test
    void metrics_status_and_access_log_tell_what_went_through() throws Exception {
        assertThat(get("/api/v1/me").statusCode()).isEqualTo(200);
        HttpResponse<String> unknown = get("/api/v1/nothing-here?token=secret");
        assertThat(unknown.statusCode()).isEqualTo(404);
        String id = unknown.headers().firstValue("x-request-id").orElseThrow();
        await().atMost(LIMIT).untilAsserted(() -> {
            String metrics = metrics();
            assertThat(metrics)
                    .containsPattern(
                            "aerofusion_gateway_route_responses_total\\{route=\"[^\"]+\",status=\"4xx\"} [1-9]")
                    .containsPattern(
                            "aerofusion_gateway_route_duration_seconds_bucket\\{route=\"[^\"]+\",le=\"0.0025\"} \\d")
                    .containsPattern(
                            "aerofusion_gateway_upstream_duration_seconds_count\\{upstream=\"platform\"} [1-9]")
                    .containsPattern(
                            "aerofusion_gateway_endpoint_breaker\\{upstream=\"platform\",endpoint=\"[^\"]+\",state=\"closed\"} 1")
                    .contains("aerofusion_gateway_access_log_dropped_total 0");
            List<String> types =
                    metrics.lines().filter(line -> line.startsWith("# TYPE")).toList();
            assertThat(types).as("a family is told once").doesNotHaveDuplicates();
            JsonNode routes = admin.get("/api/v1/gateway/status").body().at("/nodes/0/routes");
            assertThat(routes.get(0).path("requests").asLong()).isPositive();
            assertThat(routes.get(0).path("p99Ms").asDouble()).isPositive();
            assertThat(Files.readString(data.resolve("access.log")))
                    .contains("\"requestId\":\"" + id + "\"")
                    .doesNotContain("secret");
        });
    }

    @Test
    void faults_breakers_and_dry_runs_are_in_the_metrics() throws Exception {
        published(route("dry", "/dry") + """
                ---
                kind: Policy
                metadata: {name: dry}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: dry}]
                  rateLimit: [{key: ClientIP, requests: 1, unit: Hour, burst: 1, dryRun: true}]
                ---
                kind: Upstream
                metadata: {name: broken}
                spec: {endpoints: [{address: 127.0.0.1, port: 1}], retry: {numRetries: 0}, circuitBreaker: {failureThreshold: 1, recovery: 1h}}
                ---
                kind: HTTPRoute
                metadata: {name: broken}
                spec: {rules: [{matches: [{path: {value: /broken}}], backendRefs: [{name: broken}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: closed}
                spec: {rules: [{matches: [{path: {value: /closed}}], backendRefs: [{name: broken}]}]}
                ---
                kind: Policy
                metadata: {name: closed}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: closed}]
                  ipRestriction: {deny: [127.0.0.0/8]}
                """);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/closed").body()).contains("address-not-allowed"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/broken").body()).contains("upstream-circuit-open"));
        get("/dry");
        assertThat(get("/dry").statusCode()).isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(metrics())
                        .contains("aerofusion_gateway_faults_total{fault=\"http2-violated\"}")
                        .containsPattern("aerofusion_gateway_faults_total\\{fault=\"upstream-connect-failed\"} [1-9]")
                        .containsPattern("aerofusion_gateway_faults_total\\{fault=\"upstream-circuit-open\"} [1-9]")
                        .containsPattern("aerofusion_gateway_faults_total\\{fault=\"address-not-allowed\"} [1-9]")
                        .containsPattern(
                                "aerofusion_gateway_endpoint_breaker\\{upstream=\"broken\",endpoint=\"[^\"]+\",state=\"open\"} 1")
                        .containsPattern(
                                "aerofusion_gateway_endpoint_breaker\\{upstream=\"broken\",endpoint=\"[^\"]+\",state=\"closed\"} 0")
                        .containsPattern(
                                "aerofusion_gateway_upstream_breaker_openings_total\\{upstream=\"broken\"} [1-9]")
                        .containsPattern("aerofusion_gateway_route_would_refuse_total\\{route=\"dry\"} [1-9]"));
    }

    @Test
    void every_metric_of_the_gateway_is_documented_with_its_type_and_is_there() throws Exception {
        Map<String, String> documented = new TreeMap<>();
        Matcher row = Pattern.compile("(?m)^\\| (`[a-z_0-9]+`(?:, `[a-z_0-9]+`)*) \\| (counter|gauge|histogram) \\|")
                .matcher(Files.readString(Path.of("..", "docs", "gateway.md")));
        while (row.find()) {
            for (String name : row.group(1).replace("`", "").split(", ")) {
                documented.put("aerofusion_gateway_" + name, row.group(2));
            }
        }
        published(route("counted", "/counted"));
        admin.yaml("POST", "/api/v1/gateway/configuration", "kind: Nothing");
        await().atMost(LIMIT).untilAsserted(() -> {
            Map<String, String> served = new TreeMap<>();
            metrics()
                    .lines()
                    .filter(line -> line.startsWith("# TYPE aerofusion_gateway_"))
                    .map(line -> line.split(" "))
                    .forEach(words -> served.put(words[2], words[3]));
            assertThat(served).isEqualTo(documented);
        });
    }

    private static String metrics() throws Exception {
        return HTTP.send(
                        HttpRequest.newBuilder(node.uri().resolve("/metrics"))
                                .header("Authorization", "Bearer " + node.adminToken())
                                .timeout(LIMIT)
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
