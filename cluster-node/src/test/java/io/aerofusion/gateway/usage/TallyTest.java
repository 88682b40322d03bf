package io.aerofusion.gateway.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Counts, their bounds, and how well durations are told by buckets. */
final class TallyTest {
    private static Usage.Counts timed(long... nanos) {
        Tally tally = new Tally("t", 1);
        for (long each : nanos) {
            tally.began(0);
            tally.ended(0, 200, each, 0, 0);
        }
        return tally.counts();
    }

    @Test
    void a_duration_lies_at_or_below_the_bound_of_its_bucket() {
        for (long bound = 100_000; bound <= 10_000_000_000L; bound *= 10) {
            for (long step : new long[] {10, 25, 50}) {
                long limit = bound / 10 * step;
                Durations at = timed(limit, limit + 1).durations();
                assertThat(at.atMost(limit)).as("at most %d ns", limit).isEqualTo(1);
            }
        }
        assertThat(timed(0, -1, 1).durations().atMost(100_000)).isEqualTo(3);
        assertThat(timed(Long.MAX_VALUE).durations().atMost(80_000_000_000L)).isZero();
        assertThat(timed(Long.MAX_VALUE).durations().count()).isEqualTo(1);
    }

    @Test
    void quantiles_are_at_most_a_quarter_off() {
        long[] all = new long[1_000];
        for (int i = 0; i < all.length; i++) all[i] = TimeUnit.MILLISECONDS.toNanos(i + 1);
        Durations durations = timed(all).durations();
        assertThat(durations.quantileMs(0.5)).isCloseTo(500, within(125.0));
        assertThat(durations.quantileMs(0.95)).isCloseTo(950, within(237.0));
        assertThat(durations.quantileMs(0.99)).isCloseTo(990, within(247.0));
        assertThat(durations.nanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(500_500));
        assertThat(timed().durations().quantileMs(0.99)).isZero();
    }

    @Test
    void loops_count_apart_and_are_added_up() {
        Tally tally = new Tally("t", 2);
        tally.began(0);
        tally.began(1);
        tally.began(1);
        tally.ended(1, 503, 1_000, 10, 20);
        tally.ended(0, 0, 1_000, 0, 0);
        Usage.Counts counts = tally.counts();
        assertThat(counts.active()).isEqualTo(1);
        assertThat(counts.requests()).isEqualTo(2);
        assertThat(counts.errors()).isEqualTo(2);
        assertThat(counts.bytesIn()).isEqualTo(10);
        assertThat(counts.bytesOut()).isEqualTo(20);
    }

    @Test
    void what_is_beyond_a_bound_is_counted_together() {
        Tallies tallies = new Tallies(1, 2);
        NearTallies near = new NearTallies(tallies);
        for (String name : new String[] {"a", "b", "c", "d"}) {
            near.of(name).began(0);
            near.of(name).ended(0, 200, 1, 0, 0);
        }
        assertThat(tallies.counts()).extracting(Usage.Counts::name).containsExactly(Tallies.OTHER, "a", "b");
        assertThat(tallies.counts().getFirst().requests()).isEqualTo(2);
        tallies.retain(Set.of("b", "c"));
        assertThat(near.of("c")).as("there is room now").isNotSameAs(near.of("d"));
        assertThat(tallies.counts()).extracting(Usage.Counts::name).containsExactly(Tallies.OTHER, "b", "c");
        Tally tally = tallies.of("b");
        for (int i = 0; i < Tally.CODES_MAX + 5; i++) tally.fault("code-" + i);
        assertThat(tally.counts().faults()).hasSize(Tally.CODES_MAX + 1).containsEntry(Tallies.OTHER, 5L);
    }
}
