package io.aerofusion.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.aerofusion.gateway.security.JwtVerifier.Invalid;
import io.aerofusion.gateway.security.JwtVerifier.Outcome;
import io.aerofusion.gateway.security.JwtVerifier.Pending;
import io.aerofusion.gateway.security.JwtVerifier.Unavailable;
import io.aerofusion.gateway.security.JwtVerifier.Verified;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteKeysTest {
    private static final long NOW = 1_800_000_000L;
    private static final URI JWKS = URI.create("https://issuer.example/keys");
    private static final KeyPair FIRST = TestIssuer.pair("a", "secp256r1");
    private static final KeyPair SECOND = TestIssuer.pair("b", "secp256r1");

    private final AtomicLong millis = new AtomicLong(NOW * 1000);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    private final List<URI> asked = new ArrayList<>();
    private final List<CompletableFuture<Fetch.Response>> open = new ArrayList<>();

    private CompletionStage<Fetch.Response> fetch(URI uri, Map<String, String> headers, String form) {
        asked.add(uri);
        CompletableFuture<Fetch.Response> answer = new CompletableFuture<>();
        open.add(answer);
        return answer;
    }

    private final JwtVerifier verifier = verifier(new JwtSettings.Keys.Remote(JWKS, JwtSettings.FRESH));

    private JwtVerifier verifier(JwtSettings.Keys keys) {
        return JwtVerifier.of(
                JwtSettings.of(TestIssuer.NAME, List.of("api"), keys),
                this::fetch,
                clock,
                () -> millis.get() * 1_000_000,
                new RevokedTokens.Current());
    }

    private void answer(int status, String body) {
        open.removeFirst().complete(new Fetch.Response(status, body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String token(String keyId, KeyPair pair, String... more) {
        return TestIssuer.token(
                TestIssuer.header("ES256", keyId), TestIssuer.claims(NOW + 86_400, more), "ES256", pair.getPrivate());
    }

    private static final String ONE = TestIssuer.jwks(TestIssuer.jwk("k1", FIRST, ""));
    private static final String TWO =
            TestIssuer.jwks(TestIssuer.jwk("k1", FIRST, ""), TestIssuer.jwk("k2", SECOND, ""));

    private static Outcome of(Outcome outcome) {
        return outcome instanceof Pending pending
                ? pending.outcome().toCompletableFuture().getNow(outcome)
                : outcome;
    }

    private void load(String jwks) {
        verifier.verify(token("k1", FIRST));
        answer(200, jwks);
    }

    @Test
    void keysAreFetchedOnceForAllWhoWait() {
        Outcome first = verifier.verify(token("k1", FIRST));
        Outcome same = verifier.verify(token("k1", FIRST));
        Outcome other = verifier.verify(token("k1", FIRST, "\"jti\":\"2\""));
        Outcome forged = verifier.verify(token("k1", SECOND));
        assertThat(List.of(first, same, other, forged)).allMatch(Pending.class::isInstance);
        assertThat(asked).containsExactly(JWKS);
        answer(200, ONE);
        assertThat(of(first)).isInstanceOf(Verified.class);
        assertThat(of(same)).isInstanceOf(Verified.class);
        assertThat(of(other)).isInstanceOf(Verified.class);
        assertThat(of(forged)).isEqualTo(new Invalid(Refusal.SIGNATURE));
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"3\""))).isInstanceOf(Verified.class);
        assertThat(asked).hasSize(1);
    }

    @Test
    void aNewKeyIsFoundWhenATokenNamesIt() {
        load(ONE);
        millis.addAndGet(JwtSettings.REFRESH_PAUSE.toMillis());
        Outcome rotated = verifier.verify(token("k2", SECOND));
        assertThat(rotated).isInstanceOf(Pending.class);
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"2\"")))
                .as("those of known keys do not wait")
                .isInstanceOf(Verified.class);
        answer(200, TWO);
        assertThat(of(rotated)).isInstanceOf(Verified.class);
    }

    @Test
    void aFloodOfUnknownKeysAsksTheIssuerOnceInAWhile() {
        load(ONE);
        for (int i = 0; i < 5_000; i++) {
            assertThat(verifier.verify(token("unknown-" + i % 50, SECOND, "\"jti\":\"" + i % 200 + "\"")))
                    .isEqualTo(new Invalid(Refusal.UNKNOWN_KEY));
            millis.addAndGet(1);
        }
        assertThat(asked).as("within the pause").hasSize(1);
        millis.addAndGet(JwtSettings.REFRESH_PAUSE.toMillis());
        List<Outcome> waiting = new ArrayList<>();
        for (int i = 0; i < JwtSettings.WAITING_MAX + 10; i++) waiting.add(verifier.verify(forged("unknown-" + i)));
        assertThat(asked).hasSize(2);
        assertThat(waiting.stream().filter(Pending.class::isInstance)).hasSize(JwtSettings.WAITING_MAX);
        assertThat(waiting.getLast()).isEqualTo(new Unavailable());
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"honest\""))).isInstanceOf(Verified.class);
        answer(200, ONE);
        assertThat(of(waiting.getFirst())).isEqualTo(new Invalid(Refusal.UNKNOWN_KEY));
        assertThat(verifier.verify(forged("unknown"))).isEqualTo(new Invalid(Refusal.UNKNOWN_KEY));
        assertThat(asked).hasSize(2);
    }

    /** Signing costs time that a forger does not spend. */
    private static String forged(String keyId) {
        return TestIssuer.b64(TestIssuer.header("ES256", keyId)) + "." + TestIssuer.b64(TestIssuer.claims(NOW + 60))
                + "." + StrictBase64.url(new byte[64]);
    }

    @Test
    void aKeyThatWasTakenBackTakesItsTokensAlong() {
        load(TWO);
        String kept = token("k1", FIRST);
        String gone = token("k2", SECOND);
        Outcome before = verifier.verify(kept);
        assertThat(verifier.verify(gone)).isInstanceOf(Verified.class);
        millis.addAndGet(JwtSettings.FRESH.toMillis() + 1);
        verifier.verify(token("k1", FIRST, "\"jti\":\"any\""));
        assertThat(asked).as("refreshed in the background").hasSize(2);
        millis.addAndGet(-2);
        answer(200, ONE);
        assertThat(verifier.remembered(gone)).isNull();
        assertThat(verifier.verify(gone)).isEqualTo(new Invalid(Refusal.UNKNOWN_KEY));
        assertThat(verifier.verify(kept)).isInstanceOf(before.getClass());
    }

    @Test
    void whileTheIssuerIsDownTheLastGoodKeysCountForABoundedTime() {
        load(ONE);
        millis.addAndGet(JwtSettings.FRESH.toMillis() + 1);
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"2\""))).isInstanceOf(Verified.class);
        open.removeFirst().completeExceptionally(new java.net.ConnectException("down"));
        millis.addAndGet(JwtSettings.REFRESH_PAUSE.toMillis());
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"3\""))).isInstanceOf(Verified.class);
        answer(500, "oops");
        millis.addAndGet(JwtSettings.REFRESH_PAUSE.toMillis());
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"4\""))).isInstanceOf(Verified.class);
        answer(200, "{\"keys\":[]}");
        millis.addAndGet(JwtSettings.STALE_MAX.toMillis());
        Outcome late = verifier.verify(token("k1", FIRST, "\"jti\":\"5\""));
        open.removeFirst().completeExceptionally(new java.net.ConnectException("down"));
        assertThat(of(late)).isEqualTo(new Unavailable());
        assertThat(verifier.verify(token("k1", FIRST, "\"jti\":\"6\""))).isEqualTo(new Unavailable());
        millis.addAndGet(JwtSettings.REFRESH_PAUSE.toMillis());
        Outcome back = verifier.verify(token("k1", FIRST, "\"jti\":\"7\""));
        answer(200, ONE);
        assertThat(of(back)).isInstanceOf(Verified.class);
    }

    @Test
    void beforeTheFirstAnswerTokensCannotBeJudged() {
        Outcome outcome = verifier.verify(token("k1", FIRST));
        answer(404, "");
        assertThat(of(outcome)).isEqualTo(new Unavailable());
        assertThat(verifier.verify(token("k1", FIRST))).isEqualTo(new Unavailable());
        assertThat(asked).hasSize(1);
    }

    @Test
    void theOpenIdConfigurationNamesTheKeys() {
        JwtVerifier found = verifier(new JwtSettings.Keys.Discovered(JwtSettings.FRESH));
        Outcome outcome = found.verify(token("k1", FIRST));
        answer(200, "{\"issuer\":\"" + TestIssuer.NAME + "\",\"jwks_uri\":\"https://keys.example/all\"}");
        answer(200, ONE);
        assertThat(of(outcome)).isInstanceOf(Verified.class);
        assertThat(asked)
                .containsExactly(
                        URI.create("https://issuer.example/.well-known/openid-configuration"),
                        URI.create("https://keys.example/all"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://keys.example/all\"}",
                "{\"issuer\":\"https://issuer.example\",\"jwks_uri\":\"http://keys.example/all\"}",
                "{\"issuer\":\"https://issuer.example\",\"jwks_uri\":\"file:///etc/passwd\"}",
                "{\"issuer\":\"https://issuer.example\",\"jwks_uri\":7}",
                "{\"issuer\":\"https://issuer.example\",\"issuer\":\"https://issuer.example\",\"jwks_uri\":\"https://k.example\"}",
                "[]"
            })
    void anOpenIdConfigurationIsNotBelievedBlindly(String document) {
        JwtVerifier found = verifier(new JwtSettings.Keys.Discovered(JwtSettings.FRESH));
        Outcome outcome = found.verify(token("k1", FIRST));
        answer(200, document);
        assertThat(of(outcome)).isEqualTo(new Unavailable());
        assertThat(asked).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://issuer.example/keys",
                "ftp://issuer.example",
                "https:///keys",
                "https://me:pw@issuer.example/"
            })
    void keysAreOnlyFetchedWhereNobodyBetweenCanAnswer(String uri) {
        assertThatThrownBy(() -> new JwtSettings.Keys.Remote(URI.create(uri), JwtSettings.FRESH))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void overARealSocketAnswersAreBoundedAndRedirectsNotFollowed() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        Map<String, String> documents = new HashMap<>();
        documents.put("/keys", ONE);
        documents.put("/bomb", "x".repeat(HttpFetch.BODY_BYTES_MAX + 1));
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/moved")) exchange.getResponseHeaders().add("location", "/keys");
            byte[] body = documents.getOrDefault(path, "").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(path.equals("/moved") ? 302 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        try (HttpFetch fetch = new HttpFetch()) {
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            assertThat(outcome(base + "/keys", fetch)).isInstanceOf(Verified.class);
            assertThat(outcome(base + "/bomb", fetch)).isEqualTo(new Unavailable());
            assertThat(outcome(base + "/moved", fetch)).isEqualTo(new Unavailable());
        } finally {
            server.stop(0);
        }
    }

    private Outcome outcome(String uri, Fetch fetch) throws Exception {
        JwtVerifier real = JwtVerifier.of(
                JwtSettings.of(
                        TestIssuer.NAME,
                        List.of(),
                        new JwtSettings.Keys.Remote(URI.create(uri), Duration.ofMinutes(1))),
                fetch,
                clock,
                System::nanoTime,
                new RevokedTokens.Current());
        return ((Pending) real.verify(token("k1", FIRST)))
                .outcome()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }
}
