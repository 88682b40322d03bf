package io.aerofusion.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.gateway.cache.CacheRules;
import io.aerofusion.gateway.cache.StoredResponse;
import io.aerofusion.platform.FieldTable;
import io.aerofusion.route.Generation;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.ResourceCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The defaults of policies that no document is filled up with, because the data path applies them: as docs/gateway-settings.md states them. */
class PolicyDefaultsTest {
    private static final long NOW = 1_800_000_000_000L;

    private final AtomicLong millis = new AtomicLong(NOW);
    private final AtomicInteger asked = new AtomicInteger();
    private final GuardState state = new GuardState(
            (uri, headers, form) -> {
                asked.incrementAndGet();
                return CompletableFuture.completedFuture(
                        new Fetch.Response(200, "{\"active\":true,\"sub\":\"bob\"}".getBytes(StandardCharsets.UTF_8)));
            },
            () -> Instant.ofEpochMilli(millis.get()),
            () -> millis.get() * 1_000_000,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("no owner")));

    @AfterEach
    void close() {
        state.close();
    }

    private static PolicySpec policy(String parts) throws Exception {
        String json = "{'kind':'Policy','metadata':{'name':'p'},'spec':{'targetRefs':[{'kind':'Gateway','name':'g'}],"
                + parts + "}}";
        ResourceCodec.Read read = ResourceCodec.read(
                ResourceCodec.tree(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)), Instant.EPOCH);
        assertThat(read).isInstanceOf(ResourceCodec.Read.Valid.class);
        return (PolicySpec) ((ResourceCodec.Read.Valid) read).resource().spec();
    }

    private List<Step> steps(String parts) throws Exception {
        return new PolicyCompiler(state, Consumers.of(new Generation(1, List.of()), new ArrayList<>()))
                .steps(policy(parts), Map.of("rateLimit", "p"));
    }

    private static void documented(String path, String otherwise) throws Exception {
        assertThat(FieldTable.field("Policy", path).otherwise()).isEqualTo(otherwise);
    }

    @Test
    void a_request_costs_one() throws Exception {
        documented("rateLimit[].cost", "1");
        List<Step> steps = steps("'rateLimit':[{'key':'ClientIP','requests':1,'unit':'Hour','burst':3}]");
        for (int i = 0; i < 3; i++) {
            assertThat(new FakeRequest().through(steps)).isEqualTo(Verdict.PASS);
        }
        assertThat(new FakeRequest().through(steps)).isInstanceOf(Verdict.Refuse.class);
    }

    @Test
    void a_rule_without_an_expression_applies() throws Exception {
        documented("authorization.rules[].cel", "true");
        assertThat(new FakeRequest().through(steps("'authorization':{'rules':[{}]}")))
                .isEqualTo(Verdict.PASS);
        assertThat(new FakeRequest().through(steps("'authorization':{'rules':[{'cel':'false'}]}")))
                .isInstanceOf(Verdict.Refuse.class);
    }

    @Test
    void an_active_token_is_believed_for_half_a_minute() throws Exception {
        documented("authentication.anyOf[].introspection.cacheDuration", "30s");
        List<Step> steps = steps("'authentication':{'anyOf':[{'introspection':"
                + "{'uri':'https://issuer.example/introspect','clientId':'gw','clientSecret':'s'}}]}");
        long[] moments = {0, 29_999, 30_001};
        int[] questions = {1, 1, 2};
        for (int i = 0; i < moments.length; i++) {
            millis.set(NOW + moments[i]);
            assertThat(new FakeRequest().with("authorization", "Bearer opaque").through(steps))
                    .isEqualTo(Verdict.PASS);
            assertThat(asked).as("after %d ms", moments[i]).hasValue(questions[i]);
        }
    }

    @Test
    void what_is_stale_is_not_served() throws Exception {
        documented("cache.staleWhileRevalidate", "0s");
        PolicySpec.Cache cache = policy("'cache':{}").cache();
        CacheRules rules = new CacheRules(cache.defaultTtl(), cache.staleWhileRevalidate());
        StoredResponse stored = new StoredResponse(200, Headers.of(), new byte[0], Map.of(), 0, NOW, 1_000);
        assertThat(rules.use(stored, new FakeRequest(), NOW + 999)).isEqualTo(CacheRules.Use.FRESH);
        assertThat(rules.use(stored, new FakeRequest(), NOW + 1_000)).isEqualTo(CacheRules.Use.VALIDATE);
        assertThat(new CacheRules(null, Duration.ofSeconds(1)).use(stored, new FakeRequest(), NOW + 1_000))
                .isEqualTo(CacheRules.Use.STALE_WHILE_REVALIDATE);
    }

    @Test
    void what_does_not_say_it_is_kept_for_a_tenth_of_its_age() throws Exception {
        documented("cache.defaultTtl", "a tenth of the time since `Last-Modified`");
        PolicySpec.Cache cache = policy("'cache':{}").cache();
        CacheRules rules = new CacheRules(cache.defaultTtl(), cache.staleWhileRevalidate());
        Headers response = Headers.of("date", date(NOW), "last-modified", date(NOW - 1_000_000));
        assertThat(rules.lifetime(200, response, NOW)).isEqualTo(100_000);
    }

    private static String date(long millis) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(
                Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
    }
}
