package io.aerofusion.space;

/**
 * A hybrid logical clock (Kulkarni et al. 2014): never behind the wall clock, never behind what it has observed, and never the
 * same reading twice. A reading has 48 bits of milliseconds since the epoch above 16 bits of counter, compared unsigned. Not
 * thread-safe.
 */
public final class HybridClock {
    private long last;

    /** Starts above a reading, for instance the highest one in a store; 0 for a new clock. */
    public HybridClock(long last) {
        this.last = last;
    }

    /**
     * A new reading, above all earlier and observed ones.
     *
     * @param nowMillis the wall clock, in ms since the epoch
     */
    public long tick(long nowMillis) {
        last = Math.max(last + 1, ofMillis(nowMillis));
        return last;
    }

    /** Makes every later reading higher than the observed one. */
    public void observe(long hlc) {
        last = Math.max(last, hlc);
    }

    /** The highest reading given or observed. */
    public long last() {
        return last;
    }

    /** The lowest reading of a millisecond. */
    public static long ofMillis(long millis) {
        return millis << 16;
    }

    /** The millisecond of a reading. */
    public static long millisOf(long hlc) {
        return hlc >>> 16;
    }
}
