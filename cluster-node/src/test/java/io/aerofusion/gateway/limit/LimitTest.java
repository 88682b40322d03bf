package io.aerofusion.gateway.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitTest {
    private static final long SECOND = 1_000_000_000L;
    private final AtomicLong nanos = new AtomicLong(-17);
    private final Limit limit = new Limit("default", 1024, nanos::get);
    private static final ExecutorService threads = Executors.newFixedThreadPool(4);

    @AfterAll
    static void end() {
        threads.close();
    }

    @Test
    void aQuietKeyMayUseItsBurstAtOnceAndThenItsRate() {
        assertThat(passing(Rate.DEFAULT, 7, 300)).isEqualTo(200);
        nanos.addAndGet(SECOND / 2);
        assertThat(passing(Rate.DEFAULT, 7, 300)).isEqualTo(50);
        nanos.addAndGet(10 * SECOND);
        assertThat(passing(Rate.DEFAULT, 7, 300))
                .as("never more than the burst")
                .isEqualTo(200);
        assertThat(limit.passedCount()).isEqualTo(450);
        assertThat(limit.limitedCount()).isEqualTo(450);
    }

    @Test
    void inTheLongRunTheRateIsKeptWhateverThePattern() {
        Rate rate = new Rate(7, Duration.ofSeconds(1), 3);
        long passed = 0;
        for (int step = 0; step < 1_000; step++) {
            nanos.addAndGet(SECOND / 10);
            passed += passing(rate, 1, 1 + step % 5);
        }
        assertThat(passed).isBetween(700L - 3, 700L + 3);
    }

    @Test
    void aRefusalSaysWhenItIsWorthTryingAgain() {
        Rate rate = new Rate(2, Duration.ofSeconds(1), 1);
        assertThat(limit.take(rate, 1, 1)).isEqualTo(SECOND / 2);
        long answer = limit.take(rate, 1, 1);
        assertThat(answer).isEqualTo(-SECOND / 2);
        nanos.addAndGet(-answer - 1);
        assertThat(limit.take(rate, 1, 1)).isEqualTo(-1);
        nanos.addAndGet(1);
        assertThat(limit.take(rate, 1, 1)).isPositive();
    }

    @Test
    void aRefusedRequestCostsNothing() {
        Rate rate = new Rate(1, Duration.ofMinutes(1), 1);
        limit.take(rate, 1, 1);
        long first = limit.take(rate, 1, 1);
        for (int i = 0; i < 100; i++) assertThat(limit.take(rate, 1, 1)).isEqualTo(first);
    }

    @Test
    void aRequestCanCostMoreThanOneAndAtMostTheBurst() {
        Rate rate = new Rate(10, Duration.ofSeconds(1), 10);
        assertThat(limit.take(rate, 1, 6)).isPositive();
        assertThat(limit.take(rate, 1, 6)).isEqualTo(-2 * rate.requestNanos());
        assertThat(limit.take(rate, 1, 0)).as("free").isPositive();
        assertThat(limit.take(rate, 2, 1_000))
                .as("more than the burst: once in a while")
                .isPositive();
        assertThat(limit.take(rate, 2, 1)).isNegative();
    }

    @Test
    void keysDoNotTouchEachOther() {
        for (int key = 1; key <= 100; key++)
            assertThat(passing(new Rate(1, Duration.ofHours(1), 2), key * 0x9E3779B97F4A7C15L, 3))
                    .isEqualTo(2);
    }

    @Test
    void whoIsOverTheLimitCannotWashItAwayByInventingKeys() {
        Limit small = new Limit("small", 64, nanos::get);
        Rate rate = new Rate(1, Duration.ofHours(1), 5);
        long exhausted = LimitKeys.of("attacker");
        for (int i = 0; i < 5; i++) assertThat(small.take(rate, exhausted, 1)).isPositive();
        for (int i = 0; i < 10_000; i++) small.take(rate, LimitKeys.of("fresh-" + i), 1);
        assertThat(small.take(rate, exhausted, 1)).isNegative();
    }

    @Test
    void beyondItsBoundTheTableForgetsTheKeysThatUsedLeast() {
        KeyTable table = new KeyTable(8);
        assertThat(table.keysMax()).isEqualTo(8);
        for (int key = 1; key <= 8; key++)
            assertThat(table.take(key, 1, key * 10L, 100)).isEqualTo(key * 10L);
        assertThat(table.take(9, 1, 50, 100)).as("takes the place of key 1").isEqualTo(50);
        assertThat(table.take(8, 1, 30, 100)).as("kept").isEqualTo(-10);
        assertThat(table.take(1, 1, 10, 100)).as("starts afresh").isEqualTo(10);
    }

    @Test
    void manyThreadsTogetherGetExactlyTheBurst() throws Exception {
        Rate rate = new Rate(1, Duration.ofHours(1), 10_000);
        assertThat(together(4, () -> passing(rate, 42, 5_000))).isEqualTo(10_000);
    }

    @Test
    void threadsThatBringAKeyAtTheSameTimeGetItsBurstOnce() throws Exception {
        Rate rate = new Rate(1, Duration.ofHours(1), 20);
        for (int key = 1; key <= 5_000; key++) {
            // into an empty place, or into that of a key which has used up its burst
            long fingerprint = LimitKeys.of("key-" + key);
            CyclicBarrier start = new CyclicBarrier(3);
            int passed = together(3, () -> {
                start.await(60, TimeUnit.SECONDS);
                return passing(rate, fingerprint, 20);
            });
            assertThat(passed).as("key %d", key).isEqualTo(20);
        }
    }

    /** Adds up what the work answers in that many threads. */
    private int together(int count, Callable<Integer> work) throws Exception {
        int sum = 0;
        for (Future<Integer> part : threads.invokeAll(Collections.nCopies(count, work)))
            sum += part.get(60, TimeUnit.SECONDS);
        return sum;
    }

    @Test
    void aNewRateGoesOnWithWhatWasUsed() {
        assertThat(passing(new Rate(1, Duration.ofSeconds(1), 10), 1, 10)).isEqualTo(10);
        assertThat(passing(new Rate(1, Duration.ofSeconds(1), 12), 1, 10)).isEqualTo(2);
    }

    @Test
    void theFieldsSayWhatIsLeft() {
        Rate rate = new Rate(100, Duration.ofSeconds(1), 200);
        assertThat(RateLimitFields.policy("per \"user\"\n", rate)).isEqualTo("\"per \\\"user\\\"\";q=200;w=2");
        long answer = limit.take(rate, 1, 1);
        assertThat(RateLimitFields.state(RateLimitFields.stateOf("default"), rate, 1, answer))
                .isEqualTo("\"default\";r=199;t=1");
        answer = limit.take(rate, 1, 149);
        assertThat(RateLimitFields.state(RateLimitFields.stateOf("default"), rate, 149, answer))
                .isEqualTo("\"default\";r=50;t=2");
        answer = limit.take(rate, 1, 60);
        assertThat(answer).isNegative();
        assertThat(RateLimitFields.state(RateLimitFields.stateOf("default"), rate, 60, answer))
                .isEqualTo("\"default\";r=50;t=2");
        assertThat(RateLimitFields.retryAfterSeconds(answer)).isEqualTo(1);
        assertThat(RateLimitFields.retryAfterSeconds(-3 * SECOND - 1)).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.1.2.3, true",
        "10.1.2.3, 10.1.2.4, false",
        "::ffff:10.1.2.3, 10.1.2.3, true",
        "2001:db8:1:2::1, 2001:db8:1:2:ffff::9, true",
        "2001:db8:1:2::1, 2001:db8:1:3::1, false",
        "0:1:0a01:0203::, 10.1.2.3, false"
    })
    void anAddressCountsWholeAndAnIpv6CustomerAsOne(String left, String right, boolean same) throws Exception {
        InetAddress first = InetAddress.getByName(left);
        InetAddress second = InetAddress.getByName(right);
        assertThat(LimitKeys.of(first) == LimitKeys.of(second)).isEqualTo(same);
        assertThat(LimitKeys.name(first).equals(LimitKeys.name(second))).isEqualTo(same);
    }

    @Test
    void fingerprintsOfSimilarTextsSpread() {
        Set<Long> seen = new HashSet<>();
        Set<Long> places = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            long fingerprint = LimitKeys.of("consumer-" + i);
            seen.add(fingerprint);
            places.add(fingerprint >>> 40 & 0xff);
        }
        assertThat(seen).hasSize(20_000);
        assertThat(places).hasSize(256);
        assertThat(LimitKeys.of("ab")).isNotEqualTo(LimitKeys.of("ab\0"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, PT1S, 1",
        "1, PT1S, 0",
        "1, PT0.5S, 1",
        "1, P2D, 1",
        "1000000001, PT1S, 1",
        "1, PT1S, 1000000001",
        "1, P1D, 100000"
    })
    void ratesAreBounded(int requests, Duration per, int burst) {
        assertThatThrownBy(() -> new Rate(requests, per, burst)).isInstanceOf(IllegalArgumentException.class);
    }

    private int passing(Rate rate, long key, int tries) {
        int passed = 0;
        for (int i = 0; i < tries; i++) if (limit.take(rate, key, 1) >= 0) passed++;
        return passed;
    }
}
