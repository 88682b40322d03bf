package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.answeredBy;
import static io.aerofusion.gateway.upstream.Bench.endpoint;
import static io.aerofusion.gateway.upstream.Bench.spread;
import static io.aerofusion.gateway.upstream.Bench.target;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class HealthTest {
    private static final ActiveCheck CHECK =
            new ActiveCheck(new Probe.Http("/health", Set.of()), Duration.ofSeconds(5), Duration.ofSeconds(1), 2, 3);
    private static final PassiveCheck EJECT = new PassiveCheck(5, Duration.ofSeconds(30), 50, Duration.ofSeconds(10));
    private final Bench bench = new Bench();

    @Test
    void the_first_check_decides_and_then_the_thresholds_do() {
        bench.health.put(target(1), CompletableFuture.completedStage(503));
        Upstream upstream = bench.upstream(s -> Bench.with(s, CHECK), 1, 1);
        assertThat(spread(upstream, 100)).as("in before it was checked").hasSize(2);
        bench.timeline.advance(Duration.ofMillis(700));
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
        bench.health.put(target(1), CompletableFuture.completedStage(204));
        bench.timeline.advance(Duration.ofSeconds(6));
        assertThat(endpoint(upstream, 1).healthy()).as("one success of two").isFalse();
        bench.timeline.advance(Duration.ofSeconds(6));
        assertThat(spread(upstream, 100)).hasSize(2);
        bench.health.put(target(1), CompletableFuture.failedStage(new java.io.IOException("refused")));
        bench.timeline.advance(Duration.ofSeconds(9));
        assertThat(endpoint(upstream, 1).healthy())
                .as("one or two failures of three")
                .isTrue();
        bench.timeline.advance(Duration.ofSeconds(8));
        assertThat(endpoint(upstream, 1).healthy()).isFalse();
    }

    @Test
    void a_check_without_an_answer_fails_in_time_and_its_late_answer_is_ignored() {
        CompletableFuture<Integer> hanging = new CompletableFuture<>();
        bench.health.put(target(1), hanging);
        Upstream upstream = bench.upstream(s -> Bench.with(s, CHECK), 1, 1);
        bench.timeline.advance(Duration.ofMillis(1_700));
        assertThat(endpoint(upstream, 1).healthy()).isFalse();
        int asked = bench.probes.size();
        hanging.complete(200);
        bench.timeline.advance(Duration.ofMillis(1));
        assertThat(endpoint(upstream, 1).healthy()).isFalse();
        assertThat(bench.probes).as("one at a time").hasSize(asked);
    }

    @Test
    void only_expected_statuses_are_healthy() {
        bench.health.put(target(1), CompletableFuture.completedStage(418));
        Upstream upstream = bench.upstream(
                s -> Bench.with(
                        s,
                        new ActiveCheck(
                                new Probe.Http("/h", Set.of(418)), Duration.ofSeconds(5), Duration.ofSeconds(1), 2, 3)),
                1,
                1);
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(endpoint(upstream, 1).healthy()).isTrue();
        assertThat(endpoint(upstream, 2).healthy()).as("200 is not 418").isFalse();
    }

    @Test
    void checks_are_jittered_and_stop_with_their_endpoint() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, CHECK), 1, 1);
        bench.timeline.advance(Duration.ofSeconds(500));
        assertThat(bench.probes.size()).isBetween(190, 222);
        bench.tell(upstream.settings(), 1);
        bench.probes.clear();
        bench.timeline.advance(Duration.ofSeconds(20));
        assertThat(bench.probes).isNotEmpty().containsOnly(target(1));
        bench.table.close();
        bench.probes.clear();
        bench.timeline.advance(Duration.ofSeconds(20));
        assertThat(bench.probes).isEmpty();
        assertThat(bench.timeline.waiting()).as("nothing is left scheduled").isZero();
    }

    @Test
    void when_nobody_is_healthy_health_is_ignored() {
        bench.health.put(target(1), CompletableFuture.completedStage(500));
        bench.health.put(target(2), CompletableFuture.completedStage(500));
        Upstream upstream = bench.upstream(s -> Bench.with(s, CHECK), 1, 1);
        bench.timeline.advance(Duration.ofSeconds(1));
        assertThat(upstream.state().panic()).isTrue();
        assertThat(spread(upstream, 100)).hasSize(2);
        bench.health.put(target(2), CompletableFuture.completedStage(200));
        bench.timeline.advance(Duration.ofSeconds(12));
        assertThat(upstream.state().panic()).isFalse();
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
    }

    @Test
    void five_failures_in_a_row_eject_for_a_time_that_grows_and_shrinks_again() {
        Upstream upstream = bench.upstream(HealthTest::ejecting, 1, 1);
        for (int i = 0; i < 4; i++) {
            answeredBy(upstream, 1, 500);
        }
        answeredBy(upstream, 1, 200);
        for (int i = 0; i < 4; i++) {
            answeredBy(upstream, 1, 500);
        }
        assertThat(endpoint(upstream, 1).wellReputed()).isTrue();
        answeredBy(upstream, 1, 500);
        assertThat(spread(upstream, 100)).containsOnlyKeys(target(2));
        assertThat(upstream.state().endpoints().getFirst().ejectedFor()).isEqualTo(Duration.ofSeconds(30));
        bench.timeline.advance(Duration.ofMillis(30_100));
        assertThat(spread(upstream, 100)).hasSize(2);
        for (int i = 0; i < 5; i++) {
            answeredBy(upstream, 1, 502);
        }
        assertThat(upstream.state().endpoints().getFirst().ejectedFor()).isEqualTo(Duration.ofSeconds(60));
        bench.timeline.advance(Duration.ofMillis(60_100 + 25_000));
        for (int i = 0; i < 5; i++) {
            answeredBy(upstream, 1, 502);
        }
        assertThat(upstream.state().endpoints().getFirst().ejectedFor())
                .as("two quiet intervals took two away")
                .isEqualTo(Duration.ofSeconds(30));
        assertThat(upstream.state().ejections()).isEqualTo(3);
    }

    @Test
    void no_more_than_the_share_is_ejected() {
        Upstream upstream = bench.upstream(HealthTest::ejecting, 1, 1, 1, 1, 1);
        for (int number = 1; number <= 5; number++) {
            for (int i = 0; i < 6; i++) {
                if (endpoint(upstream, number).wellReputed()) {
                    answeredBy(upstream, number, 503);
                }
            }
        }
        assertThat(upstream.members()).filteredOn(e -> !e.wellReputed()).hasSize(2);
        bench.timeline.advance(Duration.ofSeconds(31));
        assertThat(upstream.members()).allMatch(Endpoint::wellReputed);
        answeredBy(upstream, 5, 503);
        assertThat(endpoint(upstream, 5).wellReputed())
                .as("its turn now, for it failed all the time")
                .isFalse();
    }

    @Test
    void a_lone_endpoint_is_not_ejected() {
        Upstream upstream = bench.upstream(HealthTest::ejecting, 1);
        for (int i = 0; i < 20; i++) {
            Bench.answered(upstream, 500);
        }
        assertThat(upstream.state().panic()).isFalse();
        assertThat(upstream.state().ejections()).isZero();
    }

    @Test
    void the_longest_ejection_is_bounded() {
        assertThat(EJECT.ejectionNanos(10_000)).isEqualTo(PassiveCheck.EJECTION_MAX.toNanos());
        assertThat(new PassiveCheck(1, Duration.ofHours(1), 50, Duration.ofSeconds(1)).ejectionNanos(7))
                .isEqualTo(Duration.ofHours(1).toNanos());
    }

    @Test
    void an_endpoint_that_becomes_healthy_makes_its_trials_at_once() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, CHECK), 1, 1);
        bench.timeline.advance(Duration.ofSeconds(1));
        for (int i = 0; i < 5; i++) {
            answeredBy(upstream, 1, 503);
        }
        bench.health.put(target(1), CompletableFuture.completedStage(503));
        bench.timeline.advance(Duration.ofSeconds(16));
        assertThat(endpoint(upstream, 1).breaker.phase()).isEqualTo(BreakerPhase.OPEN);
        bench.health.put(target(1), CompletableFuture.completedStage(200));
        bench.timeline.advance(Duration.ofSeconds(11));
        assertThat(endpoint(upstream, 1).healthy()).isTrue();
        assertThat(endpoint(upstream, 1).breaker.phase()).isEqualTo(BreakerPhase.HALF_OPEN);
        spread(upstream, 50);
        assertThat(endpoint(upstream, 1).breaker.phase()).isEqualTo(BreakerPhase.CLOSED);
    }

    /** With a breaker that never opens, so that ejections are seen alone. */
    private static UpstreamSettings ejecting(UpstreamSettings settings) {
        return Bench.with(
                Bench.with(settings, EJECT), new BreakerSettings(Integer.MAX_VALUE, Duration.ofSeconds(1), 1, false));
    }
}
