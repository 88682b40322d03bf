package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.upstream.RetryPolicy.Condition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RetryTest {
    private static final RetryShare GENEROUS = new RetryShare(100, 1_000_000);

    private final Bench bench = new Bench();

    private static RetryPolicy policy(int retries, Condition condition, Integer... statuses) {
        return new RetryPolicy(
                retries,
                EnumSet.of(condition),
                List.of(statuses),
                Duration.ZERO,
                Duration.ofMillis(25),
                Duration.ofMillis(250));
    }

    @Test
    void goes_to_an_endpoint_that_was_not_tried_as_long_as_there_is_one() {
        Upstream upstream =
                bench.upstream(s -> Bench.with(s, policy(4, Condition.CONNECT_FAILURE), GENEROUS), 1, 1, 1, 1);
        for (int i = 0; i < 200; i++) {
            UpstreamCall call = call(upstream);
            Set<Endpoint> met = new HashSet<>(Set.of(call.endpoint()));
            for (int retry = 1; retry <= 3; retry++) {
                call.failed(Failure.REFUSED_STREAM);
                assertThat(call.retry()).as("not asked for").isNull();
                call.failed(Failure.CONNECT);
                assertThat(met.add(call.retry())).as("seed " + bench.seed).isTrue();
                assertThat(call.retries()).isEqualTo(retry);
            }
            call.failed(Failure.CONNECT);
            assertThat(call.retry()).as("all were tried: one again").isIn(met);
            call.answered(200);
            call.failed(Failure.CONNECT);
            assertThat(call.retry()).as("four retries are over").isNull();
            call.end();
            // the table counts failures: keep the breakers closed
            Bench.spread(upstream, 40);
        }
        assertThat(upstream.state().active()).isZero();
        assertThat(upstream.members()).allMatch(endpoint -> endpoint.active() == 0);
    }

    @Test
    void a_single_endpoint_is_asked_again() {
        Upstream upstream = bench.upstream(s -> s, 1);
        UpstreamCall call = call(upstream);
        Endpoint only = call.endpoint();
        call.failed(Failure.CONNECT);
        assertThat(call.retry()).isSameAs(only);
        assertThat(only.active()).isEqualTo(1);
        call.end();
        assertThat(only.active()).isZero();
    }

    @Test
    void conditions_mean_what_they_mean_in_envoy() {
        RetryPolicy gateway = policy(1, Condition.GATEWAY_ERROR);
        assertThat(gateway.retriesAfter(502, true)).isTrue();
        assertThat(gateway.retriesAfter(504, true)).isTrue();
        assertThat(gateway.retriesAfter(500, true)).isFalse();
        assertThat(gateway.retriesAfter(Failure.CONNECT, true)).isFalse();
        RetryPolicy server = policy(1, Condition.SERVER_ERROR);
        assertThat(server.retriesAfter(500, true)).isTrue();
        assertThat(server.retriesAfter(499, true)).isFalse();
        assertThat(server.retriesAfter(Failure.CONNECT, true)).isTrue();
        assertThat(server.retriesAfter(Failure.RESET, true)).isTrue();
        RetryPolicy reset = policy(1, Condition.RESET, 409, 503);
        assertThat(reset.retriesAfter(Failure.RESET, true)).isTrue();
        assertThat(reset.retriesAfter(Failure.TRY_TIMEOUT, true)).isTrue();
        assertThat(reset.retriesAfter(409, true)).isTrue();
        assertThat(reset.retriesAfter(503, true)).isTrue();
        assertThat(reset.retriesAfter(502, true)).isFalse();
        assertThat(reset.retriesAfter(Failure.CANCELLED, true)).isFalse();
    }

    @Test
    void what_an_endpoint_may_have_acted_on_is_not_repeated_unless_idempotent() {
        RetryPolicy policy = new RetryPolicy(
                1, EnumSet.allOf(Condition.class), List.of(503), Duration.ZERO, Duration.ZERO, Duration.ZERO);
        assertThat(policy.retriesAfter(503, false)).isFalse();
        assertThat(policy.retriesAfter(Failure.RESET, false)).isFalse();
        assertThat(policy.retriesAfter(Failure.TRY_TIMEOUT, false)).isFalse();
        assertThat(policy.retriesAfter(Failure.STALE_CONNECTION, false)).isFalse();
        assertThat(policy.retriesAfter(Failure.CONNECT, false)).isTrue();
        assertThat(policy.retriesAfter(Failure.REFUSED_STREAM, false)).isTrue();
    }

    @Test
    void pauses_are_random_up_to_a_bound_that_doubles_to_its_limit() {
        RetryPolicy policy = policy(10, Condition.RESET);
        long[] bounds = {25, 50, 100, 200, 250, 250, 250, 250, 250, 250};
        for (int nth = 1; nth <= 10; nth++) {
            long most = 0;
            for (int i = 0; i < 500; i++) {
                long pause = policy.backOffNanos(nth, bench.dice);
                assertThat(pause).isBetween(0L, bounds[nth - 1] * 1_000_000);
                most = Math.max(most, pause);
            }
            assertThat(most).as("jitter uses the whole width").isGreaterThan(bounds[nth - 1] * 900_000);
        }
        assertThat(new RetryPolicy(10, Set.of(), List.of(), Duration.ZERO, Duration.ofDays(1), Duration.ofDays(300))
                        .backOffNanos(60, bound -> bound - 1))
                .as("no overflow")
                .isLessThanOrEqualTo(Duration.ofDays(300).toNanos())
                .isPositive();
    }

    @Test
    void the_budget_holds_retries_to_a_share_of_the_requests_of_ten_seconds() {
        Upstream upstream =
                bench.upstream(s -> Bench.with(s, policy(1, Condition.SERVER_ERROR), new RetryShare(20, 0)), 1, 1);
        assertThat(retries(upstream, 1_000)).isBetween(195, 201);
        assertThat(upstream.state().retriesDenied()).isBetween(799L, 805L);
        bench.timeline.advance(Duration.ofSeconds(5));
        assertThat(retries(upstream, 100)).as("still the same ten seconds").isBetween(18, 22);
        bench.timeline.advance(Duration.ofSeconds(30));
        assertThat(retries(upstream, 4)).as("nothing is saved up").isZero();
    }

    @Test
    void the_budget_has_a_minimum_in_each_second() {
        Upstream upstream =
                bench.upstream(s -> Bench.with(s, policy(1, Condition.SERVER_ERROR), new RetryShare(0, 10)), 1, 1);
        assertThat(retries(upstream, 50)).isEqualTo(10);
        assertThat(retries(upstream, 50)).isZero();
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(retries(upstream, 50)).isEqualTo(10);
    }

    @Test
    void the_budget_is_kept_by_all_threads_together() throws Exception {
        RetryBudget budget = new RetryBudget();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> takers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                takers.add(threads.submit(() -> {
                    int taken = 0;
                    for (int i = 0; i < 10_000; i++) {
                        taken += budget.take(new RetryShare(20, 0), 5_000, 0) ? 1 : 0;
                    }
                    return taken;
                }));
            }
            int taken = 0;
            for (Future<Integer> taker : takers) {
                taken += taker.get(60, TimeUnit.SECONDS);
            }
            assertThat(taken).as("20 % of 5,000").isEqualTo(1_000);
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** How many of so many calls that were answered 500 were retried. */
    private static int retries(Upstream upstream, int calls) {
        int retried = 0;
        for (int i = 0; i < calls; i++) {
            UpstreamCall call = call(upstream);
            call.answered(500);
            retried += call.retry() == null ? 0 : 1;
            call.answered(200);
            call.end();
        }
        return retried;
    }
}
