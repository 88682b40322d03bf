package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * A cell that holds the greatest (or smallest) number since its last reset.
 *
 * @param epoch stamp of the last reset; a higher one forgets what belongs to a lower one
 * @param value null after a reset
 */
record Extreme(
        String path, boolean max, Stamp epoch, @Nullable JsonNode value, Origin origin) implements Cell {
    @Override
    public Kind kind() {
        return max ? Kind.MAX : Kind.MIN;
    }

    Extreme merge(Extreme other) {
        int byEpoch = epoch.compareTo(other.epoch);
        if (byEpoch != 0 || value == null || other.value == null) {
            // Within one epoch null is what the reset left behind: any number beats it.
            return byEpoch > 0 || (byEpoch == 0 && other.value == null) ? this : other;
        }
        int order = Double.compare(value.doubleValue(), other.value.doubleValue());
        if (order == 0) {
            return other.origin.compareTo(origin) < 0 ? other : this;
        }
        return (order > 0) == max ? this : other;
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !origin.isCoveredBy(cursor);
    }

    /** Stays after a reset: the epoch is needed as long as some region has it. */
    @Override
    public Cell purged(Cursor horizon) {
        return this;
    }
}
