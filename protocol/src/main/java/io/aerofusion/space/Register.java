package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** A cell whose last writer wins; {@code value} is null after an unset. */
record Register(String path, @Nullable JsonNode value, Origin origin) implements Cell {
    @Override
    public Kind kind() {
        return Kind.REGISTER;
    }

    Register merge(Register other) {
        return other.origin.compareTo(origin) > 0 ? other : this;
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !origin.isCoveredBy(cursor);
    }

    @Override
    public @Nullable Cell purged(Cursor horizon) {
        return value == null && origin.isCoveredBy(horizon) ? null : this;
    }
}
