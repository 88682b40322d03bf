package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.answered;
import static io.aerofusion.gateway.upstream.Bench.call;
import static io.aerofusion.gateway.upstream.Bench.endpoint;
import static io.aerofusion.gateway.upstream.Bench.spread;
import static io.aerofusion.gateway.upstream.Bench.target;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Endpoints of a later priority are used when none of an earlier one can be. */
final class PriorityTest {
    private static final ActiveCheck CHECK =
            new ActiveCheck(new Probe.Http("/health", Set.of()), Duration.ofSeconds(5), Duration.ofSeconds(1), 1, 1);
    private final Bench bench = new Bench();

    /** Endpoints 1, 2, ... of these priorities. */
    private Upstream upstream(UnaryOperator<UpstreamSettings> change, int... priorities) {
        Upstream upstream = bench.upstream(change);
        tell(upstream, priorities);
        return upstream;
    }

    private void tell(Upstream upstream, int... priorities) {
        List<Target.Weighted> targets = new ArrayList<>();
        for (int i = 0; i < priorities.length; i++) {
            targets.add(new Target.Weighted(target(i + 1), 1, priorities[i]));
        }
        bench.listeners.get(upstream.settings().origin()).accept(targets);
    }

    @ParameterizedTest
    @EnumSource(Balancing.Method.class)
    void the_first_is_used_while_it_is_in_whatever_the_balancing(Balancing.Method method) {
        Upstream upstream = upstream(s -> Bench.with(s, method), 1, 0, 1);
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
        assertThat(call(upstream, HashKey.of("key")).endpoint().target()).isEqualTo(target(2));
        assertThat(upstream.state().endpoints().get(1).priority()).isZero();
    }

    @Test
    void an_open_breaker_gives_way_to_the_next_and_its_trials_come_back() {
        Upstream upstream = upstream(s -> s, 0, 1, 1);
        for (int i = 0; i < 5; i++) {
            assertThat(answered(upstream, 503).target()).isEqualTo(target(1));
        }
        assertThat(spread(upstream, 200)).containsOnlyKeys(target(2), target(3));
        bench.timeline.advance(Duration.ofSeconds(31));
        List<UpstreamCall> trials = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            trials.add(call(upstream));
        }
        assertThat(trials)
                .as("those that are no trial go on to the next")
                .filteredOn(trial -> !trial.endpoint().target().equals(target(1)))
                .hasSizeBetween(7, 9);
        for (UpstreamCall trial : trials) {
            trial.answered(200);
            trial.end();
        }
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(1));
    }

    @Test
    void a_request_that_fails_is_tried_at_the_next() {
        Upstream upstream = upstream(s -> s, 0, 1);
        UpstreamCall call = call(upstream);
        call.failed(Failure.CONNECT);
        assertThat(call.retry()).isSameAs(endpoint(upstream, 2));
        call.answered(200);
        call.end();
    }

    @Test
    void what_fails_its_checks_or_is_ejected_gives_way() {
        bench.health.put(target(1), CompletableFuture.completedStage(503));
        Upstream upstream = upstream(
                s -> Bench.with(
                        Bench.with(s, CHECK), new PassiveCheck(5, Duration.ofSeconds(30), 50, Duration.ofSeconds(10))),
                0,
                1,
                2,
                2);
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
        for (int i = 0; i < 5; i++) {
            answered(upstream, 500);
        }
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(3), target(4));
        bench.health.put(target(1), CompletableFuture.completedStage(200));
        bench.timeline.advance(Duration.ofSeconds(6));
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(1));
    }

    @Test
    void when_nobody_is_well_the_first_is_used() {
        for (int i = 1; i <= 2; i++) {
            bench.health.put(target(i), CompletableFuture.completedStage(503));
        }
        Upstream upstream = upstream(s -> Bench.with(s, CHECK), 0, 1);
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(upstream.state().panic()).isTrue();
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(1));
    }

    @Test
    void another_priority_keeps_the_endpoint() {
        Upstream upstream = upstream(s -> s, 0, 1);
        Endpoint first = endpoint(upstream, 1);
        tell(upstream, 2, 1);
        assertThat(endpoint(upstream, 1)).isSameAs(first);
        assertThat(first.removed()).isFalse();
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
        tell(upstream, 2);
        assertThat(spread(upstream, 100)).as("there is no other").containsOnlyKeys(target(1));
    }

    @Test
    void an_endpoint_may_be_spoken_to_in_its_own_way() {
        Transport own = Transport.pinned("a certificate");
        Target target = new Target("one", target(1).socket(), own);
        assertThat(target.transport(Transport.HTTP)).isEqualTo(own);
        assertThat(target(1).transport(Transport.HTTP)).isEqualTo(Transport.HTTP);
        assertThat(target)
                .as("another way is another endpoint")
                .isNotEqualTo(new Target("one", target(1).socket()));
    }
}
