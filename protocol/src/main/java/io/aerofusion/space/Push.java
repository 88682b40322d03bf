package io.aerofusion.space;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device's mutations in the order it made them, all made on the same base.
 *
 * @param firstSeq number of the first mutation, counted from 1; the others follow without a gap
 * @param base what the device had seen when it made them; null means nothing
 */
public record Push(String device, long firstSeq, @Nullable Cursor base, List<Mutation> mutations) {
    public Push {
        mutations = List.copyOf(mutations);
    }
}
