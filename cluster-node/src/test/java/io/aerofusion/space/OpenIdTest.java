package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.gateway.security.TestIssuer;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens of OpenID providers at the doors of two nodes, and what is revoked and purged on both. */
final class OpenIdTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String REVOCATIONS = "/api/v1/gateway/revocations";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final KeyPair PAIR = TestIssuer.pair("openid", "secp256r1");
    private static final long EXPIRES = System.currentTimeMillis() / 1000 + 3600;

    private static HttpServer server;
    private static Node first;
    private static Node second;
    private static Caller admin;
    private static final AtomicInteger served = new AtomicInteger();

    @BeforeAll
    static void start(@TempDir Path data) throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        String jwks = TestIssuer.jwks(TestIssuer.jwk("k1", PAIR, ""));
        for (String path : List.of("/corp", "/lab")) {
            answer(
                    path + "/.well-known/openid-configuration",
                    "{\"issuer\":\"" + issuer(path) + "\",\"jwks_uri\":\"" + issuer("/jwks") + "\"}");
        }
        answer("/jwks", jwks);
        answer("/guarded", "in");
        server.createContext("/page", exchange -> {
            exchange.getResponseHeaders().add("Cache-Control", "max-age=3600");
            exchange.getResponseHeaders().add("Surrogate-Key", "pages");
            served.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        first = Node.start(options(data.resolve("first")).withDatabase(TestDatabase.migrated()));
        second = Node.start(options(data.resolve("second")).joining(first));
        admin = Caller.admin(first);
    }

    private static void answer(String path, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        server.createContext(path, exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }

    private static NodeOptions options(Path data) {
        return NodeOptions.in(data)
                .with("aerofusion.space.session.token-recheck", "1h")
                .with("aerofusion.space.session.tick", "200ms")
                .with(
                        "aerofusion.http.oidc",
                        List.of(
                                Map.of(
                                        "name", "corp",
                                        "issuer", issuer("/corp"),
                                        "audiences", List.of("api"),
                                        "create-users", true,
                                        "roles", Map.of("admin", List.of("platform-admins"))),
                                Map.of("name", "lab", "issuer", issuer("/lab"), "audiences", List.of("api")),
                                Map.of(
                                        "name", "down",
                                        "issuer", issuer("/down"),
                                        "audiences", List.of("api"),
                                        "jwks-uri", issuer("/nothing-here"))));
    }

    @AfterAll
    static void stop() {
        second.stop();
        first.stop();
        server.stop(0);
    }

    private static String issuer(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private static String claims(String issuer, String subject, String more) {
        return "{\"iss\":\"" + issuer(issuer) + "\",\"aud\":\"api\",\"sub\":\"" + subject + "\"," + more + "}";
    }

    private static String signed(String claims) {
        return TestIssuer.token(TestIssuer.header("ES256", "k1"), claims, "ES256", PAIR.getPrivate());
    }

    private static String token(String issuer, String subject, String... more) {
        List<String> members = new ArrayList<>(List.of(more));
        members.add("\"exp\":" + EXPIRES);
        return signed(claims(issuer, subject, String.join(",", members)));
    }

    private static Caller caller(String token) {
        return admin.with(token);
    }

    @Test
    void who_comes_for_the_first_time_becomes_a_user_with_the_least_role() {
        Caller ada = caller(token("/corp", "ada", "\"name\":\"Ada L.\""));
        Caller.Response seen = ada.get("/api/v1/users/corp.ada");
        assertThat(seen.status()).as(seen.body().toString()).isEqualTo(200);
        assertThat(seen.text("name")).isEqualTo("Ada L.");
        assertThat(seen.body().path("roles").toString()).isEqualTo("[\"user\"]");
        assertThat(ada.get("/api/v1/users").code()).isEqualTo("forbidden");
        assertThat(caller(token("/corp", "auth0|x/y")).get("/api/v1/spaces").status())
                .isEqualTo(200);
    }

    @Test
    void roles_come_from_the_token_and_from_the_user_together() {
        Caller boss = caller(token("/corp", "boss", "\"groups\":[\"platform-admins\"]"));
        assertThat(boss.get("/api/v1/users").status()).isEqualTo(200);
        Caller plain = caller(token("/corp", "boss", "\"groups\":[\"others\"]"));
        assertThat(plain.get("/api/v1/users").code()).isEqualTo("forbidden");
        assertThat(plain.get("/api/v1/gateway/status").code()).isEqualTo("forbidden");
        assertThat(admin.put("/api/v1/users/corp.boss/roles", "{'roles':['user','operator']}")
                        .status())
                .isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(plain.get("/api/v1/gateway/status").status()).isEqualTo(200));
    }

    @ParameterizedTest
    @ValueSource(strings = {"audience", "expired", "none", "kid", "signature", "issuer", "garbage", "unnamed"})
    void a_wrong_token_is_refused(String wrong) {
        String right = "\"exp\":" + EXPIRES;
        String token = switch (wrong) {
            case "audience" -> signed(claims("/corp", "eve", right).replace("\"api\"", "\"shop\""));
            case "expired" -> signed(claims("/corp", "eve", "\"exp\":" + (EXPIRES - 7200)));
            case "none" ->
                TestIssuer.token(
                        TestIssuer.header("none", "k1"), claims("/corp", "eve", right), "ES256", PAIR.getPrivate());
            case "kid" ->
                TestIssuer.token(
                        TestIssuer.header("ES256", "k2"), claims("/corp", "eve", right), "ES256", PAIR.getPrivate());
            case "signature" ->
                TestIssuer.token(
                        TestIssuer.header("ES256", "k1"),
                        claims("/corp", "eve", right),
                        "ES256",
                        TestIssuer.pair("thief", "secp256r1").getPrivate());
            case "issuer" -> signed(claims("/elsewhere", "eve", right));
            case "unnamed" -> signed(claims("/corp", "", right));
            default -> "a.b.c";
        };
        Caller.Response refused = caller(token).get("/api/v1/spaces");
        assertThat(refused.status()).as(refused.body().toString()).isEqualTo(401);
        assertThat(refused.code()).isEqualTo("unauthenticated");
        assertThat(refused.http().headers().firstValue("WWW-Authenticate")).contains("Bearer");
    }

    @Test
    void while_the_issuer_is_down_nobody_is_told_that_the_token_is_wrong() {
        Caller.Response refused = caller(token("/down", "ada")).get("/api/v1/spaces");
        assertThat(refused.status()).as(refused.body().toString()).isEqualTo(503);
        assertThat(refused.code()).isEqualTo("authentication-unavailable");
        assertThat(refused.http().headers().firstValue("Retry-After")).isPresent();
    }

    @Test
    void without_leave_to_make_users_an_administrator_makes_them() {
        Caller guest = caller(token("/lab", "guest"));
        Caller.Response refused = guest.get("/api/v1/spaces");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.code()).isEqualTo("user-unknown");
        assertThat(refused.text("detail")).contains("lab.guest");
        assertThat(admin.post("/api/v1/users", "{'user':'lab.guest'}").status()).isEqualTo(201);
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(guest.get("/api/v1/spaces").status()).isEqualTo(200));
    }

    @Test
    void an_erased_user_stays_out_however_good_the_token() {
        Caller gone = caller(token("/corp", "gone"));
        assertThat(gone.get("/api/v1/spaces").status()).isEqualTo(200);
        assertThat(admin.delete("/api/v1/users/corp.gone").status()).isEqualTo(200);
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(gone.get("/api/v1/spaces").code()).isEqualTo("erased"));
        assertThat(new Caller(second.uri(), gone.token()).get("/api/v1/spaces").code())
                .isEqualTo("erased");
    }

    @Test
    void sessions_open_with_either_door_and_end_when_the_subject_is_revoked() throws Exception {
        String token = token("/corp", "sync", "\"iat\":" + (EXPIRES - 3600));
        try (TestDevice upgraded = TestDevice.connect("upgraded", second.uri(), token);
                TestDevice said = TestDevice.open("said", first.uri(), "");
                TestDevice other = TestDevice.connect("other", second.uri(), token("/corp", "somebody-else"))) {
            said.send(said.hello(token));
            said.hear(Frame.Welcome.class);
            Caller.Response revoked = admin.post(
                    REVOCATIONS, "{'issuer':'" + issuer("/corp") + "','subject':'sync','note':'left the company'}");
            assertThat(revoked.status()).as(revoked.body().toString()).isEqualTo(201);
            for (TestDevice device : List.of(upgraded, said)) {
                Frame.Bye bye = device.hear(Frame.Bye.class);
                assertThat(bye.reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
                assertThat(bye.retryAfterMillis()).isNegative();
                device.hearTheEnd();
            }
            assertThat(other.hearsNothing(300)).isTrue();
            assertThat(admin.delete(REVOCATIONS + "/" + revoked.text("id")).status())
                    .isEqualTo(204);
        }
    }

    @Test
    void a_revoked_token_is_refused_on_all_nodes_until_it_is_lifted_and_the_audit_log_knows() {
        Caller here = caller(token("/corp", "lost", "\"jti\":\"lost-1\""));
        Caller there = new Caller(second.uri(), here.token());
        assertThat(here.get("/api/v1/spaces").status()).isEqualTo(200);
        assertThat(there.get("/api/v1/spaces").status()).isEqualTo(200);

        Caller.Response revoked = admin.post(REVOCATIONS, "{'jti':'lost-1','note':'stolen'}");
        assertThat(revoked.status()).as(revoked.body().toString()).isEqualTo(201);
        assertThat(revoked.http().headers().firstValue("Location")).contains(REVOCATIONS + "/" + revoked.text("id"));
        assertThat(here.get("/api/v1/spaces").text("detail")).isEqualTo("The token was revoked.");
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(there.get("/api/v1/spaces").status()).isEqualTo(401));
        assertThat(admin.post(REVOCATIONS, "{'jti':'lost-1'}").status())
                .as("the same again replaces it")
                .isEqualTo(200);
        assertThat(ids(admin)).contains(revoked.text("id"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                admin.get("/api/v1/audit?limit=1000").body().toString())
                        .contains("gateway.tokens-revoked", "lost-1", "stolen"));

        assertThat(admin.delete(REVOCATIONS + "/" + revoked.text("id")).status())
                .isEqualTo(204);
        assertThat(admin.delete(REVOCATIONS + "/" + revoked.text("id")).code()).isEqualTo("not-found");
        assertThat(here.get("/api/v1/spaces").status()).isEqualTo(200);
        assertThat(ids(admin)).doesNotContain(revoked.text("id"));
    }

    private static List<String> ids(Caller caller) {
        List<String> ids = new ArrayList<>();
        for (JsonNode item : caller.get(REVOCATIONS + "?limit=1000").body().path("items")) {
            ids.add(item.path("id").asText());
        }
        return ids;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "{'subject':'s'}",
                "{'jti':'t','subject':'s'}",
                "{'jti':'t','issuedBefore':'2026-11-21T08:00:00Z'}",
                "{'jti':7}",
                "{'jti':''}",
                "{'jti':'t','expiresAt':'yesterday'}",
                "{'jti':'t','expiresAt':'2020-01-01T00:00:00Z'}",
                "{'jti':'t','expiresAt':'3020-01-01T00:00:00Z'}",
                "{'issuer':'i','issuedBefore':'1960-01-01T00:00:00Z'}",
                "{'jti':'t','extra':1}"
            })
    void what_revokes_nothing_is_refused(String body) {
        assertThat(admin.post(REVOCATIONS, body).code()).isEqualTo("invalid-request");
    }

    @Test
    void a_revoked_token_is_refused_by_the_gateways_of_all_nodes_until_it_is_lifted() throws Exception {
        publish("""
                kind: Upstream
                metadata: {name: guarded}
                spec: {endpoints: [{address: 127.0.0.1, port: %1$d}]}
                ---
                kind: HTTPRoute
                metadata: {name: guarded}
                spec: {rules: [{matches: [{path: {type: PathPrefix, value: /guarded}}], backendRefs: [{name: guarded}]}]}
                ---
                kind: Policy
                metadata: {name: guarded}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: guarded}]
                  authentication:
                    anyOf: [{jwt: {providers: [{name: corp, issuer: '%2$s', audiences: [api], discovery: true}]}}]
                """.formatted(server.getAddress().getPort(), issuer("/corp")));
        String stolen = token("/corp", "traveller", "\"jti\":\"gateway-1\"");
        String other = token("/corp", "traveller", "\"jti\":\"gateway-2\"");
        for (Node node : List.of(first, second)) {
            awaitGuarded(node, stolen, 200);
            assertThat(guarded(node, other)).isEqualTo(200);
            assertThat(guarded(node, stolen)).as("from memory").isEqualTo(200);
        }

        Caller.Response revoked = admin.post(REVOCATIONS, "{'jti':'gateway-1'}");
        assertThat(revoked.status()).as(revoked.body().toString()).isEqualTo(201);
        for (Node node : List.of(first, second)) {
            awaitGuarded(node, stolen, 401);
            assertThat(guarded(node, other)).as("only the one").isEqualTo(200);
        }

        assertThat(admin.delete(REVOCATIONS + "/" + revoked.text("id")).status())
                .isEqualTo(204);
        for (Node node : List.of(first, second)) {
            awaitGuarded(node, stolen, 200);
        }
    }

    private static void awaitGuarded(Node node, String token, int status) {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(guarded(node, token)).isEqualTo(status));
    }

    private static int guarded(Node node, String token) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(node.gatewayUri().resolve("/guarded"))
                .header("Authorization", "Bearer " + token)
                .timeout(LIMIT)
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static void publish(String yaml) {
        Caller.Response published = admin.yaml("POST", "/api/v1/gateway/configuration", yaml);
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
    }

    @Test
    void stored_responses_are_purged_on_all_nodes() throws Exception {
        publish("""
                kind: Upstream
                metadata: {name: pages}
                spec: {endpoints: [{address: 127.0.0.1, port: %d}]}
                ---
                kind: HTTPRoute
                metadata: {name: pages}
                spec: {rules: [{matches: [{path: {type: PathPrefix, value: /page}}], backendRefs: [{name: pages}]}]}
                ---
                kind: Policy
                metadata: {name: pages}
                spec: {targetRefs: [{kind: HTTPRoute, name: pages}], cache: {}}
                """.formatted(server.getAddress().getPort()));
        for (Node node : List.of(first, second)) {
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(page(node).statusCode()).isEqualTo(200));
            assertThat(page(node).headers().firstValue("Age"))
                    .as("from the cache")
                    .isPresent();
        }
        int before = served.get();

        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode others = purge("{'tag':'others'}").body();
            assertThat(others.path("purged").asInt(-1)).isZero();
            assertThat(others.path("nodes")).as("they have found each other").hasSize(2);
        });
        JsonNode purged = purge("{'route':'pages','host':'127.0.0.1','pathPrefix':'/page','tag':'pages'}")
                .body();
        assertThat(purged.path("purged").asInt()).as(purged.toString()).isEqualTo(2);
        assertThat(purged.path("nodes")).hasSize(2);
        assertThat(purged.path("silent")).isEmpty();
        page(first);
        page(second);
        assertThat(served.get()).isEqualTo(before + 2);
        for (String wrong : List.of("{'path':'page'}", "{'tags':'x'}", "{'tag':1}", "[]")) {
            assertThat(purge(wrong).code()).isEqualTo("invalid-request");
        }
    }

    private static Caller.Response purge(String body) {
        return admin.post("/api/v1/gateway/cache/purge", body);
    }

    private static HttpResponse<Void> page(Node node) throws Exception {
        URI uri = node.gatewayUri().resolve("/page/1");
        return CLIENT.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), HttpResponse.BodyHandlers.discarding());
    }
}
