package io.aerofusion.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30));

    @Test
    void theWaitIsAnywhereUpToABoundThatDoublesUntilItIsTheHighest() {
        SplittableRandom random = new SplittableRandom(7);
        for (int failures = 0; failures <= 100; failures++) {
            long bound = failures < 6 ? 500L << failures : 30_000;
            long lowest = Long.MAX_VALUE;
            long highest = 0;
            for (int i = 0; i < 1_000; i++) {
                long wait = BACKOFF.millis(failures, random);
                lowest = Math.min(lowest, wait);
                highest = Math.max(highest, wait);
            }
            assertThat(lowest).as("after %d failures", failures).isBetween(0L, bound / 10);
            assertThat(highest).as("after %d failures", failures).isBetween(bound * 9 / 10, bound);
        }
    }

    @Test
    void theBoundDoesNotOverflow() {
        Backoff patient = new Backoff(Duration.ofDays(1), Duration.ofDays(3650));
        SplittableRandom random = new SplittableRandom(7);
        for (int failures : new int[] {0, 12, 20, 63, 64, 100, Integer.MAX_VALUE}) {
            assertThat(patient.millis(failures, random))
                    .isBetween(0L, Duration.ofDays(3650).toMillis());
        }
    }

    @Test
    void boundsThatAreNoneAreRefused() {
        assertThatThrownBy(() -> new Backoff(Duration.ZERO, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
