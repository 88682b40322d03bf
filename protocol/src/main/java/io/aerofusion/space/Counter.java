package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A sum of increments since the last reset. Every mutation counts once: the space knows which mutations it has merged. Only
 * after a reset that is not enough (two regions may have accepted one mutation, and only one of them knew the reset), so then
 * the cell keeps its own record.
 *
 * @param epoch stamp of the last reset, or of the beginning of the document's life; {@link Stamp#NONE} for neither
 * @param sum null right after a reset
 * @param counted device -> the mutations in the sum; empty while the epoch is {@link Stamp#NONE}
 * @param origin the operation with the highest stamp
 * @param heads the last operation of each region
 */
record Counter(
        String path,
        Stamp epoch,
        @Nullable Long sum,
        SortedMap<String, SeqSet> counted,
        Origin origin,
        List<Origin> heads)
        implements Cell {
    @Override
    public Kind kind() {
        return Kind.COUNTER;
    }

    @Override
    public @Nullable JsonNode value() {
        if (sum == null) {
            return null;
        }
        return Json.isExact(sum) ? LongNode.valueOf(sum) : DoubleNode.valueOf((double) sum);
    }

    /** A counter that an operation reset, or started. */
    static Counter started(String path, Stamp epoch, Origin origin) {
        return new Counter(path, epoch, null, Collections.emptySortedMap(), origin, List.of(origin));
    }

    Counter reset(Stamp to, Origin by) {
        return to.compareTo(epoch) > 0
                ? new Counter(path, to, null, Collections.emptySortedMap(), by, Origin.withHead(heads, by))
                : this;
    }

    /**
     * Adds to the sum.
     *
     * @param fresh the space had not merged the mutation before
     */
    Counter increment(Stamp since, long by, Origin operation, boolean fresh) {
        int order = since.compareTo(epoch);
        if (order < 0) {
            return this;
        }
        Counter now = order > 0 ? reset(since, operation) : this;
        SortedMap<String, SeqSet> record = now.counted;
        if (since.equals(Stamp.NONE)) {
            if (!fresh) {
                return this;
            }
        } else {
            SeqSet before = record.getOrDefault(operation.device(), SeqSet.EMPTY);
            if (before.contains(operation.seq())) {
                return this;
            }
            record = new TreeMap<>(record);
            record.put(operation.device(), before.with(operation.seq()));
        }
        return new Counter(
                path,
                since,
                (now.sum == null ? 0 : now.sum) + by,
                record,
                now.origin.later(operation),
                Origin.withHead(heads, operation));
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !Origin.areCoveredBy(heads, cursor);
    }

    /** The record can go: no region will bring one of its mutations again. The epoch stays, other regions have it. */
    @Override
    public Cell purged(Cursor horizon) {
        return counted.isEmpty() || isAfter(horizon)
                ? this
                : new Counter(path, epoch, sum, Collections.emptySortedMap(), origin, heads);
    }
}
