package io.aerofusion.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Named.named;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.aerofusion.gateway.security.JwtVerifier.Invalid;
import io.aerofusion.gateway.security.JwtVerifier.Outcome;
import io.aerofusion.gateway.security.JwtVerifier.Verified;
import io.aerofusion.route.Revocation;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtVerifierTest {
    private static final long NOW = 1_800_000_000L;
    private static final KeyPair RSA = TestIssuer.pair("a", "RSA");
    private static final KeyPair OTHER_RSA = TestIssuer.pair("b", "RSA");
    private static final KeyPair EC = TestIssuer.pair("a", "secp256r1");

    private final RevokedTokens.Current revoked = new RevokedTokens.Current();
    private final AtomicLong millis = new AtomicLong(NOW * 1000);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());

    private JwtVerifier verifier(String... keys) {
        return verifier(
                JwtSettings.of(TestIssuer.NAME, List.of("api"), new JwtSettings.Keys.Local(TestIssuer.jwks(keys))));
    }

    private JwtVerifier verifier(JwtSettings settings) {
        Fetch none = (uri, headers, form) -> CompletableFuture.failedFuture(new IllegalStateException("no network"));
        return JwtVerifier.of(settings, none, clock, () -> millis.get() * 1_000_000, revoked);
    }

    private static String good(String... more) {
        return rs256(TestIssuer.header("RS256", "k1"), TestIssuer.claims(NOW + 600, more));
    }

    private static String rs256(String header, String claims) {
        return TestIssuer.token(header, claims, "RS256", RSA.getPrivate());
    }

    @ParameterizedTest
    @EnumSource
    void everyAlgorithmVerifiesItsOwnTokensAndNoOther(JwsAlgorithm algorithm) {
        KeyPair pair = TestIssuer.pair("a", TestIssuer.kindFor(algorithm.name()));
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", pair, ",\"use\":\"sig\",\"key_ops\":[\"verify\"]"));
        String token = TestIssuer.token(
                TestIssuer.header(algorithm.name(), "k1"),
                TestIssuer.claims(NOW + 600),
                algorithm.name(),
                pair.getPrivate());
        assertThat(verifier.verify(token)).isInstanceOfSatisfying(Verified.class, verified -> {
            assertThat(verified.token().subject()).isEqualTo("alice");
            assertThat(verified.token().expiresAt()).isEqualTo((NOW + 660) * 1000);
        });
        int dot = token.lastIndexOf('.');
        char before = token.charAt(dot - 5);
        String changed = token.substring(0, dot - 5) + (before == 'A' ? 'B' : 'A') + token.substring(dot - 4);
        assertThat(verifier.verify(changed)).isInstanceOf(Invalid.class);
        for (JwsAlgorithm other : JwsAlgorithm.values()) {
            boolean same = other.curve().equals(algorithm.curve())
                    && other.curve().isPresent()
                    && !other.name().startsWith("ES");
            if (other != algorithm && !same) {
                String confused = TestIssuer.token(
                        TestIssuer.header(other.name(), "k1"),
                        TestIssuer.claims(NOW + 600),
                        algorithm.name(),
                        pair.getPrivate());
                assertThat(verifier.verify(confused)).as(other.name()).isInstanceOf(Invalid.class);
            }
        }
    }

    /** The vectors: what strangers try, and what has to be said to it. */
    static Stream<Arguments> tokensThatAreNotAccepted() throws Exception {
        String good = good();
        String[] parts = good.split("\\.");
        String claims = TestIssuer.claims(NOW + 600);
        byte[] publicKey = RSA.getPublic().getEncoded();
        String lastChanged =
                parts[2].substring(0, parts[2].length() - 1) + otherTail(parts[2].charAt(parts[2].length() - 1));
        return Stream.of(
                vector("empty", "", Refusal.MALFORMED),
                vector("one part", parts[0], Refusal.MALFORMED),
                vector("two parts", parts[0] + "." + parts[1], Refusal.MALFORMED),
                vector("four parts", good + ".x", Refusal.MALFORMED),
                vector("encrypted form", good + ".x.y", Refusal.MALFORMED),
                vector("no signature", parts[0] + "." + parts[1] + ".", Refusal.MALFORMED),
                vector("no header", "." + parts[1] + "." + parts[2], Refusal.MALFORMED),
                vector("no claims", parts[0] + ".." + parts[2], Refusal.MALFORMED),
                vector("padded header", parts[0] + "=." + parts[1] + "." + parts[2], Refusal.MALFORMED),
                vector("padded signature", good + "==", Refusal.MALFORMED),
                vector("space inside", parts[0] + ". " + parts[1] + "." + parts[2], Refusal.MALFORMED),
                vector("newline at the end", good + "\n", Refusal.MALFORMED),
                vector(
                        "plain base64",
                        parts[0] + "." + parts[1] + "." + "+/" + parts[2].substring(2),
                        Refusal.MALFORMED),
                vector("bits left over", parts[0] + "." + parts[1] + "." + lastChanged, Refusal.MALFORMED),
                vector("a length that base64 has not", good + "AAA", Refusal.MALFORMED),
                vector("beyond ASCII", good + "é", Refusal.MALFORMED),
                vector("beyond ISO-8859-1", "\u4e00" + good.substring(1), Refusal.MALFORMED),
                vector("too long", good + "A".repeat(JwtSettings.TOKEN_LENGTH_MAX), Refusal.TOO_LARGE),
                vector("header no object", rs256("[]", claims), Refusal.MALFORMED),
                vector("header null", rs256("null", claims), Refusal.MALFORMED),
                vector("header no JSON", rs256("alg:RS256", claims), Refusal.MALFORMED),
                vector("header twice", rs256("{\"alg\":\"RS256\"}{\"alg\":\"RS256\"}", claims), Refusal.MALFORMED),
                vector("header with a byte order mark", rs256("\ufeff{\"alg\":\"RS256\"}", claims), Refusal.MALFORMED),
                vector("alg twice", rs256("{\"alg\":\"none\",\"alg\":\"RS256\"}", claims), Refusal.MALFORMED),
                vector(
                        "alg twice, escaped",
                        rs256("{\"alg\":\"none\",\"\\u0061lg\":\"RS256\"}", claims),
                        Refusal.MALFORMED),
                vector("alg missing", rs256("{\"kid\":\"k1\"}", claims), Refusal.ALGORITHM),
                vector("alg null", rs256("{\"alg\":null}", claims), Refusal.ALGORITHM),
                vector("alg a number", rs256("{\"alg\":256}", claims), Refusal.ALGORITHM),
                vector("alg a list", rs256("{\"alg\":[\"RS256\"]}", claims), Refusal.ALGORITHM),
                vector("alg lower case", rs256(TestIssuer.header("rs256", "k1"), claims), Refusal.ALGORITHM),
                vector("alg none", rs256(TestIssuer.header("none", "k1"), claims), Refusal.ALGORITHM),
                vector(
                        "alg none, unsigned",
                        TestIssuer.b64("{\"alg\":\"none\"}") + "." + parts[1] + ".",
                        Refusal.MALFORMED),
                vector("alg NoNe", TestIssuer.b64("{\"alg\":\"NoNe\"}") + "." + parts[1] + ".AA", Refusal.ALGORITHM),
                vector("HMAC with the public key", hmac("HS256", publicKey, claims), Refusal.ALGORITHM),
                vector("HMAC with its PEM", hmac("HS256", pem(publicKey), claims), Refusal.ALGORITHM),
                vector(
                        "crit",
                        rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"],\"exp\":1}", claims),
                        Refusal.CRITICAL),
                vector("crit empty", rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[]}", claims), Refusal.CRITICAL),
                vector(
                        "b64 false",
                        rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"b64\":false}", claims),
                        Refusal.CRITICAL),
                vector("zip", rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"zip\":\"DEF\"}", claims), Refusal.CRITICAL),
                vector(
                        "typ of another kind",
                        rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"secevent+jwt\"}", claims),
                        Refusal.TYPE),
                vector("typ no text", rs256("{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":1}", claims), Refusal.TYPE),
                vector("kid unknown", rs256(TestIssuer.header("RS256", "k2"), claims), Refusal.UNKNOWN_KEY),
                vector(
                        "kid a path",
                        rs256(TestIssuer.header("RS256", "../../../../dev/null"), claims),
                        Refusal.UNKNOWN_KEY),
                vector(
                        "kid SQL",
                        rs256(TestIssuer.header("RS256", "k1' UNION SELECT 'x"), claims),
                        Refusal.UNKNOWN_KEY),
                vector("kid a number", rs256("{\"alg\":\"RS256\",\"kid\":1}", claims), Refusal.UNKNOWN_KEY),
                vector("kid null", rs256("{\"alg\":\"RS256\",\"kid\":null}", claims), Refusal.UNKNOWN_KEY),
                vector("kid too long", rs256(TestIssuer.header("RS256", "k".repeat(257)), claims), Refusal.UNKNOWN_KEY),
                vector(
                        "the key that signed it inside",
                        TestIssuer.token(
                                "{\"alg\":\"RS256\",\"kid\":\"k1\",\"jwk\":" + TestIssuer.jwk("k1", OTHER_RSA, "")
                                        + "}",
                                claims,
                                "RS256",
                                OTHER_RSA.getPrivate()),
                        Refusal.SIGNATURE),
                vector(
                        "an address of keys inside",
                        TestIssuer.token(
                                "{\"alg\":\"RS256\",\"kid\":\"k1\",\"jku\":\"https://evil.example/keys\",\"x5u\":\"https://evil.example\"}",
                                claims,
                                "RS256",
                                OTHER_RSA.getPrivate()),
                        Refusal.SIGNATURE),
                vector(
                        "of another key",
                        TestIssuer.token(TestIssuer.header("RS256", "k1"), claims, "RS256", OTHER_RSA.getPrivate()),
                        Refusal.SIGNATURE),
                vector(
                        "of another hash",
                        TestIssuer.token(TestIssuer.header("RS256", "k1"), claims, "RS512", RSA.getPrivate()),
                        Refusal.SIGNATURE),
                vector(
                        "PSS said to be PKCS1",
                        TestIssuer.token(TestIssuer.header("RS256", "k1"), claims, "PS256", RSA.getPrivate()),
                        Refusal.SIGNATURE),
                vector(
                        "ES256 with an RSA key",
                        TestIssuer.token(TestIssuer.header("ES256", "k1"), claims, "ES256", EC.getPrivate()),
                        Refusal.UNKNOWN_KEY),
                vector("signature short", parts[0] + "." + parts[1] + ".AAAA", Refusal.SIGNATURE),
                vector(
                        "signature zero",
                        parts[0] + "." + parts[1] + "." + StrictBase64.url(new byte[256]),
                        Refusal.SIGNATURE),
                vector("EC signature zero", raw("ES256", "ec", claims, new byte[64]), Refusal.SIGNATURE),
                vector("EC signature of the order", raw("ES256", "ec", claims, order()), Refusal.SIGNATURE),
                vector(
                        "EC signature as DER",
                        raw("ES256", "ec", claims, der(EC.getPrivate(), claims)),
                        Refusal.SIGNATURE),
                vector("claims no object", rs256(TestIssuer.header("RS256", "k1"), "\"alice\""), Refusal.MALFORMED),
                vector("claims no JSON", rs256(TestIssuer.header("RS256", "k1"), "alice"), Refusal.MALFORMED),
                vector("a claim twice", good("\"sub\":\"root\""), Refusal.MALFORMED),
                vector("a claim twice, deep", good("\"a\":{\"b\":1,\"b\":2}"), Refusal.MALFORMED),
                vector("a nested bomb", good("\"a\":" + "[".repeat(2000) + "]".repeat(2000)), Refusal.MALFORMED),
                vector("an endless number", good("\"a\":" + "9".repeat(200)), Refusal.MALFORMED),
                vector("NaN", good("\"a\":NaN"), Refusal.MALFORMED),
                vector("invalid UTF-8", latin1Claims(), Refusal.MALFORMED),
                vector(
                        "exp missing",
                        rs256(
                                TestIssuer.header("RS256", "k1"),
                                "{\"iss\":\"" + TestIssuer.NAME + "\",\"aud\":\"api\"}"),
                        Refusal.CLAIMS),
                vector("exp a text", claimed("\"exp\":\"" + (NOW + 600) + "\""), Refusal.CLAIMS),
                vector("exp null", claimed("\"exp\":null"), Refusal.CLAIMS),
                vector("exp beyond time", claimed("\"exp\":1e300"), Refusal.CLAIMS),
                vector("exp infinite", claimed("\"exp\":1e999"), Refusal.CLAIMS),
                vector("exp over", claimed("\"exp\":" + (NOW - 60)), Refusal.EXPIRED),
                vector("exp negative", claimed("\"exp\":-1"), Refusal.EXPIRED),
                vector("nbf to come", good("\"nbf\":" + (NOW + 61)), Refusal.NOT_YET_VALID),
                vector("nbf a text", good("\"nbf\":\"0\""), Refusal.CLAIMS),
                vector("iat to come", good("\"iat\":" + (NOW + 61)), Refusal.NOT_YET_VALID),
                vector(
                        "sub a number",
                        rs256(
                                TestIssuer.header("RS256", "k1"),
                                "{\"iss\":\"" + TestIssuer.NAME + "\",\"aud\":\"api\",\"exp\":" + (NOW + 9)
                                        + ",\"sub\":7}"),
                        Refusal.CLAIMS),
                vector(
                        "iss another",
                        rs256(
                                TestIssuer.header("RS256", "k1"),
                                "{\"iss\":\"https://issuer.example/\",\"aud\":\"api\",\"exp\":" + (NOW + 9) + "}"),
                        Refusal.ISSUER),
                vector(
                        "iss missing",
                        rs256(TestIssuer.header("RS256", "k1"), "{\"aud\":\"api\",\"exp\":" + (NOW + 9) + "}"),
                        Refusal.ISSUER),
                vector("aud another", claimed("\"exp\":" + (NOW + 9), "\"aud\":\"API\""), Refusal.AUDIENCE),
                vector(
                        "aud others",
                        claimed("\"exp\":" + (NOW + 9), "\"aud\":[\"x\",{\"api\":\"api\"},7]"),
                        Refusal.AUDIENCE),
                vector(
                        "aud missing",
                        rs256(
                                TestIssuer.header("RS256", "k1"),
                                "{\"iss\":\"" + TestIssuer.NAME + "\",\"exp\":" + (NOW + 9) + "}"),
                        Refusal.AUDIENCE));
    }

    @ParameterizedTest
    @MethodSource
    void tokensThatAreNotAccepted(String token, Refusal refusal) {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""), TestIssuer.jwk("ec", EC, ""));
        assertThat(verifier.verify(token)).isEqualTo(new Invalid(refusal));
        assertThat(verifier.rememberedCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ",\"use\":\"enc\"",
                ",\"key_ops\":[\"sign\"]",
                ",\"key_ops\":[\"encrypt\",\"wrapKey\"]",
                ",\"alg\":\"RS512\"",
                ",\"alg\":\"RSA-OAEP\"",
                ",\"alg\":\"HS256\""
            })
    void aKeyIsOnlyUsedForWhatItIsFor(String members) {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, members), TestIssuer.jwk("ec", EC, ""));
        assertThat(verifier.verify(good())).isEqualTo(new Invalid(Refusal.UNKNOWN_KEY));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"keys\":[]}",
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
                "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
                "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"}]}",
                "{\"keys\":[],\"keys\":[]}",
                "not json"
            })
    void keySetsWithoutAKeyThatServesAreRefused(String jwks) {
        assertThatThrownBy(() -> verifier(JwtSettings.of("x", List.of(), new JwtSettings.Keys.Local(jwks))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shortKeysAreNoKeys() {
        String weak = TestIssuer.jwk("k1", TestIssuer.pair("weak", "RSA1024"), "");
        assertThatThrownBy(() -> verifier(weak)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTokenWithoutAKeyIdIsTriedWithTheKeysThatFit() {
        JwtVerifier verifier = verifier(
                TestIssuer.jwk("ec", EC, ""), TestIssuer.jwk("k2", OTHER_RSA, ""), TestIssuer.jwk("k1", RSA, ""));
        assertThat(verifier.verify(rs256("{\"alg\":\"RS256\"}", TestIssuer.claims(NOW + 60))))
                .isInstanceOf(Verified.class);
    }

    @Test
    void audiencesCanBeSeveralAndTimesFractions() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        assertThat(verifier.verify(claimed("\"exp\":" + NOW + ".5", "\"aud\":[\"x\",\"api\"]")))
                .isInstanceOf(Verified.class);
        assertThat(verifier.verify(claimed("\"exp\":1.80000006E9", "\"aud\":\"api\",\"nbf\":" + (NOW + 59))))
                .isInstanceOf(Verified.class);
        assertThat(verifier.verify(rs256(
                        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"application/AT+JWT\"}", TestIssuer.claims(NOW))))
                .isInstanceOf(Verified.class);
    }

    @Test
    void rolesAndScopesAreFoundWhereIssuersPutThem() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        Outcome outcome = verifier.verify(good(
                "\"roles\":[\"admin\",7]",
                "\"realm_access\":{\"roles\":[\"ops\"]}",
                "\"scope\":\"read  write\"",
                "\"scp\":[\"x\"]"));
        assertThat(outcome).isInstanceOfSatisfying(Verified.class, verified -> {
            assertThat(verified.token().roles()).containsExactlyInAnyOrder("admin", "ops");
            assertThat(verified.token().scopes()).containsExactlyInAnyOrder("read", "write", "x");
        });
    }

    @Test
    void onlyTheConfiguredAlgorithmsCount() {
        JwtSettings all = JwtSettings.of(
                TestIssuer.NAME, List.of(), new JwtSettings.Keys.Local(TestIssuer.jwks(TestIssuer.jwk("k1", RSA, ""))));
        JwtSettings some = new JwtSettings(
                all.issuer(),
                all.audiences(),
                EnumSet.of(JwsAlgorithm.ES256),
                Duration.ZERO,
                all.keys(),
                all.types(),
                List.of(),
                List.of());
        assertThat(verifier(some).verify(good())).isEqualTo(new Invalid(Refusal.ALGORITHM));
    }

    @Test
    void aVerifiedTokenIsRememberedUntilItExpires() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        String token = rs256(TestIssuer.header("RS256", "k1"), TestIssuer.claims(NOW + 10));
        assertThat(verifier.remembered(token)).isNull();
        Outcome first = verifier.verify(token);
        assertThat(verifier.remembered(token)).isSameAs(first);
        assertThat(verifier.verify(token)).isSameAs(first);
        assertThat(verifier.remembered(token + "A")).isNull();
        millis.addAndGet(69_999);
        assertThat(verifier.remembered(token)).isSameAs(first);
        millis.addAndGet(1);
        assertThat(verifier.remembered(token)).isNull();
        assertThat(verifier.verify(token)).isEqualTo(new Invalid(Refusal.EXPIRED));
        assertThat(verifier.rememberedCount()).isZero();
    }

    @Test
    void aLongLivedTokenIsLookedAtAgainEveryFewMinutes() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        String token = rs256(TestIssuer.header("RS256", "k1"), TestIssuer.claims(NOW + 86_400));
        verifier.verify(token);
        millis.addAndGet(JwtSettings.CACHED_MAX.toMillis() + 1100);
        assertThat(verifier.remembered(token)).isNull();
        assertThat(verifier.verify(token)).isInstanceOf(Verified.class);
    }

    private static Revocation revocation(
            @Nullable String jti, @Nullable String issuer, @Nullable String subject, long issuedBefore) {
        return new Revocation("r", jti, issuer, subject, issuedBefore, (NOW + 660) * 1000, "", "user:admin", 0);
    }

    @Test
    void aRevokedTokenIsRefusedAtOnceUntilItIsLiftedOrLapses() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        String token = good("\"jti\":\"t-1\"");
        String other = good("\"jti\":\"t-2\"");
        Outcome verified = verifier.verify(token);
        verifier.verify(other);
        revoked.set(RevokedTokens.of(List.of(revocation("t-1", null, null, 0))));
        assertThat(verifier.remembered(token)).isNull();
        assertThat(verifier.verify(token)).isEqualTo(new Invalid(Refusal.REVOKED));
        assertThat(verifier.remembered(other)).isNotNull();
        revoked.set(RevokedTokens.NONE);
        assertThat(verifier.verify(token)).isInstanceOf(Verified.class).isNotSameAs(verified);
        revoked.set(RevokedTokens.of(List.of(revocation("t-1", "https://other.example", null, 0))));
        assertThat(verifier.remembered(token)).as("another issuer's").isNotNull();
    }

    @Test
    void aRevocationCountsAsLongAsTheLastTokenAndTheSkew() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        String token = rs256(TestIssuer.header("RS256", "k1"), TestIssuer.claims(NOW + 86_400, "\"jti\":\"t-1\""));
        revoked.set(RevokedTokens.of(List.of(revocation("t-1", null, null, 0))));
        millis.addAndGet(Duration.ofMinutes(11).plus(JwtSettings.SKEW_MAX).toMillis() - 1);
        assertThat(verifier.verify(token)).isEqualTo(new Invalid(Refusal.REVOKED));
        millis.addAndGet(1);
        assertThat(verifier.verify(token)).isInstanceOf(Verified.class);
    }

    @Test
    void theTokensOfASubjectOrAnIssuerAreRevokedByTheTimeTheyWereIssued() {
        JwtVerifier verifier = verifier(TestIssuer.jwk("k1", RSA, ""));
        String older = good("\"iat\":" + (NOW - 10));
        String newer = good("\"iat\":" + NOW);
        String silent = good();
        for (String subject : new String[] {"alice", null}) {
            revoked.set(RevokedTokens.of(List.of(revocation(null, TestIssuer.NAME, subject, NOW * 1000))));
            assertThat(verifier.verify(older)).isEqualTo(new Invalid(Refusal.REVOKED));
            assertThat(verifier.verify(newer)).isInstanceOf(Verified.class);
            assertThat(verifier.verify(silent)).isEqualTo(new Invalid(Refusal.REVOKED));
            revoked.set(RevokedTokens.of(List.of(revocation(null, TestIssuer.NAME, subject, 0))));
            assertThat(verifier.verify(newer)).isEqualTo(new Invalid(Refusal.REVOKED));
        }
        revoked.set(RevokedTokens.of(List.of(revocation(null, TestIssuer.NAME, "bob", 0))));
        assertThat(verifier.verify(older)).isInstanceOf(Verified.class);
        revoked.set(RevokedTokens.of(List.of(revocation(null, "https://other.example", "alice", 0))));
        assertThat(verifier.verify(older)).isInstanceOf(Verified.class);
    }

    @Test
    void theIssuerOfAnUnverifiedTokenCanBeRead() {
        assertThat(JwtVerifier.claimedIssuer(good())).contains(TestIssuer.NAME);
        assertThat(JwtVerifier.claimedIssuer("opaque")).isEmpty();
        assertThat(JwtVerifier.claimedIssuer("a.b.c")).isEmpty();
        assertThat(JwtVerifier.claimedIssuer("a".repeat(9000))).isEmpty();
    }

    @Test
    void hashesOfSimilarTokensDiffer() {
        String token = good();
        assertThat(TokenKey.of(token)).isEqualTo(TokenKey.of(new String(token.toCharArray())));
        assertThat(TokenKey.of("a")).isNotEqualTo(TokenKey.of("a\0"));
        assertThat(TokenKey.of("")).isNotEqualTo(TokenKey.of("\0"));
        assertThat(Stream.iterate(0, i -> i + 1)
                        .limit(token.length())
                        .map(i -> TokenKey.of(token.substring(0, i) + '~' + token.substring(i + 1)))
                        .distinct())
                .hasSize(token.length());
        assertThat(TokenKey.of("x".repeat(TokenKey.LENGTH_MAX)).length()).isEqualTo(TokenKey.LENGTH_MAX);
        assertThatThrownBy(() -> TokenKey.of("x".repeat(TokenKey.LENGTH_MAX + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Arguments vector(String name, String token, Refusal refusal) {
        return arguments(named(name, token), refusal);
    }

    private static String claimed(String... members) {
        boolean audience = Arrays.stream(members).anyMatch(member -> member.startsWith("\"aud\""));
        return rs256(
                TestIssuer.header("RS256", "k1"),
                "{\"iss\":\"" + TestIssuer.NAME + "\"," + String.join(",", members)
                        + (audience ? "}" : ",\"aud\":\"api\"}"));
    }

    private static char otherTail(char tail) {
        // The last of 342 characters holds 2 bits of the signature and 4 bits that have to be zero.
        return (char) (tail + 1);
    }

    private static String raw(String algorithm, String keyId, String claims, byte[] signature) {
        return TestIssuer.b64(TestIssuer.header(algorithm, keyId)) + "." + TestIssuer.b64(claims) + "."
                + StrictBase64.url(signature);
    }

    private static byte[] der(PrivateKey key, String claims) throws Exception {
        java.security.Signature signature = java.security.Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update((TestIssuer.b64(TestIssuer.header("ES256", "ec")) + "." + TestIssuer.b64(claims))
                .getBytes(StandardCharsets.US_ASCII));
        return signature.sign();
    }

    /** r = s = the order of the group: congruent to zero. */
    private static byte[] order() {
        byte[] n = new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16).toByteArray();
        byte[] both = new byte[64];
        System.arraycopy(n, 1, both, 0, 32);
        System.arraycopy(n, 1, both, 32, 32);
        return both;
    }

    private static String hmac(String algorithm, byte[] key, String claims) throws Exception {
        String signed = TestIssuer.b64(TestIssuer.header(algorithm, "k1")) + "." + TestIssuer.b64(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return signed + "." + StrictBase64.url(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private static byte[] pem(byte[] key) {
        return ("-----BEGIN PUBLIC KEY-----\n"
                        + java.util.Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
                        + "\n-----END PUBLIC KEY-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String latin1Claims() {
        byte[] claims = TestIssuer.claims(NOW + 600, "\"name\":\"J\u00fcrgen\"").getBytes(StandardCharsets.ISO_8859_1);
        String signed = TestIssuer.b64(TestIssuer.header("RS256", "k1")) + "." + StrictBase64.url(claims);
        return signed + "." + StrictBase64.url(TestIssuer.sign(signed, "RS256", RSA.getPrivate()));
    }
}
