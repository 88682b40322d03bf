package io.aerofusion.gateway.usage;

import java.util.Arrays;
import java.util.List;

/**
 * How long requests took: a histogram whose buckets grow by a quarter (the preferred numbers R10 of ISO 3), from 0.1 ms to 80 s,
 * so that a quantile read from it is at most a quarter off. Immutable.
 *
 * @param buckets how many took at most as long as the bound of the same place and more than the one before; one more for the rest
 * @param nanos how long all took together
 */
public record Durations(List<Long> buckets, long nanos) {
    private static final int[] STEPS = {100, 125, 160, 200, 250, 315, 400, 500, 630, 800};
    private static final int DECADES = 6;
    private static final long[] BOUNDS = new long[STEPS.length * DECADES];
    /** Where the search begins, by the bits of the duration. */
    private static final int[] FIRST = new int[Long.SIZE + 1];

    /** Buckets, the one for the rest included. */
    static final int BUCKETS = BOUNDS.length + 1;

    static {
        long unit = 1_000;
        for (int decade = 0; decade < DECADES; decade++, unit *= 10)
            for (int step = 0; step < STEPS.length; step++) BOUNDS[decade * STEPS.length + step] = STEPS[step] * unit;
        for (int bits = 0; bits <= Long.SIZE; bits++) {
            long least = bits == 0 ? 0 : 1L << (bits - 1);
            int first = 0;
            while (bits < Long.SIZE && first < BOUNDS.length && BOUNDS[first] < least) first++;
            FIRST[bits] = first;
        }
    }

    public Durations {
        buckets = List.copyOf(buckets);
    }

    /** The bucket of a duration: at most four comparisons. */
    static int bucket(long nanos) {
        if (nanos <= 0) return 0;
        int at = FIRST[Long.SIZE - Long.numberOfLeadingZeros(nanos)];
        while (at < BOUNDS.length && nanos > BOUNDS[at]) at++;
        return at;
    }

    /** How many there are. */
    public long count() {
        long count = 0;
        for (long bucket : buckets) count += bucket;
        return count;
    }

    /** How many took at most so long; exact where this is a bound of a bucket, as 1, 2.5 and 5 of every power of ten are. */
    public long atMost(long limitNanos) {
        int end = Arrays.binarySearch(BOUNDS, limitNanos);
        int buckets = end >= 0 ? end + 1 : -end - 1;
        long count = 0;
        for (int i = 0; i < buckets; i++) count += this.buckets.get(i);
        return count;
    }

    /** What this share of the requests took at most, in milliseconds, by the bounds of the bucket; 0 if there was none. */
    public double quantileMs(double share) {
        long rank = Math.max(1, (long) Math.ceil(share * count()));
        long seen = 0;
        for (int i = 0; i < buckets.size(); i++) {
            long here = buckets.get(i);
            if (here == 0 || seen + here < rank) {
                seen += here;
                continue;
            }
            double low = i == 0 ? 0 : BOUNDS[i - 1];
            double high = i < BOUNDS.length ? BOUNDS[i] : low;
            return (low + (high - low) * (rank - seen) / here) / 1e6;
        }
        return 0;
    }
}
