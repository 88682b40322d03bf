package io.aerofusion.load;

import java.util.Arrays;
import java.util.Locale;

/** Every single duration of a run, so that a percentile is exact and not an estimate. Thread-safe. */
final class Latencies {
    private long[] nanos = new long[1024];
    private int count;

    synchronized void record(long durationNanos) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
        }
        nanos[count++] = durationNanos;
    }

    synchronized int count() {
        return count;
    }

    /** The duration in ms that the given share (0 to 1) of all did not exceed; NaN when there is none. */
    synchronized double millis(double share) {
        if (count == 0) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(share * count) - 1;
        return sorted[Math.clamp(rank, 0, count - 1)] / 1e6;
    }

    synchronized double maxMillis() {
        return Arrays.stream(nanos, 0, count).max().orElse(0) / 1e6;
    }

    /** Such as {@code p50 1.2 / p95 3.4 / p99 5.6 ms}. */
    @Override
    public String toString() {
        return count() == 0
                ? "none measured"
                : String.format(
                        Locale.ROOT, "p50 %.1f / p95 %.1f / p99 %.1f ms", millis(0.5), millis(0.95), millis(0.99));
    }
}
