package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** What a document holds at one path. Immutable; cells of one operation share its {@link Origin}. */
sealed interface Cell {
    String path();

    /** What a reader sees; null when it holds nothing. */
    @Nullable JsonNode value();

    /** The operation whose value is live. */
    Origin origin();

    /** Whether a reader at the cursor may see something else than what is here now. */
    default boolean isAfter(Cursor cursor) {
        return !origin().isCoveredBy(cursor);
    }

    /** Last writer wins; null after an unset. */
    record Register(String path, @Nullable JsonNode value, Origin origin) implements Cell {
        Register merge(Register other) {
            return other.origin.compareTo(origin) > 0 ? other : this;
        }
    }
}
