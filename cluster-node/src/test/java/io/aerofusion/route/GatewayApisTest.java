package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The APIs behind the gateway and what users do for themselves, through the door: HTTP on a node and its gateway. */
class GatewayApisTest {
    private static final String APIS = "/api/v1/gateway/apis";
    private static final String PORTAL = "/api/v1/gateway/portal";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String DOCUMENT = """
            {"openapi":"3.0.3","info":{"title":"Shop","version":"7","description":"Sells things"},"servers":[{"url":"/api"}],
            "paths":{"/orders":{"get":{"operationId":"listOrders","summary":"All orders","responses":{"200":{"description":"all"}}}},
            "/inner":{"get":{"responses":{"200":{"description":"inner"}}}}}}""";
    private static final String CONFIGURATION = """
            kind: Upstream
            metadata: {name: shop}
            spec: {endpoints: [{address: 127.0.0.1, port: $upstream}], openapi: {path: /spec/openapi.json}}
            ---
            kind: Upstream
            metadata: {name: through}
            spec: {protocol: H2C, endpoints: [{address: 127.0.0.1, port: $gateway}], openapi: {path: /through/openapi.json, listed: false}}
            ---
            kind: Upstream
            metadata: {name: broken}
            spec: {endpoints: [{address: 127.0.0.1, port: $upstream}], openapi: {path: /spec/broken.json}}
            ---
            kind: Upstream
            metadata: {name: written}
            spec:
              endpoints: [{address: 127.0.0.1, port: $upstream}]
              openapi: {document: {openapi: 3.1.0, info: {title: Written, version: "1"}, paths: {/written: {get: {responses: {"200": {description: ok}}}}}}}
            ---
            kind: HTTPRoute
            metadata: {name: shop}
            spec:
              rules:
                - name: orders
                  matches: [{path: {value: /shop/orders}}]
                  filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /api/orders}}}]
                  backendRefs: [{name: shop}]
                - matches: [{path: {value: /through}}]
                  filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /spec}}}]
                  backendRefs: [{name: shop}]
                - {matches: [{path: {value: /loop}}], backendRefs: [{name: through}]}
                - {matches: [{path: {value: /broken}}], backendRefs: [{name: broken}]}
                - {matches: [{path: {value: /written}}], backendRefs: [{name: written}]}
            ---
            kind: Policy
            metadata: {name: shop}
            spec:
              targetRefs: [{kind: HTTPRoute, name: shop, sectionName: orders}]
              authentication: {anyOf: [{apiKey: {headers: [X-Shop-Key]}}]}
              authorization:
                rules:
                  - {action: Allow, principal: {roles: [buyer]}}
                  - {action: Allow, cel: 'request.method == "GET"'}
              rateLimit: [{key: Consumer, requests: 50, unit: Minute, burst: 9}]
            """;

    private static Node node;
    private static Caller admin;
    private static HttpServer upstream;

    @BeforeAll
    static void start(@TempDir Path data) throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        serve("/spec/openapi.json", DOCUMENT);
        serve("/spec/broken.json", "{\"openapi\":\"3.1.0\",\"info\":{\"title\":1},\"paths\":{\"orders\":{}}}");
        serve("/", "bought");
        upstream.start();
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        admin = Caller.admin(node);
        Response applied = admin.yaml(
                "POST",
                "/api/v1/gateway/configuration",
                CONFIGURATION
                        .replace(
                                "$upstream",
                                Integer.toString(upstream.getAddress().getPort()))
                        .replace("$gateway", Integer.toString(node.gatewayUri().getPort())));
        assertThat(applied.status()).as(applied.body().toString()).isEqualTo(200);
        await().atMost(LIMIT).until(() -> gateway("/through/openapi.json", "").statusCode() == 200);
    }

    private static void serve(String path, String content) {
        upstream.createContext(path, exchange -> {
            byte[] body = content.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    @AfterAll
    static void stop() {
        node.stop();
        upstream.stop(0);
    }

    private static HttpResponse<String> gateway(String path, String key) throws Exception {
        URI uri = node.gatewayUri().resolve(path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(LIMIT);
        if (!key.isEmpty()) {
            request.header("X-Shop-Key", key);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static Caller user(String name) {
        assertThat(admin.post("/api/v1/users", "{'user':'" + name + "'}").status())
                .isEqualTo(201);
        return admin.with(
                admin.post("/api/v1/users/" + name + "/tokens", "{'name':'t'}").text("secret"));
    }

    private static List<String> names(Response page) {
        assertThat(page.status()).as(page.body().toString()).isEqualTo(200);
        List<String> names = new ArrayList<>();
        page.body().path("items").forEach(item -> names.add(item.path("name").asText()));
        return names;
    }

    private static JsonNode api(String name) {
        for (JsonNode item : admin.get(APIS).body().path("items")) {
            if (item.path("name").asText().equals(name)) {
                return item;
            }
        }
        throw new AssertionError("no API " + name);
    }

    /** Each node looks for itself, and an upstream may have been busy when it did. */
    private static void collected() {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (String name : List.of("shop", "through", "written", "platform")) {
                assertThat(api(name).at("/document/state").asText()).as(name).isEqualTo("current");
            }
        });
    }

    @Test
    void documentsAreCollectedAndShownAsTheGatewayExposesThem() {
        collected();
        JsonNode shop = api("shop");
        assertThat(shop.path("title").asText()).isEqualTo("Shop");
        assertThat(shop.at("/routes/0/servers/0").asText())
                .isEqualTo("http://127.0.0.1:" + node.gatewayUri().getPort());
        JsonNode document = admin.get(APIS + "/shop/openapi.json").body();
        assertThat(document.at("/paths").fieldNames()).toIterable().containsExactly("/shop/orders");
        assertThat(document.at("/servers/0/url").asText())
                .isEqualTo("http://127.0.0.1:" + node.gatewayUri().getPort());
        JsonNode merged = admin.get("/api/v1/gateway/openapi.json").body();
        assertThat(OpenApiCheck.of(merged)).isEmpty();
        assertThat(merged.at("/paths/~1shop~1orders/get/x-api").asText()).isEqualTo("shop");
        assertThat(merged.at("/paths/~1api~1v1~1me/get/x-api").asText()).isEqualTo("platform");
    }

    @Test
    void aDocumentThatIsNotValidIsToldWithItsPlaces() {
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(api("broken").at("/document/state").asText()).isEqualTo("invalid"));
        assertThat(api("broken").at("/document/problems").findValuesAsText("pointer"))
                .contains("/info/title");
        assertThat(admin.get(APIS + "/broken/openapi.json").code()).isEqualTo("not-found");
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(admin.get("/api/v1/gateway/status")
                                .body()
                                .at("/nodes/0/apis")
                                .toString())
                        .contains("{\"name\":\"broken\",\"state\":\"invalid\""));
    }

    @Test
    void aSearchFindsTitlesPathsAndSummaries() {
        collected();
        assertThat(names(admin.get(APIS + "?q=sells%20THINGS"))).containsExactly("shop", "through");
        Response found = admin.get(APIS + "?q=all%20orders");
        assertThat(names(found)).containsExactly("shop");
        assertThat(found.body().at("/items/0/matches/0/path").asText()).isEqualTo("/shop/orders");
        assertThat(names(admin.get(APIS + "?q=%2Fshop%2Ford"))).containsExactly("shop");
        assertThat(names(admin.get(APIS + "?q=inner"))).isEmpty();
        assertThat(admin.get(APIS + "?q=" + "x".repeat(201)).code()).isEqualTo("invalid-request");
        Response first = admin.get(APIS + "?limit=1");
        assertThat(names(first)).containsExactly("broken");
        assertThat(names(admin.get(APIS + "?limit=1&cursor=" + first.text("next"))))
                .containsExactly("platform");
    }

    @Test
    void usersSeeWhatIsListed() {
        collected();
        Caller uma = user("uma");
        assertThat(names(uma.get(APIS))).contains("shop", "written").doesNotContain("through");
        assertThat(uma.get(APIS + "/shop/openapi.json").status()).isEqualTo(200);
        assertThat(uma.get(APIS + "/through/openapi.json").code()).isEqualTo("not-found");
        assertThat(uma.get(APIS).body().toString()).doesNotContain("problems");
        assertThat(uma.get("/api/v1/gateway/openapi.json").body().path("paths").fieldNames())
                .toIterable()
                .contains("/shop/orders");
        assertThat(admin.with("").get(APIS).code()).isEqualTo("unauthenticated");
        assertThat(admin.with("").get(PORTAL + "/consumers").code()).isEqualTo("unauthenticated");
    }

    @Test
    void aUserGetsAKeyUsesItAndTakesItBack() throws Exception {
        Caller ben = user("ben");
        assertThat(ben.get(PORTAL).body().path("consumersMax").asInt()).isEqualTo(5);
        Response made = ben.post(PORTAL + "/consumers", "{'title':'Mobile App'}");
        assertThat(made.status()).as(made.body().toString()).isEqualTo(201);
        String name = made.text("name");
        assertThat(name).startsWith("mobile-app.u-");
        Response key = ben.post(PORTAL + "/consumers/" + name + "/keys", "{}");
        assertThat(key.status()).as(key.body().toString()).isEqualTo(201);
        assertThat(gateway("/shop/orders", "").statusCode()).isEqualTo(401);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                gateway("/shop/orders", key.text("key")).body())
                        .isEqualTo("bought"));
        JsonNode mine = ben.get(PORTAL + "/consumers").body().path("items");
        assertThat(mine).hasSize(1);
        assertThat(mine.at("/0/title").asText()).isEqualTo("Mobile App");
        assertThat(mine.at("/0/keys/0/hint").asText()).isEqualTo(key.text("hint"));
        assertThat(mine.toString()).doesNotContain(key.text("key"), "hash");

        JsonNode limits =
                ben.get(PORTAL + "/consumers/" + name + "/limits").body().path("routes");
        JsonNode orders = limits.findParents("rule").stream()
                .filter(route -> route.path("rule").asText().equals("orders"))
                .findFirst()
                .orElseThrow();
        assertThat(orders.path("access").asText()).isEqualTo("conditional");
        assertThat(orders.at("/apiKey/headers/0").asText().toLowerCase(Locale.ROOT))
                .isEqualTo("x-shop-key");
        assertThat(orders.at("/limits/0/requests").asInt()).isEqualTo(50);
        assertThat(orders.at("/limits/0/unit").asText()).isEqualTo("Minute");
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode usage =
                    ben.get(PORTAL + "/consumers/" + name + "/limits").body().path("usage");
            assertThat(usage.path("requests").asLong()).isPositive();
            assertThat(usage.path("errors").asLong(-1)).isZero();
            assertThat(usage.path("nodes").asInt()).isEqualTo(1);
        });

        assertThat(ben.delete(PORTAL + "/consumers/" + name + "/keys/" + key.text("hint"))
                        .status())
                .isEqualTo(204);
        assertThat(ben.delete(PORTAL + "/consumers/" + name + "/keys/" + key.text("hint"))
                        .code())
                .isEqualTo("not-found");
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                gateway("/shop/orders", key.text("key")).statusCode())
                        .isEqualTo(401));
        assertThat(ben.delete(PORTAL + "/consumers/" + name).status()).isEqualTo(204);
        assertThat(ben.get(PORTAL + "/consumers").body().path("items")).isEmpty();
    }

    @Test
    void consumersAndEndpointsAreInTheMetrics() throws Exception {
        Caller mia = user("mia");
        String name = mia.post(PORTAL + "/consumers", "{'title':'Meter'}").text("name");
        String key = mia.post(PORTAL + "/consumers/" + name + "/keys", "{}").text("key");
        assertThat(admin.yaml("POST", "/api/v1/gateway/configuration", """
                kind: Upstream
                metadata: {name: dead}
                spec:
                  endpoints: [{address: 127.0.0.1, port: 1}]
                  healthCheck:
                    active: {type: TCP, interval: 100ms, unhealthyThreshold: 1}
                    passive: {consecutive5xx: 1, maxEjectionPercent: 100, baseEjectionTime: 1h}
                ---
                kind: HTTPRoute
                metadata: {name: dead}
                spec: {rules: [{matches: [{path: {value: /dead}}], backendRefs: [{name: dead}]}]}
                """).status())
                .isEqualTo(200);
        await().atMost(LIMIT).until(() -> gateway("/shop/orders", key).statusCode() == 200);
        await().atMost(LIMIT).until(() -> gateway("/shop/orders", key).statusCode() == 429);
        String live = "{upstream=\"shop\",endpoint=\"127.0.0.1:"
                + upstream.getAddress().getPort() + "\"} ";
        String dead = "{upstream=\"dead\",endpoint=\"127.0.0.1:1\"} ";
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(gateway("/dead", "").statusCode()).isEqualTo(503);
            assertThat(admin.text("/metrics").body())
                    .containsPattern(
                            sample("consumer_responses_total{consumer=\"" + name + "\",status=\"2xx\"} ") + "[1-9]")
                    .containsPattern(sample("consumer_faults_total{consumer=\"" + name + "\",fault=\"rate-limited\"} ")
                            + "[1-9]")
                    .contains("aerofusion_gateway_endpoint_healthy" + live + "1\n")
                    .contains("aerofusion_gateway_endpoint_ejected" + live + "0\n")
                    .contains("aerofusion_gateway_endpoint_healthy" + dead + "0\n")
                    .contains("aerofusion_gateway_endpoint_ejected" + dead + "1\n");
        });
        assertThat(admin.delete("/api/v1/gateway/routes/dead").status()).isEqualTo(200);
        assertThat(admin.delete("/api/v1/gateway/upstreams/dead").status()).isEqualTo(200);
    }

    private static String sample(String text) {
        return "aerofusion_gateway_" + Pattern.quote(text);
    }

    @Test
    void consumersAreTheirOwnersAndBounded() {
        Caller cem = user("cem");
        Caller dana = user("dana");
        String name = cem.post(PORTAL + "/consumers", "{'title':'One'}").text("name");
        assertThat(dana.get(PORTAL + "/consumers").body().path("items")).isEmpty();
        assertThat(dana.get(PORTAL + "/consumers/" + name + "/limits").code()).isEqualTo("not-found");
        assertThat(dana.post(PORTAL + "/consumers/" + name + "/keys", "{}").code())
                .isEqualTo("not-found");
        assertThat(dana.delete(PORTAL + "/consumers/" + name).code()).isEqualTo("not-found");
        assertThat(dana.delete(PORTAL + "/consumers/" + name + "/keys/afk_").code())
                .isEqualTo("not-found");
        assertThat(admin.get("/api/v1/gateway/consumers?label=portal.owner%3Dcem")
                        .body()
                        .toString())
                .contains(name);
        assertThat(cem.post(PORTAL + "/consumers", "{'title':'One'}").code()).isEqualTo("already-exists");
        assertThat(cem.post(PORTAL + "/consumers", "{'title':' '}").code()).isEqualTo("invalid-request");
        assertThat(cem.post(PORTAL + "/consumers/" + name + "/keys", "{'expiresAt':'soon'}")
                        .code())
                .isEqualTo("invalid-request");
        for (int i = 2; i <= 5; i++) {
            assertThat(cem.post(PORTAL + "/consumers", "{'title':'No " + i + "'}")
                            .status())
                    .isEqualTo(201);
        }
        assertThat(cem.post(PORTAL + "/consumers", "{'title':'No 6'}").code()).isEqualTo("portal-limit-reached");
        for (int i = 1; i <= 5; i++) {
            assertThat(cem.post(PORTAL + "/consumers/" + name + "/keys", "{}").status())
                    .isEqualTo(201);
        }
        assertThat(cem.post(PORTAL + "/consumers/" + name + "/keys", "{}").code())
                .isEqualTo("portal-limit-reached");
        // so many in a minute, which are counted anew when it is over
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> cem.delete(PORTAL + "/consumers/nothing").code().equals("rate-limited"));
    }

    @Test
    void theConsumersOfAUserEndWithTheUser() {
        Caller eve = user("eve");
        assertThat(eve.post(PORTAL + "/consumers", "{'title':'App'}").status()).isEqualTo(201);
        Response erased = admin.delete("/api/v1/users/eve");
        assertThat(erased.status()).as(erased.body().toString()).isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(admin.get("/api/v1/gateway/consumers?label=portal.owner%3Deve")
                                .body()
                                .path("items"))
                        .isEmpty());
    }

    @Test
    void thePageIsServedThroughTheGatewayToo() throws Exception {
        await().atMost(LIMIT).untilAsserted(() -> {
            HttpResponse<String> page = gateway("/portal", "");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "script-src 'self'");
            assertThat(page.body()).contains("/portal/portal.js").doesNotContain("onclick", "http://", "https://");
        });
        for (String part : List.of("portal.js", "elements.js", "operations.js", "portal.css")) {
            assertThat(gateway("/portal/" + part, "").statusCode()).as(part).isEqualTo(200);
        }
    }
}
