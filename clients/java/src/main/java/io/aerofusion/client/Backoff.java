package io.aerofusion.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt to connect: a random time up to a bound that doubles with each failure ("full jitter"), so
 * that a fleet that lost its server together does not come back together.
 *
 * @param first the bound before the second attempt, from 1 ms
 * @param max the highest bound, at least {@code first}
 */
public record Backoff(Duration first, Duration max) {
    /** 0.5 s, doubling up to 30 s. */
    public static final Backoff DEFAULT = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30));

    private static final int DOUBLINGS_MAX = 20;

    public Backoff {
        if (first.toMillis() < 1 || max.compareTo(first) < 0) {
            throw new IllegalArgumentException("a backoff needs 1 ms <= first <= max");
        }
    }

    /** A wait in ms, after so many attempts that failed since the last session that lived. */
    long millis(int failures, RandomGenerator random) {
        long bound = Math.min(max.toMillis(), first.toMillis() << Math.min(failures, DOUBLINGS_MAX));
        return random.nextLong(bound + 1);
    }
}
