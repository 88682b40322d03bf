package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A clock that never goes back. */
final class HybridClockTest {
    private static final long NOW = 1_795_248_000_000L;

    @Test
    void it_follows_the_wall_clock_and_counts_within_a_millisecond() {
        HybridClock clock = new HybridClock(0);
        assertThat(clock.tick(NOW)).isEqualTo(HybridClock.ofMillis(NOW));
        assertThat(clock.tick(NOW)).isEqualTo(HybridClock.ofMillis(NOW) + 1);
        assertThat(clock.tick(NOW + 1)).isEqualTo(HybridClock.ofMillis(NOW + 1));
        assertThat(HybridClock.millisOf(clock.last())).isEqualTo(NOW + 1);
    }

    @Test
    void a_wall_clock_that_goes_back_does_not_take_it_along() {
        HybridClock clock = new HybridClock(0);
        long before = clock.tick(NOW);
        assertThat(clock.tick(NOW - 3_600_000)).isEqualTo(before + 1);
        assertThat(new HybridClock(before).tick(NOW - 3_600_000)).isEqualTo(before + 1); // nor does a restart
    }

    @Test
    void it_is_above_what_it_observed_and_not_moved_by_what_lies_behind() {
        HybridClock clock = new HybridClock(0);
        long ahead = HybridClock.ofMillis(NOW + 500) + 7;
        clock.observe(ahead);
        assertThat(clock.tick(NOW)).isEqualTo(ahead + 1);
        clock.observe(HybridClock.ofMillis(NOW - 500));
        assertThat(clock.last()).isEqualTo(ahead + 1);
    }

    @Test
    void when_the_counter_is_full_it_takes_the_next_millisecond() {
        HybridClock clock = new HybridClock(HybridClock.ofMillis(NOW) + 0xFFFF);
        assertThat(clock.tick(NOW)).isEqualTo(HybridClock.ofMillis(NOW + 1));
    }
}
