package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.security.HttpFetch;
import io.aerofusion.gateway.transform.Coding;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Policies on real sockets: written as documents, asked by an HTTP client. */
class GuardedGatewayTest {
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpFetch fetch = new HttpFetch();
    private final GuardState state = new GuardState(
            fetch,
            InstantSource.system(),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private volatile String answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                seen.add(head);
                if (head.startsWith("POST")) bodies.add(body(head, connection));
                connection.write(answer);
            }
        });
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withPolicies(new GuardPolicies(state)));
    }

    private static String body(String head, TestUpstream.Connection connection) throws IOException {
        String length = head.replaceAll("(?is).*content-length: (\\d+).*", "$1");
        if (!length.equals(head)) return connection.read(Integer.parseInt(length));
        StringBuilder body = new StringBuilder();
        for (int size = size(connection); size > 0; size = size(connection)) {
            body.append(connection.read(size));
            connection.read(2);
        }
        connection.read(2);
        return body.toString();
    }

    private static int size(TestUpstream.Connection connection) throws IOException {
        return Integer.parseInt(connection.readUntil("\r\n").strip(), 16);
    }

    @AfterEach
    void stop() throws Exception {
        client.shutdownNow();
        gateway.close();
        upstream.close();
        state.close();
        fetch.close();
    }

    private void serve(String policy, String... more) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}]}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            - {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}], %s}}
            """.formatted(policy) + String.join("\n", more), upstream.address());
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + gateway.addresses().getFirst().getPort() + path))
                .timeout(Duration.ofSeconds(60));
        if (headers.length > 0) request.headers(headers);
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static String consumer(String name, String key) throws Exception {
        String hash = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.US_ASCII)));
        return "- {kind: Consumer, metadata: {name: " + name
                + "}, spec: {roles: [buyer], credentials: [{apiKey: {hash: " + hash + ", hint: k}}]}}\n";
    }

    @Test
    void onlyWhoMayGetsThrough() throws Exception {
        serve(
                "authentication: {anyOf: [{apiKey: {}}]}, authorization: {rules: [{principal: {roles: [buyer]}, cel:"
                        + " \"request.path.startsWith('/shop/')\"}]}",
                consumer("shop", "key-1"));
        HttpResponse<String> nobody = get("/shop/1");
        assertThat(nobody.statusCode()).isEqualTo(401);
        assertThat(nobody.headers().firstValue("www-authenticate")).contains("ApiKey realm=\"gateway\"");
        assertThat(nobody.headers().firstValue("content-type")).contains("application/problem+json");
        assertThat(nobody.body()).contains("authentication-required");
        assertThat(get("/shop/1", "x-api-key", "wrong").statusCode()).isEqualTo(401);
        assertThat(get("/admin", "x-api-key", "key-1").statusCode()).isEqualTo(403);
        assertThat(seen).as("none of them reached the upstream").isEmpty();
        assertThat(get("/shop/1", "x-api-key", "key-1").body()).isEqualTo("ok");
        assertThat(seen).hasSize(1);
    }

    @Test
    void aPasswordIsCheckedAsideAndTheRequestGoesOn() throws Exception {
        String hash = "pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0$"
                + java.util.Base64.getEncoder()
                        .encodeToString(javax.crypto.SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                                .generateSecret(new javax.crypto.spec.PBEKeySpec(
                                        "word".toCharArray(),
                                        "saltsaltsalt".getBytes(StandardCharsets.US_ASCII),
                                        1000,
                                        256))
                                .getEncoded());
        serve(
                "authentication: {anyOf: [{basic: {}}]}",
                "- {kind: Consumer, metadata: {name: alice}, spec: {credentials: [{basic: {username: al, hash: '" + hash
                        + "'}}]}}");
        assertThat(get("/", "authorization", "Basic YWw6d29yZA==").statusCode()).isEqualTo(200);
        assertThat(get("/", "authorization", "Basic YWw6d3Jvbmc=").statusCode()).isEqualTo(401);
    }

    @Test
    void anIssuerThatCannotBeAskedIsSaidSo() throws Exception {
        serve("authentication: {anyOf: [{jwt: {providers: [{name: i, issuer: 'http://127.0.0.1:1', discovery:"
                + " true}]}}]}");
        String token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjEifQ.AAAA";
        HttpResponse<String> unknown = get("/", "authorization", "Bearer " + token);
        assertThat(unknown.statusCode()).isEqualTo(503);
        assertThat(unknown.body()).contains("authentication-unavailable");
        assertThat(unknown.headers().firstValue("retry-after")).isPresent();
        assertThat(get("/", "authorization", "Bearer nonsense").statusCode()).isEqualTo(401);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertThat(gateway.usage().routes().getFirst().faults())
                                .containsEntry("authentication-unavailable", 1L)
                                .hasSize(2));
    }

    @Test
    void whoAsksTooOftenIsToldWhenToComeAgain() throws Exception {
        serve("rateLimit: [{key: ClientIP, requests: 1, unit: Hour, burst: 2}]");
        assertThat(get("/").headers().firstValue("ratelimit")).contains("\"p-0\";r=1;t=3600");
        assertThat(get("/").headers().firstValue("ratelimit-policy")).contains("\"p-0\";q=2;w=7200");
        HttpResponse<String> refused = get("/");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow()))
                .isBetween(3500L, 3600L);
        serve("rateLimit: [{key: ClientIP, requests: 1, unit: Hour, burst: 3}]");
        assertThat(get("/").statusCode())
                .as("a new generation goes on with what was used")
                .isEqualTo(200);
        assertThat(get("/").statusCode()).isEqualTo(429);
    }

    @Test
    void whatIsLargerThanThePolicyAllowsIsRefused() throws Exception {
        serve("limits: {headerBytes: 400, bodyBytes: 10}");
        assertThat(get("/" + "long".repeat(100), "x-note", "n".repeat(200)).statusCode())
                .as("neither the target nor what the gateway adds counts")
                .isEqualTo(200);
        HttpResponse<String> fields = get("/", "x-note", "n".repeat(400));
        assertThat(fields.statusCode()).isEqualTo(431);
        assertThat(fields.body()).contains("headers-too-large");
        assertThat(post("0123456789", "text/plain").statusCode()).isEqualTo(200);
        HttpResponse<String> told = post("0123456789a", "text/plain");
        assertThat(told.statusCode()).isEqualTo(413);
        assertThat(told.body()).contains("body-too-large");
        try (var peer = Http2Peer.client(gateway.addresses().getFirst())) {
            String[] head = {":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/", "x-note", ""};
            head[9] = "n".repeat(200);
            assertThat(peer.headers(1, true, head).on(1).status()).isEqualTo("200");
            head[9] = "n".repeat(400);
            assertThat(peer.headers(3, true, head).on(3).status()).isEqualTo("431");
        }
        assertThat(seen).hasSize(3);
        HttpRequest untold = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + gateway.addresses().getFirst().getPort() + "/"))
                .timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(new byte[1_000_000])))
                .build();
        assertThat(client.send(untold, BodyHandlers.ofString()).statusCode()).isEqualTo(413);
        assertThat(bodies).containsExactly("0123456789");
    }

    @Test
    void headerFieldsAreChangedOnBothWays() throws Exception {
        serve("transform: {request: {setHeaders: [{name: X-Team, value: blue}], removeHeaders: [X-Secret]},"
                + " response: {setHeaders: [{name: X-Answer, value: '42'}]}}, version: {deprecated:"
                + " '2026-01-01T00:00:00Z', sunset: '2027-01-15T08:00:00Z', link: 'https://docs.example/v2'}");
        HttpResponse<String> response = get("/", "X-Secret", "s", "X-Team", "red");
        assertThat(response.headers().firstValue("x-answer")).contains("42");
        assertThat(response.headers().firstValue("deprecation")).contains("@1767225600");
        assertThat(response.headers().firstValue("sunset")).contains("Fri, 15 Jan 2027 08:00:00 GMT");
        assertThat(response.headers().firstValue("link")).contains("<https://docs.example/v2>; rel=\"deprecation\"");
        assertThat(seen.getFirst())
                .containsIgnoringCase("x-team: blue")
                .doesNotContainIgnoringCase("x-secret")
                .doesNotContain("red");
    }

    @Test
    void queriesAreChangedAndFieldsTakenOut() throws Exception {
        answer = "HTTP/1.1 200 OK\r\nServer: secret\r\nContent-Length: 2\r\n\r\nok";
        serve("transform: {request: {setQuery: [{name: tenant, value: 'a b'}], removeQuery: [debug]}, response:"
                + " {removeHeaders: [Server]}}");
        HttpResponse<String> response = get("/x?debug=1&q=%2F&tenant=evil");
        assertThat(response.headers().firstValue("server")).isEmpty();
        assertThat(seen.getFirst()).startsWith("GET /x?q=%2F&tenant=a%20b HTTP/1.1");
    }

    @Test
    void bodiesOfRequestsAreChangedWithinTheirBound() throws Exception {
        serve("transform: {bodyBytesMax: 60, request: {json: [{op: Remove, path: /admin}, {op: Set, path: /by,"
                + " value: gw}]}}");
        assertThat(post("{\"a\":1,\"admin\":true}", "application/json").statusCode())
                .isEqualTo(200);
        assertThat(bodies).containsExactly("{\"a\":1,\"by\":\"gw\"}");
        assertThat(post("{\"a\":1", "application/json").statusCode()).isEqualTo(400);
        assertThat(post("{\"a\":1,\"admin\":false,\"admin\":true}", "application/json")
                        .body())
                .contains("body-not-treated");
        assertThat(post("{\"a\":\"" + "x".repeat(60) + "\"}", "application/json")
                        .statusCode())
                .isEqualTo(400);
        assertThat(post("plain", "text/plain").statusCode()).isEqualTo(200);
        assertThat(bodies).containsExactly("{\"a\":1,\"by\":\"gw\"}", "plain");
    }

    @ParameterizedTest
    @EnumSource
    void anEncodedBodyIsChangedAndABombReachesNobody(Coding coding) throws Exception {
        serve("transform: {bodyBytesMax: 1000000, request: {json: [{op: Set, path: /by, value: gw}]}}");
        String[] json = {"content-type", "application/json", "content-encoding", coding.token()};
        assertThat(post(Encoded.of(coding, "{\"a\":1}"), json).statusCode()).isEqualTo(200);
        assertThat(bodies).containsExactly("{\"a\":1,\"by\":\"gw\"}");
        assertThat(seen.getFirst()).doesNotContainIgnoringCase("content-encoding");
        byte[] bomb = Encoded.bomb(coding);
        HttpResponse<String> refused = post(bomb, json);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("body-not-treated");
        HttpResponse<String> broken = post("{\"a\":1}".getBytes(StandardCharsets.US_ASCII), json);
        assertThat(broken.body()).as("not of its coding").contains("body-not-treated");
        HttpResponse<String> unknown = post(bomb, "content-type", "application/json", "content-encoding", "compress");
        assertThat(unknown.statusCode()).isEqualTo(415);
        assertThat(unknown.body()).contains("content-coding-unknown");
        assertThat(gateway.counters().faults(Fault.BODY_NOT_TREATED).sum()).isEqualTo(2);
        assertThat(bodies).as("no other body was complete").hasSize(1);
        assertThat(post(bomb, "content-type", "text/plain", "content-encoding", coding.token())
                        .statusCode())
                .as("what is not looked at passes as it is")
                .isEqualTo(200);
    }

    private HttpResponse<String> post(String body, String type) throws Exception {
        return post(body.getBytes(StandardCharsets.UTF_8), "content-type", type);
    }

    private HttpResponse<String> post(byte[] body, String... headers) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + gateway.addresses().getFirst().getPort() + "/"))
                .timeout(Duration.ofSeconds(60))
                .headers(headers)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }
}
