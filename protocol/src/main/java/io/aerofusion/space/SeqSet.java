package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/** An immutable set of positive numbers, kept as intervals: the mutation numbers of a device that were merged. */
public final class SeqSet {
    public static final SeqSet EMPTY = new SeqSet(new long[0]);

    /**
     * Intervals that {@link #bounded} keeps. Far above what a device can have unanswered, since only a number whose answer got lost is
     * told again; and every change copies them.
     */
    public static final int INTERVALS_MAX = 4_096;

    /** first, last, first, last, ... ascending, with at least one missing number between two intervals. */
    private final long[] bounds;

    private SeqSet(long[] bounds) {
        this.bounds = bounds;
    }

    public static SeqSet range(long first, long last) {
        return EMPTY.with(first, last);
    }

    /** Rebuilds a set from {@link #bounds()}. @throws IllegalArgumentException when they are not ascending */
    @JsonCreator
    public static SeqSet ofBounds(long[] bounds) {
        if (bounds.length % 2 != 0) {
            throw new IllegalArgumentException("bounds come in pairs");
        }
        SeqSet set = EMPTY;
        for (int i = 0; i < bounds.length; i += 2) {
            set = set.with(bounds[i], bounds[i + 1]);
        }
        return set;
    }

    /** first, last, first, last, ... of the intervals. */
    @JsonValue
    public long[] bounds() {
        return bounds.clone();
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    public boolean contains(long number) {
        int at = Arrays.binarySearch(bounds, number);
        // Not found: an odd insertion point lies between a first and its last.
        return at >= 0 || (-at - 1) % 2 == 1;
    }

    /** The largest number of the set; 0 when it is empty. */
    public long max() {
        return isEmpty() ? 0 : bounds[bounds.length - 1];
    }

    public SeqSet with(long number) {
        return contains(number) ? this : with(number, number);
    }

    /** This set and all numbers from first to last. @throws IllegalArgumentException unless 1 <= first <= last */
    public SeqSet with(long first, long last) {
        if (first < 1 || last < first) {
            throw new IllegalArgumentException("not an interval of positive numbers: " + first + ".." + last);
        }
        int from = 0; // index of the first interval that touches the new one
        while (from < bounds.length && bounds[from + 1] < first - 1) {
            from += 2;
        }
        int to = from; // index after the last interval that touches it
        long low = first;
        long high = last;
        while (to < bounds.length && bounds[to] - 1 <= last) {
            low = Math.min(low, bounds[to]);
            high = Math.max(high, bounds[to + 1]);
            to += 2;
        }
        long[] joined = new long[from + 2 + bounds.length - to];
        System.arraycopy(bounds, 0, joined, 0, from);
        joined[from] = low;
        joined[from + 1] = high;
        System.arraycopy(bounds, to, joined, from + 2, bounds.length - to);
        return new SeqSet(joined);
    }

    /** How many intervals it has: one more than there are gaps. */
    public int intervals() {
        return bounds.length / 2;
    }

    /** With the oldest gaps closed, so that no more than {@link #INTERVALS_MAX} intervals are left. */
    public SeqSet bounded() {
        int over = bounds.length - 2 * INTERVALS_MAX;
        if (over <= 0) {
            return this;
        }
        long[] rest = Arrays.copyOfRange(bounds, over, bounds.length);
        rest[0] = bounds[0];
        return new SeqSet(rest);
    }

    /** Whether a number lies so far back that nobody can say any more whether it is in the set: its gap may have been closed. */
    public boolean isTooOld(long number) {
        return intervals() >= INTERVALS_MAX && number <= bounds[1];
    }

    public SeqSet union(SeqSet other) {
        SeqSet union = this;
        for (int i = 0; i < other.bounds.length; i += 2) {
            union = union.with(other.bounds[i], other.bounds[i + 1]);
        }
        return union;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SeqSet that && Arrays.equals(bounds, that.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < bounds.length; i += 2) {
            out.append(i == 0 ? "" : ",").append(bounds[i]);
            if (bounds[i + 1] > bounds[i]) {
                out.append('-').append(bounds[i + 1]);
            }
        }
        return out.toString();
    }
}
