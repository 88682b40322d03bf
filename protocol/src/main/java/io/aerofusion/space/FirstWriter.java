package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * A cell whose first writer wins among those who did not know each other. Who knows the value may replace it: that is a new
 * generation, and the higher generation wins before the lower stamp does.
 */
record FirstWriter(String path, long generation, @Nullable JsonNode value, Origin origin) implements Cell {
    @Override
    public Kind kind() {
        return Kind.FIRST_WRITER;
    }

    FirstWriter merge(FirstWriter other) {
        if (other.generation != generation) {
            return other.generation > generation ? other : this;
        }
        return other.origin.compareTo(origin) < 0 ? other : this;
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !origin.isCoveredBy(cursor);
    }

    /** Stays even when it is unset: a region that forgot the generation would lose against one that did not. */
    @Override
    public Cell purged(Cursor horizon) {
        return this;
    }
}
