package io.aerofusion.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.route.Generation;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import io.aerofusion.route.Revocation;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies as people write them, and what becomes of requests. */
class GuardTest {
    private static final long NOW = 1_800_000_000L;
    private static final KeyPair PAIR = TestIssuer.pair("a", "secp256r1");
    private static final String KEY = "k-0123456789";

    private final AtomicLong millis = new AtomicLong(NOW * 1000);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    private final AtomicInteger asked = new AtomicInteger();
    private CompletionStage<Fetch.Response> answer = CompletableFuture.failedFuture(new IllegalStateException("down"));
    private final GuardState state = new GuardState(
            (uri, headers, form) -> {
                asked.incrementAndGet();
                return answer;
            },
            clock,
            () -> millis.get() * 1_000_000,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("no owner")));

    @AfterEach
    void close() {
        state.close();
    }

    private static Resource resource(String json) throws Exception {
        JsonNode tree = ResourceCodec.tree(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        return switch (ResourceCodec.read(tree, Instant.EPOCH)) {
            case ResourceCodec.Read.Valid valid -> valid.resource();
            case ResourceCodec.Read.Invalid invalid ->
                throw new AssertionError(invalid.problems().toString());
        };
    }

    private static Resource policy(String parts) throws Exception {
        return resource("{'kind':'Policy','metadata':{'name':'p'},'spec':{'targetRefs':[{'kind':'Gateway','name':'g'}],"
                + parts + "}}");
    }

    private static Resource consumer(String name, String spec) throws Exception {
        return resource("{'kind':'Consumer','metadata':{'name':'" + name + "'},'spec':{" + spec + "}}");
    }

    private List<Step> steps(String parts, Resource... consumers) throws Exception {
        PolicySpec spec = (PolicySpec) policy(parts).spec();
        List<Problem> problems = new ArrayList<>();
        Consumers known = Consumers.of(new Generation(1, List.of(consumers)), problems);
        assertThat(problems).isEmpty();
        PolicyCompiler compiler = new PolicyCompiler(state, known);
        List<Step> steps = compiler.steps(spec, Map.of("rateLimit", "p"));
        compiler.retain();
        return steps;
    }

    private static String jwt(String more) {
        String keys = TestIssuer.jwks(TestIssuer.jwk("k1", PAIR, ""));
        return "{'jwt':{'providers':[{'name':'i','issuer':'" + TestIssuer.NAME + "','audiences':['api'],'localJWKS':"
                + keys + more + "}]}}";
    }

    private static String bearer(String... claims) {
        return "Bearer "
                + TestIssuer.token(
                        TestIssuer.header("ES256", "k1"),
                        TestIssuer.claims(NOW + 600, claims),
                        "ES256",
                        PAIR.getPrivate());
    }

    private static String sha256(String text) {
        return HexFormat.of().formatHex(Consumers.sha256(text));
    }

    private static String pbkdf2(String password) throws Exception {
        byte[] salt = "saltsaltsalt".getBytes(StandardCharsets.US_ASCII);
        byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(password.toCharArray(), salt, 1000, 256))
                .getEncoded();
        return "pbkdf2-sha256$1000$" + Base64.getEncoder().encodeToString(salt) + "$"
                + Base64.getEncoder().encodeToString(hash);
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertRefused(Verdict verdict, int status, String code) {
        assertThat(verdict).isInstanceOfSatisfying(Verdict.Refuse.class, refuse -> {
            assertThat(refuse.status()).isEqualTo(status);
            assertThat(refuse.code()).isEqualTo(code);
        });
    }

    @Test
    void theFirstMethodWhoseCredentialIsRightWins() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[" + jwt("") + ",{'apiKey':{}},{'basic':{}}]}",
                consumer(
                        "shop",
                        "'roles':['buyer'],'credentials':[{'apiKey':{'hash':'" + sha256(KEY) + "','hint':'k-'}}]"),
                consumer(
                        "alice",
                        "'roles':['user'],'credentials':[{'jwt':{'issuer':'" + TestIssuer.NAME
                                + "','subject':'alice'}},{'basic':{'username':'al','hash':'" + pbkdf2("s3cret:!")
                                + "'}}]"));

        FakeRequest token = new FakeRequest()
                .with("authorization", bearer("'roles':['admin']".replace('\'', '"'), "\"scope\":\"read\""));
        assertThat(token.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(token.consumer).isEqualTo("alice");
        assertThat(token.principal).isInstanceOfSatisfying(Principal.class, principal -> {
            assertThat(principal.roles()).containsExactlyInAnyOrder("user", "admin");
            assertThat(principal.scopes()).containsExactly("read");
            assertThat(principal.scheme()).isEqualTo("jwt");
        });

        FakeRequest key = new FakeRequest().with("x-api-key", KEY);
        assertThat(key.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(key.consumer).isEqualTo("shop");

        FakeRequest password = new FakeRequest().with("authorization", basic("al:s3cret:!"));
        assertThat(password.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(password.consumer).isEqualTo("alice");
        FakeRequest again = new FakeRequest().with("authorization", basic("al:s3cret:!"));
        for (Step step : steps)
            assertThat(step.check(again)).as("remembered: no waiting").isEqualTo(Verdict.PASS);

        FakeRequest wrongTokenRightKey =
                new FakeRequest().with("authorization", "Bearer a.b.c").with("x-api-key", KEY);
        assertThat(wrongTokenRightKey.through(steps)).isEqualTo(Verdict.PASS);

        Verdict nothing = new FakeRequest().through(steps);
        assertRefused(nothing, 401, "authentication-required");
        assertThat(((Verdict.Refuse) nothing).headers().get("www-authenticate"))
                .isEqualTo(
                        "Bearer realm=\"gateway\", ApiKey realm=\"gateway\", Basic realm=\"gateway\", charset=\"UTF-8\"");
        Verdict wrong = new FakeRequest().with("authorization", bearer() + "A").through(steps);
        assertRefused(wrong, 401, "authentication-failed");
        assertThat(((Verdict.Refuse) wrong).headers().get("www-authenticate")).contains("error=\"invalid_token\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Basic",
                "Basic ",
                "Basic !",
                "Basic YWw6",
                "Basic YWw6czNjcmV0OiE",
                "Basic YWw6czNjcmV0OiE= ,",
                "Basic OnM=",
                "Basic YWw6d3Jvbmc=",
                "Basic Ym9iOnMzY3JldDoh"
            })
    void passwordsThatAreNotAccepted(String header) throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'basic':{}}]}",
                consumer("alice", "'credentials':[{'basic':{'username':'al','hash':'" + pbkdf2("s3cret:!") + "'}}]"));
        assertThat(new FakeRequest().with("authorization", header).through(steps))
                .isInstanceOfSatisfying(
                        Verdict.Refuse.class,
                        refuse -> assertThat(refuse.status()).isEqualTo(401));
    }

    @Test
    void twoAuthorizationHeadersAreNotReadInTwoWays() throws Exception {
        List<Step> steps = steps("'authentication':{'anyOf':[" + jwt("") + ",{'anonymous':{}}]}");
        assertRefused(
                new FakeRequest()
                        .with("authorization", bearer())
                        .with("authorization", bearer())
                        .through(steps),
                401,
                "authentication-failed");
    }

    @Test
    void nobodyPassesOnlyWithoutCredentialsAndOnlyWhereItIsAllowed() throws Exception {
        List<Step> steps = steps("'authentication':{'anyOf':[" + jwt("") + ",{'anonymous':{}}]}");
        FakeRequest nobody = new FakeRequest();
        assertThat(nobody.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(nobody.principal).isEqualTo(Principal.ANONYMOUS);
        assertRefused(
                new FakeRequest().with("authorization", "Bearer x.y.z").through(steps), 401, "authentication-failed");
    }

    @Test
    void apiKeysExpireAndCanStandInTheQuery() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'apiKey':{'headers':['X-Key'],'queryParams':['key']}}]}",
                consumer(
                        "shop",
                        "'credentials':[{'apiKey':{'hash':'" + sha256("a b&c") + "','hint':'','expiresAt':'"
                                + Instant.ofEpochSecond(NOW + 5) + "'}}]"),
                consumer(
                        "gone",
                        "'disabled':true,'credentials':[{'apiKey':{'hash':'" + sha256("gone") + "','hint':''}}]"));
        FakeRequest request = new FakeRequest();
        request.query = "xkey=1&key=a+b%26c&key=other";
        assertThat(request.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(request.consumer).isEqualTo("shop");
        assertRefused(new FakeRequest().with("x-key", "gone").through(steps), 401, "authentication-failed");
        assertRefused(new FakeRequest().with("x-key", "").through(steps), 401, "authentication-failed");
        assertRefused(new FakeRequest().with("x-key", "k".repeat(600)).through(steps), 401, "authentication-failed");
        request.query = "key=%zz";
        request.identify(null, null);
        assertRefused(request.through(steps), 401, "authentication-failed");
        millis.addAndGet(5000);
        assertRefused(new FakeRequest().with("x-key", "a b&c").through(steps), 401, "authentication-failed");
    }

    @Test
    void claimsReachUpstreamsInHeadersThatClientsCannotForge() throws Exception {
        List<Step> steps = steps("'authentication':{'anyOf':["
                + jwt(
                        ",'claimToHeaders':[{'claim':'sub','header':'X-User'},{'claim':'groups','header':'X-Groups'},{'claim':'evil','header':'X-Evil'}]")
                + ",{'anonymous':{}}]}");
        FakeRequest request = new FakeRequest()
                .with("authorization", bearer("\"groups\":[\"a\",\"b\"]", "\"evil\":\"x\\r\\nset-cookie: y\""))
                .with("x-user", "root")
                .with("x-evil", "forged");
        assertThat(request.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(request.headers("x-user")).containsExactly("alice");
        assertThat(request.headers("x-groups")).containsExactly("a,b");
        assertThat(request.headers("x-evil")).isEmpty();
        FakeRequest nobody = new FakeRequest().with("x-user", "root");
        assertThat(nobody.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(nobody.headers("x-user")).isEmpty();
    }

    @Test
    void anOpaqueTokenIsAskedAboutOnceAndRemembered() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'introspection':{'uri':'https://issuer.example/introspect','clientId':'gw','clientSecret':'s'}}]}");
        answer = CompletableFuture.completedFuture(
                response("{\"active\":true,\"sub\":\"bob\",\"scope\":\"a b\",\"exp\":" + (NOW + 20) + "}"));
        FakeRequest request = new FakeRequest().with("authorization", "Bearer opaque");
        assertThat(request.through(steps)).isEqualTo(Verdict.PASS);
        assertThat(((Principal) request.principal).scopes()).containsExactlyInAnyOrder("a", "b");
        assertThat(new FakeRequest().with("authorization", "Bearer opaque").through(steps))
                .isEqualTo(Verdict.PASS);
        assertThat(asked).hasValue(1);
        millis.addAndGet(20_001);
        answer = CompletableFuture.completedFuture(response("{\"active\":false}"));
        for (int i = 0; i < 5; i++)
            assertRefused(
                    new FakeRequest().with("authorization", "Bearer opaque").through(steps),
                    401,
                    "authentication-failed");
        assertThat(asked).hasValue(2);
    }

    @Test
    void whatIsRevokedHereIsRefusedWhateverTheIssuerSays() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'introspection':{'uri':'https://issuer.example/introspect','clientId':'gw','clientSecret':'s'}}]}");
        answer = CompletableFuture.completedFuture(
                response("{\"active\":true,\"iss\":\"i\",\"sub\":\"bob\",\"jti\":\"t-1\"}"));
        FakeRequest request = new FakeRequest().with("authorization", "Bearer opaque");
        assertThat(request.through(steps)).isEqualTo(Verdict.PASS);
        Revocation revocation =
                new Revocation("r", null, "i", "bob", 0, (NOW + 600) * 1000, "", "user:admin", NOW * 1000);
        state.revoked().set(RevokedTokens.of(List.of(revocation)));
        assertRefused(
                new FakeRequest().with("authorization", "Bearer opaque").through(steps), 401, "authentication-failed");
        assertThat(asked).as("nobody has to be asked for that").hasValue(1);
        state.revoked().set(RevokedTokens.NONE);
        assertThat(new FakeRequest().with("authorization", "Bearer opaque").through(steps))
                .isEqualTo(Verdict.PASS);
    }

    @Test
    void whileTheIssuerOfOpaqueTokensIsDownItIsLeftAlone() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'introspection':{'uri':'https://issuer.example/introspect','clientId':'gw','clientSecret':'s'}},{'anonymous':{}}]}");
        for (int i = 0; i < 50; i++)
            assertRefused(
                    new FakeRequest().with("authorization", "Bearer t" + i).through(steps),
                    503,
                    "authentication-unavailable");
        assertThat(asked).hasValue(Introspection.FAILURES_MAX);
        millis.addAndGet(Introspection.PAUSE.toMillis());
        assertRefused(
                new FakeRequest().with("authorization", "Bearer new").through(steps),
                503,
                "authentication-unavailable");
        assertRefused(
                new FakeRequest().with("authorization", "Bearer newer").through(steps),
                503,
                "authentication-unavailable");
        assertThat(asked).as("one tries").hasValue(Introspection.FAILURES_MAX + 1);
        millis.addAndGet(Introspection.PAUSE.toMillis());
        answer = CompletableFuture.completedFuture(response("{\"active\":true}"));
        assertThat(new FakeRequest().with("authorization", "Bearer new").through(steps))
                .isEqualTo(Verdict.PASS);
        assertThat(new FakeRequest().with("authorization", "Bearer newer").through(steps))
                .isEqualTo(Verdict.PASS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"active\":\"true\"}", "{\"active\":1}", "{}", "[]", "", "{\"active\":true,\"active\":false}"})
    void anAnswerAboutATokenThatIsNoneLetsNobodyIn(String body) throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'introspection':{'uri':'https://issuer.example/introspect','clientId':'gw','clientSecret':'s'}}]}");
        answer = CompletableFuture.completedFuture(response(body));
        assertRefused(
                new FakeRequest().with("authorization", "Bearer opaque").through(steps),
                503,
                "authentication-unavailable");
    }

    private static Fetch.Response response(String body) {
        return new Fetch.Response(200, body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theFirstRuleThatAppliesDecidesAndOtherwiseTheDefault() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[" + jwt("")
                        + ",{'apiKey':{}},{'anonymous':{}}]},'authorization':{'defaultAction':'Deny','rules':["
                        + "{'action':'Deny','principal':{'clientCIDRs':['198.51.100.0/24']}},"
                        + "{'principal':{'consumers':['shop']}},"
                        + "{'principal':{'roles':['admin','root']}},"
                        + "{'principal':{'scopes':['read','list']}},"
                        + "{'principal':{'claims':[{'name':'tenant.id','values':['t1','7']}]}},"
                        + "{'cel':'request.method == \\'GET\\' && request.path.startsWith(\\'/public/\\')'}]}"
                                .replace("\\'", "\\u0027"),
                consumer("shop", "'credentials':[{'apiKey':{'hash':'" + sha256(KEY) + "','hint':'k-'}}]"));
        assertRefused(new FakeRequest().through(steps), 403, "forbidden");
        assertThat(new FakeRequest().with("x-api-key", KEY).through(steps)).isEqualTo(Verdict.PASS);
        assertRefused(
                new FakeRequest().with("x-api-key", KEY).from("198.51.100.7").through(steps), 403, "forbidden");
        assertThat(new FakeRequest()
                        .with("authorization", bearer("\"roles\":[\"admin\"]"))
                        .through(steps))
                .isEqualTo(Verdict.PASS);
        assertRefused(
                new FakeRequest()
                        .with("authorization", bearer("\"scope\":\"read\""))
                        .through(steps),
                403,
                "forbidden");
        assertThat(new FakeRequest()
                        .with("authorization", bearer("\"scope\":\"list read\""))
                        .through(steps))
                .isEqualTo(Verdict.PASS);
        assertThat(new FakeRequest()
                        .with("authorization", bearer("\"tenant\":{\"id\":7}"))
                        .through(steps))
                .isEqualTo(Verdict.PASS);
        assertThat(new FakeRequest()
                        .with("authorization", bearer("\"tenant.id\":[\"t1\"]"))
                        .through(steps))
                .isEqualTo(Verdict.PASS);
        assertRefused(
                new FakeRequest()
                        .with("authorization", bearer("\"tenant\":{\"id\":8}"))
                        .through(steps),
                403,
                "forbidden");
        FakeRequest open = new FakeRequest();
        open.path = "/public/x";
        assertThat(open.through(steps)).isEqualTo(Verdict.PASS);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "true; true",
                "request.headers['X-Team'] == 'blue'; true",
                "has(request.headers.nope); false",
                "request.query['page'] == '2' && request.clientIp == '192.0.2.1'; true",
                "claims.level >= 3 && claims.tags.exists(t, t == 'b'); true",
                "'ops' in consumer.roles || consumer.name != ''; false",
                "request.route == 'orders' && request.path.matches('^/orders/[0-9]+$'); true",
                "claims.missing == 1; undecided",
                "request.headers['nope'] == 'x'; undecided",
                "request.headers.all(h, h != ''); undecided",
                "claims.level / 0 == 1; undecided"
            })
    void conditionsSeeTheRequestTheClaimsAndTheConsumer(String text, String expected) {
        Principal principal = new Principal(
                null,
                "alice",
                "jwt",
                java.util.Set.of(),
                java.util.Set.of(),
                Map.of(),
                Map.of("level", 3L, "tags", List.of("a", "b")));
        FakeRequest request = new FakeRequest().with("x-team", "blue");
        request.query = "page=2";
        Expression expression = Expression.compile(Expression.Kind.CONDITION, text);
        assertThat(expression.holds(request, principal).map(String::valueOf).orElse("undecided"))
                .isEqualTo(expected);
    }

    @Test
    void aConditionThatCannotBeEvaluatedRefusesWhateverItsRuleWouldDo() throws Exception {
        for (String action : List.of("Allow", "Deny")) {
            List<Step> steps = steps("'authorization':{'defaultAction':'Allow','rules':[{'action':'" + action
                    + "','cel':'claims.missing == 1'}]}");
            assertRefused(new FakeRequest().through(steps), 403, "forbidden");
        }
    }

    @Test
    void anExpressionCannotRunForLong() {
        String loops = "[1,2,3,4,5,6,7,8,9,10]";
        Expression nested = Expression.compile(
                Expression.Kind.CONDITION,
                loops + ".all(a, " + loops + ".all(b, " + loops + ".all(c, " + loops + ".all(d, a + b + c + d > 0))))");
        assertThat(nested.holds(new FakeRequest(), Principal.ANONYMOUS)).isEmpty();
    }

    @Test
    void addressesAreLetInOrNot() throws Exception {
        List<Step> steps =
                steps("'ipRestriction':{'allow':['10.0.0.0/8','2001:db8::/32','192.0.2.1'],'deny':['10.9.0.0/16']}");
        for (String in : List.of("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::9", "192.0.2.1")) {
            assertThat(new FakeRequest().from(in).through(steps)).as(in).isEqualTo(Verdict.PASS);
        }
        for (String out : List.of("10.9.1.1", "11.0.0.0", "9.255.255.255", "2001:db9::", "192.0.2.2", "::1")) {
            assertRefused(new FakeRequest().from(out).through(steps), 403, "address-not-allowed");
        }
    }

    @Test
    void limitsCountByWhatTheySayAndTellTheClient() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'apiKey':{}},{'anonymous':{}}]},'rateLimit':[{'key':'Consumer','requests':10,'burst':3}]",
                consumer("shop", "'credentials':[{'apiKey':{'hash':'" + sha256(KEY) + "','hint':'k-'}}]"));
        for (int i = 2; i >= 0; i--) {
            FakeRequest request = new FakeRequest().with("x-api-key", KEY).from("192.0.2." + i);
            assertThat(request.through(steps)).isEqualTo(Verdict.PASS);
            assertThat(request.responseHeaders)
                    .containsEntry("ratelimit-policy", "\"p-0\";q=3;w=1")
                    .containsEntry("ratelimit", "\"p-0\";r=" + i + ";t=1");
        }
        Verdict refused = new FakeRequest().with("x-api-key", KEY).through(steps);
        assertRefused(refused, 429, "rate-limited");
        assertThat(((Verdict.Refuse) refused).headers())
                .containsEntry("retry-after", "1")
                .containsEntry("ratelimit", "\"p-0\";r=0;t=1")
                .containsKey("ratelimit-policy");
        assertThat(new FakeRequest().through(steps))
                .as("nobody counts by the address")
                .isEqualTo(Verdict.PASS);
        millis.addAndGet(100);
        assertThat(new FakeRequest().with("x-api-key", KEY).through(steps)).isEqualTo(Verdict.PASS);
    }

    @Test
    void guessingIsLimitedByAddressBeforeAnybodyIsAsked() throws Exception {
        List<Step> steps = steps(
                "'authentication':{'anyOf':[{'apiKey':{}}]},'rateLimit':[{'key':'ClientIP','requests':1,'unit':'Minute','burst':2}]");
        for (int i = 0; i < 2; i++)
            assertRefused(
                    new FakeRequest().with("x-api-key", "guess" + i).through(steps), 401, "authentication-failed");
        assertRefused(new FakeRequest().with("x-api-key", "guess").through(steps), 429, "rate-limited");
        assertRefused(
                new FakeRequest().with("x-api-key", "guess").from("192.0.2.9").through(steps),
                401,
                "authentication-failed");
    }

    @Test
    void leavingTheHeaderOutIsNoWayAroundALimit() throws Exception {
        List<Step> steps =
                steps("'rateLimit':[{'key':'Header','name':'X-Device','requests':1,'unit':'Hour','burst':1}]");
        assertThat(new FakeRequest().with("x-device", "a").through(steps)).isEqualTo(Verdict.PASS);
        assertThat(new FakeRequest().with("x-device", "b").through(steps)).isEqualTo(Verdict.PASS);
        assertRefused(new FakeRequest().with("x-device", "a").through(steps), 429, "rate-limited");
        assertThat(new FakeRequest().through(steps)).isEqualTo(Verdict.PASS);
        assertRefused(new FakeRequest().through(steps), 429, "rate-limited");
    }

    @Test
    void aDryLimitOnlyCountsAndACostCanDependOnTheRequest() throws Exception {
        List<Step> dry = steps("'rateLimit':[{'key':'ClientIP','requests':1,'unit':'Hour','burst':1,'dryRun':true}]");
        for (int i = 0; i < 5; i++) {
            FakeRequest request = new FakeRequest();
            assertThat(request.through(dry)).isEqualTo(Verdict.PASS);
            assertThat(request.responseHeaders).isEmpty();
        }
        assertThat(state.limits().local("p/0").limitedCount()).isEqualTo(4);
        state.limits().retain(java.util.Set.of());
        List<Step> dear = steps(
                "'rateLimit':[{'key':'ClientIP','requests':1,'unit':'Hour','burst':10,'cost':'request.method == \\u0027GET\\u0027 ? 1 : 5'}]");
        FakeRequest write = new FakeRequest();
        write.method = "POST";
        assertThat(write.through(dear)).isEqualTo(Verdict.PASS);
        for (int i = 0; i < 5; i++) assertThat(new FakeRequest().through(dear)).isEqualTo(Verdict.PASS);
        assertRefused(new FakeRequest().through(dear), 429, "rate-limited");
    }

    @Test
    void aClusterWideLimitGoesOnByItsShareWhenNobodyAnswers() throws Exception {
        List<Step> steps =
                steps("'rateLimit':[{'key':'ClientIP','requests':1,'unit':'Hour','burst':2,'scope':'Global'}]");
        for (int i = 0; i < 2; i++) assertThat(new FakeRequest().through(steps)).isEqualTo(Verdict.PASS);
        assertRefused(new FakeRequest().through(steps), 429, "rate-limited");
    }

    @Test
    void aNewGenerationGoesOnWithWhatWasVerifiedAndCounted() throws Exception {
        String parts = "'authentication':{'anyOf':[" + jwt("")
                + "]},'rateLimit':[{'key':'Consumer','requests':1,'unit':'Hour','burst':2}]";
        String token = bearer();
        assertThat(new FakeRequest().with("authorization", token).through(steps(parts)))
                .isEqualTo(Verdict.PASS);
        List<Step> next = steps(
                parts,
                consumer(
                        "alice",
                        "'roles':['new'],'credentials':[{'jwt':{'issuer':'" + TestIssuer.NAME
                                + "','subject':'alice'}}]"));
        FakeRequest request = new FakeRequest().with("authorization", token);
        assertThat(request.through(next)).isEqualTo(Verdict.PASS);
        assertThat(((Principal) request.principal).roles()).containsExactly("new");
        List<Step> disabled = steps(
                parts,
                consumer(
                        "alice",
                        "'disabled':true,'credentials':[{'jwt':{'issuer':'" + TestIssuer.NAME
                                + "','subject':'alice'}}]"));
        assertRefused(new FakeRequest().with("authorization", token).through(disabled), 401, "authentication-failed");
    }

    @Test
    void everythingThatIsWrongWithAPolicyIsSaidWithItsPlace() throws Exception {
        Resource policy = policy(
                "'authentication':{'anyOf':[{'jwt':{'providers':["
                        + "{'name':'a','issuer':'https://a.example','localJWKS':{'keys':[]}},"
                        + "{'name':'b','issuer':'https://b.example','remoteJWKS':{'uri':'http://b.example/keys'}}]}},"
                        + "{'introspection':{'uri':'http://c.example/i','clientId':'x','clientSecret':'y'}}]},"
                        + "'authorization':{'rules':[{'cel':'1 + 1'},{'cel':'request.nothing == 1'},{'cel':'request.path.matches(\\u0027(\\u0027)'},{'principal':{'clientCIDRs':['10.0.0.1/8','fe80::%1/64']}}]},"
                        + "'ipRestriction':{'allow':['10.0.0.256'],'deny':['10.1/16']},"
                        + "'rateLimit':[{'key':'ClientIP','cost':'true'},{'key':'ClientIP','requests':1,'unit':'Hour','burst':1000000000}]");
        assertThat(PolicyCompiler.check(policy, (PolicySpec) policy.spec()))
                .extracting(problem -> problem.pointer() + " " + problem.code())
                .containsExactly(
                        "/spec/authentication/anyOf/0/jwt/providers/0/localJWKS invalid",
                        "/spec/authentication/anyOf/0/jwt/providers/1 invalid",
                        "/spec/authentication/anyOf/1/introspection/uri invalid",
                        "/spec/authorization/rules/0/cel invalid-cel",
                        "/spec/authorization/rules/1/cel invalid-cel",
                        "/spec/authorization/rules/2/cel invalid-cel",
                        "/spec/authorization/rules/3/principal/clientCIDRs/0 invalid",
                        "/spec/authorization/rules/3/principal/clientCIDRs/1 invalid",
                        "/spec/ipRestriction/allow/0 invalid",
                        "/spec/ipRestriction/deny/0 invalid",
                        "/spec/rateLimit/0/cost invalid-cel",
                        "/spec/rateLimit/1 out-of-range");
    }

    @Test
    void twoConsumersCannotShareACredential() throws Exception {
        List<Problem> problems = new ArrayList<>();
        String key = "'credentials':[{'apiKey':{'hash':'" + sha256(KEY) + "','hint':''}}]";
        Consumers.of(new Generation(1, List.of(consumer("a", key), consumer("b", key))), problems);
        assertThat(problems)
                .extracting(Problem::name, Problem::pointer, Problem::code)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("b", "/spec/credentials/0", "duplicate"));
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0/0, true",
        "10.0.0.0/8, true",
        "10.0.0.1, true",
        "::/0, true",
        "::1, true",
        "2001:db8::/48, true",
        "::ffff:10.0.0.0/104, true",
        "10.0.0.0/33, false",
        "10.0.0.1/8, false",
        "10.0.0/8, false",
        "010.0.0.1, false",
        "10.0.0.0/08, false",
        "10.0.0.0/-1, false",
        "::/129, false",
        "2001:db8::1/48, false",
        "::ffff:0:0/90, false",
        "example.com, false",
        "1, false",
        "'', false",
        "fe80::1%eth0, false",
        "10.0.0.0/, false"
    })
    void networksAreReadStrictly(String text, boolean network) {
        assertThat(Cidrs.isNetwork(text)).isEqualTo(network);
    }

    @Test
    void manyNetworksAreAskedLikeFew() {
        List<String> networks = new ArrayList<>();
        for (int i = 0; i < 10_000; i++)
            networks.add("10." + (i >> 8 & 255) + "." + (i & 255) + "." + (i % 2 == 0 ? "0/25" : "128/25"));
        networks.add("10.0.0.0/24");
        networks.add("2001:db8:8000::/33");
        Cidrs cidrs = Cidrs.of(networks);
        for (int i = 1; i < 10_000; i++) {
            String prefix = "10." + (i >> 8 & 255) + "." + (i & 255) + ".";
            assertThat(cidrs.contains(java.net.InetAddress.ofLiteral(prefix + "127")))
                    .isEqualTo(i % 2 == 0);
            assertThat(cidrs.contains(java.net.InetAddress.ofLiteral(prefix + "128")))
                    .isEqualTo(i % 2 == 1);
        }
        assertThat(cidrs.contains(java.net.InetAddress.ofLiteral("10.0.0.255"))).isTrue();
        assertThat(cidrs.contains(java.net.InetAddress.ofLiteral("2001:db8:ffff::1")))
                .isTrue();
        assertThat(cidrs.contains(java.net.InetAddress.ofLiteral("2001:db8:7fff::1")))
                .isFalse();
        assertThat(Cidrs.of(List.of("0.0.0.0/0")).contains(java.net.InetAddress.ofLiteral("255.255.255.255")))
                .isTrue();
        assertThat(Cidrs.of(List.of("::/0")).contains(java.net.InetAddress.ofLiteral("10.0.0.1")))
                .isFalse();
    }

    @Test
    void settingsHaveTheirDefaults() {
        JwtSettings usual = JwtSettings.of("i", List.of(), new JwtSettings.Keys.Local("{}"));
        assertThat(usual.clockSkew()).isEqualTo(Duration.ofSeconds(60));
        assertThat(usual.algorithms()).hasSize(11);
        assertThat(JwtSettings.TOKEN_LENGTH_MAX).isEqualTo(8192);
        assertThat(JwtSettings.CACHED_MAX).isEqualTo(Duration.ofMinutes(5));
        assertThat(JwtSettings.STALE_MAX).isEqualTo(Duration.ofHours(1));
        assertThat(JwtSettings.REFRESH_PAUSE).isEqualTo(Duration.ofSeconds(10));
    }
}
