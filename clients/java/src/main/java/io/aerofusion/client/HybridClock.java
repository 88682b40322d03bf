package io.aerofusion.client;

import java.time.InstantSource;

/**
 * The device's hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): readings that never repeat or go back,
 * close to the server's wall clock as far as the device knows it.
 */
final class HybridClock {
    /** A reading further ahead of the corrected wall clock than this came from a wrong clock and is forgotten. */
    static final long AHEAD_MS_MAX = 60_000;

    private static final int COUNTER_BITS = 16;

    private final InstantSource wall;
    private long last;
    private long correctionMillis;

    HybridClock(InstantSource wall) {
        this.wall = wall;
    }

    /** The wall clock, corrected, in ms since the epoch. */
    long millis() {
        return wall.millis() + correctionMillis;
    }

    long correctionMillis() {
        return correctionMillis;
    }

    void correctBy(long millis) {
        correctionMillis = millis;
    }

    /** Takes note of a reading that was given out earlier, by this device before a restart. */
    void observe(long reading) {
        last = Math.max(last, reading);
    }

    /** The latest reading, for keeping. */
    long last() {
        return last;
    }

    /** A new reading, above all before. */
    long next() {
        long now = Math.max(0, millis()) << COUNTER_BITS;
        boolean lastIsPlausible = last - now <= AHEAD_MS_MAX << COUNTER_BITS;
        last = lastIsPlausible ? Math.max(now, last + 1) : now;
        return last;
    }
}
