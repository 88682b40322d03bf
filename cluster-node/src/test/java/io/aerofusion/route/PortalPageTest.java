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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a developer does in the portal: its own scripts run, as they are served by a node, and call that node. */
class PortalPageTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String CARD = "section[aria-label='Mobile <b>app</b>']";
    private static final String OPEN = "details.op[open] ";
    private static final String CONFIGURATION = """
            kind: Upstream
            metadata: {name: shop}
            spec:
              endpoints: [{address: 127.0.0.1, port: $upstream}]
              openapi:
                document:
                  openapi: 3.1.0
                  info: {title: Shop, version: "7", description: Sells things}
                  paths:
                    /shop/orders/{id}:
                      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: page, in: query, schema: {type: integer, default: 1}}]
                      get:
                        summary: One order
                        parameters:
                          - {name: page, in: query, schema: {type: integer, default: 2}}
                          - {name: X-Trace, in: header, example: "it's $(id) `id` $TOKEN", schema: {type: string}}
                        responses: {"200": {description: the order}}
                    /shop/orders:
                      post:
                        summary: Order something
                        requestBody:
                          content:
                            application/json:
                              schema: {type: object, properties: {item: {type: string, example: Rotor}, count: {type: integer, minimum: 3}}}
                        responses: {"200": {description: ordered}}
            ---
            kind: Upstream
            metadata: {name: hostile}
            spec:
              endpoints: [{address: 127.0.0.1, port: $upstream}]
              openapi:
                document:
                  openapi: 3.1.0
                  info: {title: "<img src=x onerror=alert(1)>", version: "<b>1</b>", description: "<script>alert(2)</script> & more"}
                  paths:
                    /hostile:
                      post:
                        tags: ["<u>Tag</u>"]
                        summary: "<img src=y onerror=alert(3)>"
                        description: "<a href='javascript:alert(4)'>here</a>"
                        parameters: [{name: "<i>q</i>", in: query, example: '"><img src=z>', schema: {type: string}}]
                        requestBody: {content: {"text/plain": {example: "</textarea><img src=w>"}}}
                        responses: {"200": {description: "<svg onload=alert(5)>"}}
            ---
            kind: HTTPRoute
            metadata: {name: shop}
            spec:
              rules:
                - {name: orders, matches: [{path: {value: /shop/orders}}], backendRefs: [{name: shop}]}
                - {name: hostile, matches: [{path: {value: /hostile}}], backendRefs: [{name: hostile}]}
            ---
            kind: Policy
            metadata: {name: shop}
            spec:
              targetRefs: [{kind: HTTPRoute, name: shop, sectionName: orders}]
              authentication: {anyOf: [{apiKey: {headers: [X-Shop-Key]}}]}
              rateLimit: [{key: Consumer, requests: 500, unit: Minute, burst: 90}]
            """;

    private static Node node;
    private static Caller admin;
    private static HttpServer upstream;

    @BeforeAll
    static void start(@TempDir Path data) throws Exception {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            byte[] body = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                            + exchange.getRequestHeaders().getFirst("X-Trace") + " "
                            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        upstream.start();
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        admin = Caller.admin(node);
        Response applied = admin.yaml(
                "POST",
                "/api/v1/gateway/configuration",
                CONFIGURATION.replace(
                        "$upstream", Integer.toString(upstream.getAddress().getPort())));
        assertThat(applied.status()).as(applied.body().toString()).isEqualTo(200);
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode apis = admin.get("/api/v1/gateway/apis").body().path("items");
            assertThat(apis.findValuesAsText("state")).hasSize(3).containsOnly("current");
            HttpRequest page = HttpRequest.newBuilder(portal("")).build();
            assertThat(HTTP.send(page, HttpResponse.BodyHandlers.discarding()).statusCode())
                    .isEqualTo(200);
        });
    }

    @AfterAll
    static void stop() {
        node.stop();
        upstream.stop(0);
    }

    /** The portal as developers come to it: through the gateway. */
    private static URI portal(String fragment) {
        return node.gatewayUri().resolve("/portal" + fragment);
    }

    private static String token(String user) {
        assertThat(admin.post("/api/v1/users", "{'user':'" + user + "'}").status())
                .isEqualTo(201);
        return admin.post("/api/v1/users/" + user + "/tokens", "{'name':'t'}").text("secret");
    }

    private static void signIn(Browser browser, String token) {
        browser.click("header button", "Sign in");
        browser.type("Token", token);
        browser.click("dialog button", "Sign in");
        browser.until("signed in", () -> browser.count("dialog") == 0);
        browser.untilQuiet();
    }

    private static void open(Browser browser, String api, String operation) {
        browser.click("h2 a", api);
        browser.untilSays("h1", api);
        browser.click("summary", operation);
        browser.until("the operation opens", () -> browser.count(OPEN + "form") == 1);
    }

    private static void send(Browser browser) {
        browser.click(OPEN + "button", "Send");
        assertThat(browser.text(OPEN + "form")).contains("Sending …");
        browser.until("it is answered", () -> !browser.text(OPEN + "form").contains("Sending …"));
    }

    @Test
    void aWrongTokenIsRefusedAndARightOneShowsTheApis() {
        String token = token("ann");
        try (Browser browser = new Browser(portal(""))) {
            assertThat(browser.text("main")).contains("Welcome").doesNotContain("Loading");
            browser.click("main button", "Sign in");
            browser.type("Token", "wrong");
            browser.click("dialog button", "Sign in");
            browser.until("refused", () -> !browser.text("#refused").isEmpty());
            assertThat(browser.text("#refused")).contains("token");
            assertThat(browser.count("dialog")).isEqualTo(1);
            assertThat(browser.text("main")).contains("Welcome");
            browser.click("dialog button", "Cancel");
            assertThat(browser.count("dialog")).isZero();

            browser.click("header button", "Sign in");
            assertThat(browser.text("#refused")).isEmpty();
            browser.type("Token", "  " + token + "\n");
            browser.click("dialog button", "Sign in");
            browser.untilSays("ul.cards", "Shop");
            assertThat(browser.count("dialog")).isZero();
            assertThat(browser.text("#who")).isEqualTo("ann");
            assertThat(browser.text("ul.cards")).contains("Sells things", "version 7", "2 operations");
            assertThat(browser.text("nav a[aria-current=page]")).isEqualTo("APIs");
            assertThat(browser.markup()).doesNotContain(token);
        }
    }

    @Test
    void aSearchNarrowsTheList() {
        try (Browser browser = new Browser(portal("#/apis"))) {
            signIn(browser, token("bea"));
            int all = browser.count("li.card");
            assertThat(all).isGreaterThan(1);
            browser.type("Search APIs", "sells THINGS");
            browser.until("narrowed", () -> browser.count("li.card") == 1);
            assertThat(browser.text("h2")).isEqualTo("Shop");
            browser.type("Search APIs", "/shop/orders & one order");
            browser.untilSays("main", "Nothing is found.");
            browser.type("Search APIs", "order something");
            browser.untilSays("ul.cards", "POST /shop/orders");
            browser.type("Search APIs", "");
            browser.until("all again", () -> browser.count("li.card") == all);
        }
    }

    @Test
    void anOperationIsReadAndCalled() {
        String token = token("cleo");
        try (Browser browser = new Browser(portal(""))) {
            signIn(browser, token);
            open(browser, "Shop", "One order");
            assertThat(browser.text("details.op > summary")).contains("GET/shop/orders/{id}", "POST/shop/orders");
            assertThat(browser.text(OPEN + "table")).contains("200the order");
            assertThat(browser.value("page"))
                    .as("the operation's own, not the path's")
                    .isEqualTo("2");

            browser.type("id *", "a b&c");
            browser.type("page", "3");
            browser.choose("Show who you are with", "My platform token");
            String line = browser.text(OPEN + "pre[aria-label='Command line']");
            assertThat(line)
                    .isEqualTo(
                            "curl -i -X GET '" + node.gatewayUri().resolve("/shop/orders/a%20b%26c?page=3") + "' \\\n"
                                    + "  -H 'X-Trace: it'\\''s $(id) `id` $TOKEN' \\\n"
                                    + "  -H 'Authorization: '\"Bearer $TOKEN\"");
            browser.click(OPEN + "button", "Copy the command line");
            browser.untilSays("#said", "Copied.");
            assertThat(browser.copied()).isEqualTo(line);

            send(browser);
            assertThat(browser.text(OPEN + "strong.bad")).contains("401");
            assertThat(browser.text(OPEN + "form pre")).contains("\"status\": 401");
            assertThat(browser.requests().getLast().headers()).contains("Authorization", "Bearer " + token);
            browser.click(OPEN + "summary", "Headers");
            assertThat(browser.text(OPEN + "form details pre")).contains("content-type: application/problem+json");
        }
    }

    @Test
    void aKeyIsMadeUsedCountedAndTakenBack() {
        try (Browser browser = new Browser(portal("#/keys"))) {
            signIn(browser, token("dora"));
            assertThat(browser.text("main")).contains("up to 5, each with up to 5 keys", "You have no consumers yet.");
            browser.type("A new consumer for", "Mobile <b>app</b>");
            browser.click("main button", "Make it");
            browser.untilSays("#said", "Mobile <b>app</b> is made.");
            assertThat(browser.text(CARD + " h2")).isEqualTo("Mobile <b>app</b>");
            assertThat(browser.value("A new consumer for")).isEmpty();

            browser.click(CARD + " button", "Get a key");
            browser.untilSays(".note.key", "This key is shown only now.");
            String key = browser.text(".note.key pre");
            assertThat(key).startsWith("afk_");
            browser.click(".note.key button", "Copy");
            assertThat(browser.copied()).isEqualTo(key);
            assertThat(browser.count(CARD + " button.plain")).isEqualTo(1);

            call(browser, key);

            browser.click("nav a", "My keys");
            browser.untilSays("main", "Mobile <b>app</b>");
            assertThat(browser.markup()).as("shown once").doesNotContain(key);
            await().atMost(LIMIT).pollInSameThread().untilAsserted(() -> {
                if (browser.count(CARD + " details[open]") == 1) {
                    browser.click(CARD + " summary", "Limits and usage");
                    browser.untilQuiet();
                }
                browser.click(CARD + " summary", "Limits and usage");
                browser.untilQuiet();
                assertThat(browser.text(CARD + " details"))
                        .containsPattern("[1-9]\\d* requests? since the nodes started");
            });
            assertThat(browser.text(CARD + " details"))
                    .contains("shop / orders", "header X-Shop-Key", "500 per minute, 90 at once, by Consumer");

            browser.answerNext(false);
            browser.click(CARD + " button", "Take back");
            browser.untilQuiet();
            assertThat(browser.questions().getLast()).startsWith("Take back the key afk_");
            assertThat(browser.count(CARD + " button.plain")).isEqualTo(1);
            browser.answerNext(true);
            browser.click(CARD + " button", "Take back");
            browser.until("the key is gone", () -> browser.count(CARD + " button.plain") == 0);

            browser.answerNext(true);
            browser.click(CARD + " button", "Remove");
            browser.untilSays("main", "You have no consumers yet.");
            assertThat(browser.questions().getLast()).isEqualTo("Remove Mobile <b>app</b> and all its keys?");
        }
    }

    /** Calls the shop with a key until the gateway has heard of it. */
    private static void call(Browser browser, String key) {
        browser.click("nav a", "APIs");
        browser.untilSays("ul.cards", "Shop");
        open(browser, "Shop", "Order something");
        assertThat(browser.count("input[aria-label='API key']")).isZero();
        browser.choose("Show who you are with", "An API key");
        browser.type("API key", key);
        browser.type("Header of the key", "X-Shop-Key");
        assertThat(browser.text(OPEN + "pre[aria-label='Command line']"))
                .doesNotContain(key)
                .contains("-H 'X-Shop-Key: '\"$KEY\"", "--data-binary '{\n  \"item\": \"Rotor\",\n  \"count\": 3\n}'");
        browser.type("Body", "{\"item\": \"it's a rotor\"}");
        await().atMost(LIMIT).pollInSameThread().untilAsserted(() -> {
            send(browser);
            assertThat(browser.text(OPEN + "strong.good")).contains("200");
        });
        assertThat(browser.text(OPEN + "form"))
                .contains("POST /shop/orders null {\"item\": \"it's a rotor\"}", "'{\"item\": \"it'\\''s a rotor\"}'");
    }

    @Test
    void asManyConsumersAndKeysAsThePortalAllows() {
        try (Browser browser = new Browser(portal("#/keys"))) {
            signIn(browser, token("ella"));
            for (int i = 1; i <= 5; i++) {
                browser.type("A new consumer for", "App " + i);
                browser.click("main button", "Make it");
                String made = "App " + i + " is made.";
                browser.untilSays("#said", made);
            }
            assertThat(browser.count("main form")).isZero();
            String card = "section[aria-label='App 1']";
            for (int i = 1; i <= 5; i++) {
                browser.click(card + " button", "Get a key");
                int keys = i;
                browser.until(i + " keys", () -> browser.count(card + " button.plain") == keys);
            }
            assertThat(browser.enabled(card + " button.first")).isZero();
            assertThat(browser.enabled("section[aria-label='App 2'] button.first"))
                    .isEqualTo(1);
        }
    }

    @Test
    void whoSignsOutIsForgotten() {
        String token = token("fay");
        try (Browser browser = new Browser(portal(""))) {
            signIn(browser, token);
            browser.click("h2 a", "Shop");
            browser.until(
                    "it is asked for",
                    () -> "limit=1000".equals(browser.requests().getLast().uri().getQuery()));
            browser.click("header button", "Sign out");
            browser.untilQuiet();
            assertThat(browser.requests().getLast().headers())
                    .as("what goes on goes on without it")
                    .contains("Bearer ");
            assertThat(browser.text("main")).contains("Welcome");
            assertThat(browser.text("#who")).isEmpty();
            int asked = browser.requests().size();
            browser.click("nav a", "My keys");
            browser.untilQuiet();
            assertThat(browser.text("main")).contains("Welcome");
            assertThat(browser.requests()).as("it asks for nothing any more").hasSize(asked);
            assertThat(browser.markup()).doesNotContain(token);
            browser.click("header button", "Sign in");
            assertThat(browser.value("Token")).isEmpty();
            browser.type("Token", "wrong");
            browser.click("dialog button", "Sign in");
            browser.until("refused", () -> !browser.text("#refused").isEmpty());
            assertThat(browser.requests().getLast().headers()).contains("Bearer wrong");
        }
    }

    @Test
    void whatComesLateIsNotShownInPlaceOfWhatIsLookedAt() {
        try (Browser browser = new Browser(portal(""))) {
            signIn(browser, token("gwen"));
            browser.click("h2 a", "Shop");
            browser.until("its document is asked for", () -> askedLast(browser).endsWith("/shop/openapi.json"));
            browser.click("nav a", "My keys");
            browser.untilQuiet();
            assertThat(browser.text("h1")).isEqualTo("My keys");

            browser.click("nav a", "APIs");
            browser.untilSays("ul.cards", "Shop");
            browser.click("h2 a", "Shop");
            browser.until("its document is asked for", () -> askedLast(browser).endsWith("/shop/openapi.json"));
            browser.click("header button", "Sign out");
            browser.untilQuiet();
            assertThat(browser.text("main")).contains("Welcome").doesNotContain("Sells things");
        }
    }

    private static String askedLast(Browser browser) {
        return browser.requests().getLast().uri().getPath();
    }

    @Test
    void aTokenThatEndsEndsTheSession() {
        try (Browser browser = new Browser(portal(""))) {
            signIn(browser, token("hana"));
            assertThat(admin.delete("/api/v1/users/hana").status()).isEqualTo(200);
            browser.click("nav a", "My keys");
            browser.untilSays("main", "Welcome");
            assertThat(browser.text("header button")).isEqualTo("Sign in");
        }
    }

    @Test
    void anApiThatIsNotThereIsToldAsSuch() {
        try (Browser browser = new Browser(portal("#/apis/no%20such"))) {
            signIn(browser, token("ida"));
            browser.untilSays("main [role=alert]", "There is no API of this name, or it is not for you.");
        }
    }

    @Test
    void whereTheBrowserMayNotCallTheCommandLineRemains() {
        try (Browser browser = new Browser(node.uri().resolve("/portal"))) {
            signIn(browser, token("jill"));
            open(browser, "Shop", "Order something");
            assertThat(browser.enabled(OPEN + "button.first")).isZero();
            assertThat(browser.text(OPEN + "form"))
                    .contains(
                            "The API is at http://127.0.0.1:"
                                    + node.gatewayUri().getPort(),
                            "the portal there",
                            "curl -i -X POST '" + node.gatewayUri().resolve("/shop/orders"));
            assertThat(browser.count(OPEN + "a[href='" + portal("") + "']")).isEqualTo(1);
        }
    }

    @Test
    void whatOthersWroteIsTextAndNeverMarkup() {
        try (Browser browser = new Browser(portal(""))) {
            signIn(browser, token("kim"));
            assertThat(browser.text("ul.cards"))
                    .contains("<img src=x onerror=alert(1)>", "<script>alert(2)</script> & more", "version <b>1</b>");
            onlyOurMarkup(browser);
            open(browser, "<img src=x onerror=alert(1)>", "onerror=alert(3)");
            assertThat(browser.text("main"))
                    .contains(
                            "<u>Tag</u>",
                            "<img src=y onerror=alert(3)>",
                            "<a href='javascript:alert(4)'>here</a>",
                            "<i>q</i>",
                            "<svg onload=alert(5)>");
            assertThat(browser.value("<i>q</i>")).isEqualTo("\"><img src=z>");
            assertThat(browser.value("Body")).isEqualTo("</textarea><img src=w>");
            send(browser);
            assertThat(browser.text(OPEN + "form pre"))
                    .contains("POST /hostile?%3Ci%3Eq%3C%2Fi%3E=%22%3E%3Cimg+src%3Dz%3E null </textarea><img src=w>");
            onlyOurMarkup(browser);
        }
    }

    private static void onlyOurMarkup(Browser browser) {
        assertThat(browser.countAll("main img, main svg, main script, main b, main u, main i, a[href^='javascript:']"))
                .isZero();
        assertThat(browser.text("main")).contains("<img src=");
    }
}
