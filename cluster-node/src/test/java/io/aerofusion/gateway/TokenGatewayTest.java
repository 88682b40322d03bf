package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.security.HttpFetch;
import io.aerofusion.gateway.security.TestIssuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who asks and how often, from the client's bytes to an issuer that is really asked: keys, tokens, limits by claims, addresses. */
class TokenGatewayTest {
    private static final KeyPair RSA = TestIssuer.pair("tokens", "RSA");
    private static final KeyPair OTHER = TestIssuer.pair("rotated", "RSA");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** What both clocks have gone on: the one by which keys are asked for again, and the one by which tokens expire. */
    private static final AtomicLong LATER = new AtomicLong();

    private static final Instant BEGUN = Instant.ofEpochSecond(1_800_000_000);
    private static final InstantSource CLOCK = () -> BEGUN.plusNanos(LATER.get());
    private static final HttpFetch FETCH = new HttpFetch();
    private static final GuardState STATE = new GuardState(
            FETCH,
            CLOCK,
            LATER::get,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));

    /** The issuer: the keys at each path, and how often it was asked. */
    private static final Map<String, String> KEYS = new ConcurrentHashMap<>();

    private static final Map<String, AtomicInteger> ASKED = new ConcurrentHashMap<>();
    private static final List<String> FORMS = new CopyOnWriteArrayList<>();

    private static HttpServer issuer;
    private static TestUpstream upstream;
    private static Gateway gateway;
    private static volatile boolean trusts;

    @BeforeAll
    static void start() throws Exception {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.createContext("/", TokenGatewayTest::answer);
        issuer.start();
        upstream = TestUpstream.answering(OK);
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTrustedProxy(address -> trusts)
                .withPolicies(new GuardPolicies(STATE)));
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
        STATE.close();
        FETCH.close();
        issuer.stop(0);
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII);
            int status = 200;
            String answer;
            if (path.equals("/introspect")) {
                FORMS.add(exchange.getRequestMethod() + " "
                        + exchange.getRequestHeaders().getFirst("Authorization") + " "
                        + exchange.getRequestHeaders().getFirst("Content-Type") + " " + body);
                answer = "{\"active\":" + body.contains("token=live") + ",\"sub\":\"alice\",\"scope\":\"read\"}";
                status = body.contains("token=broken") ? 500 : 200;
            } else {
                ASKED.computeIfAbsent(path, unknown -> new AtomicInteger()).incrementAndGet();
                answer = KEYS.getOrDefault(path, "");
                status = answer.isEmpty() ? 503 : 200;
            }
            byte[] bytes = answer.getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static void serve(String policy, String... more) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}]}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            - {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}], %s}}
            """.formatted(policy) + String.join("", more), upstream.address());
        upstream.heads.clear();
    }

    /** Tokens of an issuer of this name, whose keys are at a path of the same name. */
    private static String jwt(String name) {
        return "{jwt: {providers: [{name: i, issuer: 'https://" + name
                + "', audiences: [api], claimToHeaders: [{claim: sub, header:"
                + " X-User}], remoteJWKS: {uri: 'http://127.0.0.1:"
                + issuer.getAddress().getPort() + "/" + name + "'}}]}}";
    }

    private static void serveTokensOf(String name, String... keys) throws Exception {
        KEYS.put("/" + name, TestIssuer.jwks(keys));
        serve("authentication: {anyOf: [" + jwt(name) + "]}");
    }

    private static int asked(String name) {
        return ASKED.get("/" + name).get();
    }

    private static String claims(String name, String more) {
        return claims("https://" + name, Duration.ofHours(2), more);
    }

    private static String claims(String issuer, Duration life, String more) {
        long expires = CLOCK.instant().plus(life).getEpochSecond();
        return "{\"iss\":\"" + issuer + "\",\"aud\":\"api\",\"exp\":" + expires + "," + more + "}";
    }

    private static String token(String name, String keyId, KeyPair key, String more) {
        return TestIssuer.token(
                TestIssuer.header("RS256", keyId), claims(name, "\"sub\":\"alice\"" + more), "RS256", key.getPrivate());
    }

    private static RawClient.Response get(String... fields) throws IOException {
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            return get(client, fields);
        }
    }

    private static RawClient.Response get(RawClient client, String... fields) throws IOException {
        String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
        return client.send("GET / HTTP/1.1\r\nHost: a\r\n" + more + "\r\n").response();
    }

    private static String bearer(String token) {
        return "Authorization: Bearer " + token;
    }

    private static void later(Duration time) {
        LATER.addAndGet(time.toNanos());
    }

    @ParameterizedTest
    @ValueSource(strings = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
    void tokensOfEveryAlgorithmAreAccepted(String algorithm) throws Exception {
        String name = algorithm.toLowerCase(Locale.ROOT);
        KeyPair key = TestIssuer.pair("tokens", TestIssuer.kindFor(algorithm));
        KeyPair other = TestIssuer.pair("rotated", TestIssuer.kindFor(algorithm));
        serveTokensOf(name, TestIssuer.jwk("other", other, ""), TestIssuer.jwk("k", key, ""));
        String header = TestIssuer.header(algorithm, "k");
        String claims = claims(name, "\"sub\":\"" + algorithm + "\"");
        assertThat(get(bearer(TestIssuer.token(header, claims, algorithm, key.getPrivate())))
                        .status())
                .isEqualTo(200);
        assertThat(upstream.head()).containsIgnoringCase("x-user: " + algorithm);
        assertThat(get(bearer(TestIssuer.token(header, claims, algorithm, other.getPrivate())))
                        .status())
                .as("signed by another key of the same kind")
                .isEqualTo(401);
        assertThat(upstream.heads).isEmpty();
        assertThat(asked(name)).isEqualTo(1);
    }

    @Test
    void theIssuerItselfSaysWhereItsKeysAre() throws Exception {
        String base = "http://127.0.0.1:" + issuer.getAddress().getPort();
        KEYS.put("/found/.well-known/openid-configuration", """
                {"issuer": "%1$s/found", "jwks_uri": "%1$s/found/keys"}""".formatted(base));
        KEYS.put("/found/keys", TestIssuer.jwks(TestIssuer.jwk("rsa", RSA, "")));
        serve("authentication: {anyOf: [{jwt: {providers: [{name: i, issuer: '" + base
                + "/found', audiences: [api], discovery: true}]}}]}");
        for (int i = 0; i < 3; i++) {
            String claims = claims(base + "/found", Duration.ofHours(2), "\"n\":" + i);
            assertThat(get(bearer(signed(TestIssuer.header("RS256", "rsa"), claims, RSA)))
                            .status())
                    .isEqualTo(200);
            assertThat(get(bearer(signed(TestIssuer.header("RS256", "rsa"), claims, OTHER)))
                            .status())
                    .isEqualTo(401);
        }
        assertThat(asked("found/.well-known/openid-configuration")).isEqualTo(1);
        assertThat(asked("found/keys")).isEqualTo(1);
    }

    /** How often the route refused with this code since it was made. */
    private static long refused(String code) {
        return gateway.usage().routes().stream()
                .mapToLong(route -> route.faults().getOrDefault(code, 0L))
                .sum();
    }

    private static void awaitRefused(String code, long times) {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(refused(code)).as(code).isEqualTo(times));
    }

    @Test
    void forgedTokensReachNothing() throws Exception {
        serveTokensOf("forged", TestIssuer.jwk("rsa", RSA, ""));
        String claims = claims("forged", "\"sub\":\"alice\"");
        String unsigned = b64("{\"alg\":\"none\",\"kid\":\"rsa\"}") + "." + b64(claims) + ".";
        String confused = b64("{\"alg\":\"HS256\",\"kid\":\"rsa\"}") + "." + b64(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(RSA.getPublic().getEncoded(), "HmacSHA256"));
        byte[] signature = mac.doFinal(confused.getBytes(StandardCharsets.US_ASCII));
        String own = TestIssuer.jwk("rsa", OTHER, "");
        List<String> forged = new ArrayList<>(List.of(
                unsigned,
                unsigned + "AAAA",
                confused + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature),
                signed(TestIssuer.header("RS256", "rsa"), claims, OTHER),
                signed("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":" + own + "}", claims, OTHER),
                signed("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jku\":\"http://127.0.0.1:1/keys\"}", claims, OTHER),
                signed("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"other\"}", claims, RSA),
                signed(
                        TestIssuer.header("RS256", "rsa"),
                        claims("forged", "\"sub\":\"alice\",\"sub\":\"admin\""),
                        RSA)));
        for (String keyId : List.of("../../dev/null", "rsa' OR '1'='1", "rsa\\u0000", "http://127.0.0.1:1/keys")) {
            forged.add(signed("{\"alg\":\"RS256\",\"kid\":\"" + keyId + "\"}", claims, OTHER));
        }
        long before = refused("authentication-failed");
        for (String token : forged) {
            RawClient.Response refused = get(bearer(token));
            assertThat(refused.status()).as(token).isEqualTo(401);
            assertThat(refused.body()).contains("authentication-failed");
            assertThat(refused.field("www-authenticate")).startsWith("Bearer");
        }
        awaitRefused("authentication-failed", before + forged.size());
        assertThat(upstream.heads).isEmpty();
        assertThat(get(bearer(signed(TestIssuer.header("RS256", "rsa"), claims, RSA)))
                        .status())
                .isEqualTo(200);
    }

    private static String signed(String header, String claims, KeyPair key) {
        return TestIssuer.token(header, claims, "RS256", key.getPrivate());
    }

    private static String b64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void manyUnknownKeyIdsAreNotManyQuestions() throws Exception {
        serveTokensOf("flood", TestIssuer.jwk("rsa", RSA, ""));
        long before = refused("authentication-failed");
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            for (int i = 0; i < 100; i++) {
                String token = token("flood", "unknown-" + i, OTHER, "");
                assertThat(get(client, bearer(token)).status()).isEqualTo(401);
            }
        }
        assertThat(asked("flood")).isBetween(1, 2);
        awaitRefused("authentication-failed", before + 100);
        assertThat(upstream.heads).isEmpty();
    }

    @Test
    void keysMayChangeAndTheIssuerMayBeAway() throws Exception {
        serveTokensOf("rotating", TestIssuer.jwk("first", RSA, ""));
        assertThat(get(bearer(token("rotating", "first", RSA, ""))).status()).isEqualTo(200);
        KEYS.put("/rotating", TestIssuer.jwks(TestIssuer.jwk("first", RSA, ""), TestIssuer.jwk("second", OTHER, "")));
        later(Duration.ofSeconds(11));
        assertThat(get(bearer(token("rotating", "second", OTHER, ""))).status()).isEqualTo(200);
        assertThat(asked("rotating")).isEqualTo(2);
        KEYS.remove("/rotating");
        later(Duration.ofMinutes(20));
        for (int i = 0; i < 3; i++) {
            String unseen = token("rotating", "first", RSA, ",\"n\":" + i);
            assertThat(get(bearer(unseen)).status())
                    .as("the last good keys count")
                    .isEqualTo(200);
        }
        long before = refused("authentication-unavailable");
        later(Duration.ofHours(1));
        RawClient.Response nobodyKnows = get(bearer(token("rotating", "first", RSA, ",\"n\":3")));
        assertThat(nobodyKnows.status()).isEqualTo(503);
        assertThat(nobodyKnows.body()).contains("authentication-unavailable");
        assertThat(nobodyKnows.field("retry-after")).isNotEmpty();
        awaitRefused("authentication-unavailable", before + 1);
    }

    @Test
    void aTokenThatWasAcceptedIsForgottenWithItsKeyAndWithItsTime() throws Exception {
        serveTokensOf("passing", TestIssuer.jwk("first", RSA, ""), TestIssuer.jwk("second", OTHER, ""));
        String first = token("passing", "first", RSA, "");
        String brief = signed(
                TestIssuer.header("RS256", "second"),
                claims("https://passing", Duration.ofMinutes(1), "\"sub\":\"alice\""),
                OTHER);
        for (String token : List.of(first, first, brief, brief)) {
            assertThat(get(bearer(token)).status()).isEqualTo(200);
        }
        KEYS.put("/passing", TestIssuer.jwks(TestIssuer.jwk("second", OTHER, "")));
        later(Duration.ofSeconds(11));
        assertThat(get(bearer(first)).status())
                .as("it is remembered: nobody looks at the keys")
                .isEqualTo(200);
        assertThat(asked("passing")).isEqualTo(1);
        // a key that is not known makes the gateway ask
        assertThat(get(bearer(token("passing", "third", RSA, ""))).status()).isEqualTo(401);
        assertThat(asked("passing")).isEqualTo(2);
        assertThat(get(bearer(first)).status()).as("its key was taken back").isEqualTo(401);
        assertThat(get(bearer(brief)).status()).isEqualTo(200);
        // less than what is remembered lives, and more than what was left of the token
        later(Duration.ofMinutes(3));
        assertThat(get(bearer(brief)).status()).as("its time is over").isEqualTo(401);
        assertThat(get(bearer(token("passing", "second", OTHER, ""))).status()).isEqualTo(200);
    }

    @Test
    void theFirstMethodWhoseCredentialIsRightDecides() throws Exception {
        KEYS.put("/several", TestIssuer.jwks(TestIssuer.jwk("rsa", RSA, "")));
        String key = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest("key-1".getBytes(StandardCharsets.US_ASCII)));
        String password = "pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0$" + hash();
        serve(
                "authentication: {anyOf: [" + jwt("several")
                        + ", {apiKey: {}}, {basic: {}}]}, authorization: {rules: [{principal:"
                        + " {consumers: [app]}}, {principal: {claims: [{name: sub, values: [alice]}]}}]}",
                "- {kind: Consumer, metadata: {name: app}, spec: {credentials: [{apiKey: {hash: " + key
                        + "}}, {basic: {username: al, hash: '" + password + "'}}]}}\n",
                "- {kind: Consumer, metadata: {name: bob}, spec: {credentials: [{basic: {username: bob, hash: '"
                        + password + "'}}]}}\n");
        String token = bearer(token("several", "rsa", RSA, ""));
        String basic = "Authorization: Basic YWw6d29yZA==";
        assertThat(get().status()).isEqualTo(401);
        assertThat(get(token).status()).isEqualTo(200);
        assertThat(get("X-Api-Key: key-1").status()).isEqualTo(200);
        assertThat(get(basic).status()).isEqualTo(200);
        assertThat(get("Authorization: Basic Ym9iOndvcmQ=").status())
                .as("known, and not allowed")
                .isEqualTo(403);
        String forged = bearer(token("several", "rsa", OTHER, ""));
        assertThat(get(forged).status()).isEqualTo(401);
        assertThat(get(forged, "X-Api-Key: wrong").status()).isEqualTo(401);
        assertThat(get(forged, "X-Api-Key: key-1").status())
                .as("one that is right is enough")
                .isEqualTo(200);
        assertThat(get(token, "X-Api-Key: key-1").status()).isEqualTo(200);
        assertThat(upstream.heads).hasSize(5);
        assertThat(List.copyOf(upstream.heads).getLast())
                .as("the token came first: its claims are passed on")
                .containsIgnoringCase("x-user: alice");
    }

    /** Of the password "word". */
    private static String hash() throws Exception {
        var spec = new javax.crypto.spec.PBEKeySpec(
                "word".toCharArray(), "saltsaltsalt".getBytes(StandardCharsets.US_ASCII), 1000, 256);
        return Base64.getEncoder()
                .encodeToString(javax.crypto.SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                        .generateSecret(spec)
                        .getEncoded());
    }

    @Test
    void requestsAreCountedByClaimByHeaderAndByWhatTheyCost() throws Exception {
        KEYS.put("/counted", TestIssuer.jwks(TestIssuer.jwk("rsa", RSA, "")));
        serve("authentication: {anyOf: [" + jwt("counted")
                + "]}, rateLimit: [{key: Claim, name: tenant, requests: 1, unit: Hour, burst: 2}]");
        String blue = bearer(token("counted", "rsa", RSA, ",\"tenant\":\"blue\""));
        String other = bearer(token("counted", "rsa", RSA, ",\"tenant\":\"blue\",\"n\":1"));
        assertThat(get(blue).status()).isEqualTo(200);
        assertThat(get(other).status()).as("another token of the same tenant").isEqualTo(200);
        RawClient.Response refused = get(blue);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.body()).contains("rate-limited");
        assertThat(get(bearer(token("counted", "rsa", RSA, ",\"tenant\":\"green\"")))
                        .status())
                .isEqualTo(200);

        serve(
                "rateLimit: [{key: Header, name: X-Team, requests: 1, unit: Hour, burst: 10, cost: \"request.headers['x-size'] =="
                        + " 'large' ? 8 : 1\"}]");
        assertThat(get("X-Team: a", "X-Size: large").field("ratelimit")).contains("r=2;");
        assertThat(get("X-Team: a", "X-Size: large").status()).isEqualTo(429);
        assertThat(get("X-Team: a", "X-Size: small").status()).isEqualTo(200);
        assertThat(get("X-Team: b", "X-Size: large").status()).isEqualTo(200);
    }

    @Test
    void aLimitThatSaysNothingIsAHundredASecondAndTwoHundredAtOnce() throws Exception {
        serve("rateLimit: [{}]");
        RawClient.Response response = get();
        assertThat(response.field("ratelimit-policy")).isEqualTo("\"p-0\";q=200;w=2");
        assertThat(response.field("ratelimit")).contains("r=199;");
    }

    @Test
    void addressesOfVersionSixAreDeniedIfTheirProxyIsTrusted() throws Exception {
        serve("ipRestriction: {deny: ['2001:db8::/32']}");
        String denied = "X-Forwarded-For: 2001:db8::7";
        assertThat(get(denied).status()).as("anybody can say so").isEqualTo(200);
        trusts = true;
        try {
            assertThat(get(denied).status()).isEqualTo(403);
            assertThat(get("X-Forwarded-For: 2001:DB8:ffff:0:0:0:0:1").body()).contains("address-not-allowed");
            assertThat(get("X-Forwarded-For: 2001:db9::7").status()).isEqualTo(200);
        } finally {
            trusts = false;
        }
        assertThat(upstream.heads).hasSize(2);
    }

    @Test
    void anIssuerIsAskedOnceAboutAnOpaqueToken() throws Exception {
        serve("authentication: {anyOf: [{introspection: {uri: 'http://127.0.0.1:"
                + issuer.getAddress().getPort()
                + "/introspect', clientId: 'gate:way', clientSecret: 's/cret'}}]}, authorization: {rules: [{principal: {scopes:"
                + " [read]}}]}");
        long dead = refused("authentication-failed");
        long unavailable = refused("authentication-unavailable");
        for (int i = 0; i < 5; i++) {
            assertThat(get(bearer("live+1")).status()).isEqualTo(200);
            assertThat(get(bearer("dead")).status()).isEqualTo(401);
        }
        String credentials =
                Base64.getEncoder().encodeToString("gate%3Away:s%2Fcret".getBytes(StandardCharsets.US_ASCII));
        String head = "POST Basic " + credentials + " application/x-www-form-urlencoded ";
        assertThat(FORMS)
                .containsExactly(
                        head + "token=live%2B1&token_type_hint=access_token",
                        head + "token=dead&token_type_hint=access_token");
        RawClient.Response broken = get(bearer("broken"));
        assertThat(broken.status()).isEqualTo(503);
        assertThat(broken.body()).contains("authentication-unavailable");
        assertThat(broken.field("retry-after")).isNotEmpty();
        awaitRefused("authentication-failed", dead + 5);
        awaitRefused("authentication-unavailable", unavailable + 1);
        assertThat(upstream.heads).hasSize(5);
    }
}
