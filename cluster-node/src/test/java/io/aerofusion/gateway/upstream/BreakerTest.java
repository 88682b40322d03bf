package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.answered;
import static io.aerofusion.gateway.upstream.Bench.call;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class BreakerTest {
    private final Bench bench = new Bench();

    @Test
    void opens_at_the_fifth_failure_in_a_row() {
        Upstream upstream = bench.upstream(s -> s, 1);
        fail(upstream, 4);
        answered(upstream, 200);
        fail(upstream, 4);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
        fail(upstream, 1);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.BREAKER_OPEN);
        assertThat(upstream.state().breakerOpenings()).isEqualTo(1);
    }

    @Test
    void lets_as_many_trials_pass_as_must_succeed_after_the_recovery_time_and_then_closes() {
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(29));
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.BREAKER_OPEN);
        bench.timeline.advance(Duration.ofSeconds(2));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
        UpstreamCall first = call(upstream);
        UpstreamCall second = call(upstream);
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.BREAKER_OPEN);
        first.answered(200);
        assertThat(upstream.begin(HashKey.NONE, true))
                .as("one success and one trial under way are the two that are needed")
                .isEqualTo(Refusal.BREAKER_OPEN);
        second.answered(200);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
        first.end();
        second.end();
        assertThat(upstream.state().active()).isZero();
    }

    @Test
    void opens_again_at_the_first_failed_trial_for_the_whole_recovery_time() {
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(31));
        fail(upstream, 1);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
        bench.timeline.advance(Duration.ofSeconds(29));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
        bench.timeline.advance(Duration.ofSeconds(2));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
    }

    @Test
    void a_trial_without_an_outcome_makes_room_for_another() {
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(31));
        for (int i = 0; i < 10; i++) {
            call(upstream).end();
        }
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
        answered(upstream, 200);
        answered(upstream, 200);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
    }

    @Test
    void what_began_before_it_opened_says_nothing_of_the_recovery() {
        Upstream upstream = bench.upstream(s -> s, 1);
        UpstreamCall early = call(upstream);
        UpstreamCall alsoEarly = call(upstream);
        fail(upstream, 5);
        bench.timeline.advance(Duration.ofSeconds(31));
        early.failed(Failure.RESET);
        alsoEarly.answered(200);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
        answered(upstream, 200);
        assertThat(phase(upstream)).as("the early answer was no trial").isEqualTo(BreakerPhase.HALF_OPEN);
        early.end();
        alsoEarly.end();
    }

    @Test
    void one_endpoint_s_open_breaker_leaves_the_others() {
        Upstream upstream = bench.upstream(s -> s, 1, 1);
        for (int i = 0; i < 5; i++) {
            Bench.answeredBy(upstream, 1, 503);
        }
        assertThat(Bench.endpoint(upstream, 1).breaker.phase()).isEqualTo(BreakerPhase.OPEN);
        assertThat(Bench.spread(upstream, 100)).containsOnlyKeys(Bench.target(2));
    }

    @Test
    void an_application_s_500_counts_only_where_a_breaker_was_asked_for() {
        Upstream silent = bench.upstream(s -> s, 1);
        for (int i = 0; i < 20; i++) {
            answered(silent, 500);
        }
        assertThat(phase(silent)).isEqualTo(BreakerPhase.CLOSED);
        Upstream asked = bench.upstream(BreakerTest::askedFor, 1);
        for (int i = 0; i < 5; i++) {
            answered(asked, 500);
        }
        assertThat(phase(asked)).isEqualTo(BreakerPhase.OPEN);
    }

    @Test
    void a_client_that_leaves_and_a_stale_connection_blame_nobody() {
        Upstream upstream = bench.upstream(BreakerTest::askedFor, 1);
        for (int i = 0; i < 20; i++) {
            UpstreamCall call = call(upstream);
            call.failed(i % 2 == 0 ? Failure.CANCELLED : Failure.STALE_CONNECTION);
            call.end();
        }
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
        assertThat(upstream.state().endpoints().getFirst().failures()).isZero();
    }

    @Test
    void a_restarted_endpoint_makes_its_trials_as_soon_as_it_is_there_again() {
        bench.down.add(Bench.target(1));
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(4));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
        bench.down.clear();
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
        answered(upstream, 200);
        answered(upstream, 200);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
        bench.timeline.advance(Duration.ofSeconds(2));
        int reaches = bench.reaches.size();
        bench.timeline.advance(Duration.ofSeconds(10));
        assertThat(bench.reaches).as("the watch is over").hasSize(reaches);
    }

    @Test
    void an_endpoint_that_takes_connections_and_fails_stays_out_for_the_whole_time() {
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(29));
        assertThat(bench.reaches).hasSizeBetween(100, 120);
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
    }

    @Test
    void an_endpoint_that_answers_errors_is_not_watched() {
        Upstream upstream = bench.upstream(s -> s, 1);
        for (int i = 0; i < 5; i++) {
            answered(upstream, 503);
        }
        bench.timeline.advance(Duration.ofSeconds(5));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
        assertThat(bench.reaches).isEmpty();
    }

    @Test
    void a_breaker_that_opens_again_is_watched_again_but_once() {
        bench.down.add(Bench.target(1));
        Upstream upstream = opened();
        bench.timeline.advance(Duration.ofSeconds(2));
        bench.down.clear();
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.HALF_OPEN);
        bench.down.add(Bench.target(1));
        fail(upstream, 1);
        bench.reaches.clear();
        bench.timeline.advance(Duration.ofSeconds(10));
        assertThat(bench.reaches).hasSizeBetween(36, 44);
        bench.tell(upstream.settings());
        bench.reaches.clear();
        bench.timeline.advance(Duration.ofSeconds(10));
        assertThat(bench.reaches).as("an endpoint that left is not watched").hasSizeLessThan(2);
    }

    @Test
    void what_breaks_all_connections_at_once_is_one_failure() {
        Upstream upstream = bench.upstream(s -> s, 1);
        List<UpstreamCall> calls = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            calls.add(call(upstream));
        }
        for (UpstreamCall call : calls) {
            call.failed(Failure.RESET);
            call.end();
        }
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.CLOSED);
        for (int i = 0; i < 4; i++) {
            UpstreamCall call = call(upstream);
            call.failed(Failure.RESET);
            call.end();
        }
        assertThat(phase(upstream)).as("one after the other they count").isEqualTo(BreakerPhase.OPEN);
    }

    @Test
    void requests_that_time_out_at_once_all_count() {
        Upstream upstream = bench.upstream(s -> s, 1);
        List<UpstreamCall> calls =
                List.of(call(upstream), call(upstream), call(upstream), call(upstream), call(upstream));
        calls.forEach(call -> {
            call.failed(Failure.TRY_TIMEOUT);
            call.end();
        });
        assertThat(phase(upstream)).isEqualTo(BreakerPhase.OPEN);
    }

    /** Threads storm a half-open breaker: never are more trials under way than successes are needed. */
    @Test
    void no_more_trials_than_needed_pass_whoever_asks_at_the_same_time() throws Exception {
        BreakerSettings settings = new BreakerSettings(1, Duration.ofNanos(1), 3, true);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 200; round++) {
                Breaker breaker = new Breaker();
                breaker.failed(breaker.acquire(settings), settings, 0, false);
                assertThat(breaker.recoverIfDue(1)).isTrue();
                AtomicInteger underWay = new AtomicInteger();
                AtomicInteger most = new AtomicInteger();
                List<Future<?>> storms = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    boolean cancels = t % 2 == 0;
                    storms.add(threads.submit(() -> {
                        while (breaker.phase() == BreakerPhase.HALF_OPEN) {
                            long epoch = breaker.acquire(settings);
                            if (epoch == Breaker.REFUSED || breaker.phase() != BreakerPhase.HALF_OPEN) {
                                continue;
                            }
                            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                            underWay.decrementAndGet();
                            if (cancels) {
                                breaker.cancelled(epoch);
                            } else {
                                breaker.succeeded(epoch, settings);
                            }
                        }
                    }));
                }
                for (Future<?> storm : storms) {
                    storm.get(60, TimeUnit.SECONDS);
                }
                assertThat(breaker.phase()).isEqualTo(BreakerPhase.CLOSED);
                assertThat(most.get()).isBetween(1, 3);
            }
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static UpstreamSettings askedFor(UpstreamSettings settings) {
        return Bench.with(settings, new BreakerSettings(5, Duration.ofSeconds(30), 2, true));
    }

    private Upstream opened() {
        Upstream upstream = bench.upstream(s -> s, 1);
        fail(upstream, 5);
        return upstream;
    }

    private static void fail(Upstream upstream, int times) {
        for (int i = 0; i < times; i++) {
            UpstreamCall call = call(upstream);
            call.failed(Failure.CONNECT);
            call.end();
        }
    }

    private static BreakerPhase phase(Upstream upstream) {
        return upstream.state().endpoints().getFirst().breaker();
    }
}
