package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * What a document holds at one path, for one way of merging. Immutable; cells of one operation share its {@link Origin}. Where a
 * path's type changed, cells of several kinds stand side by side and the one written last is seen.
 */
sealed interface Cell permits Register, FirstWriter, Candidates, Counter, Extreme, Elements {
    /** The ways of merging; the order is that of cells at one path, and the codes are those of the snapshot format. */
    enum Kind {
        REGISTER(0),
        FIRST_WRITER(1),
        CANDIDATES(2),
        COUNTER(3),
        MAX(4),
        MIN(5),
        SET(6),
        LIST(7);

        private static final Kind[] BY_CODE = values();

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /** Whether it holds one value that the next one replaces. */
        boolean isSingle() {
            return switch (this) {
                case REGISTER, FIRST_WRITER, CANDIDATES -> true;
                case COUNTER, MAX, MIN, SET, LIST -> false;
            };
        }

        /** The kind of a code. @throws IndexOutOfBoundsException when there is none */
        static Kind of(int code) {
            return BY_CODE[code];
        }
    }

    String path();

    Kind kind();

    /** What a reader sees; null when it holds nothing. */
    @Nullable JsonNode value();

    /** The operation that says how it stands against cells above and beneath it. */
    Origin origin();

    /** Whether the holder of the cursor may see something else than what is here now. */
    boolean isAfter(Cursor cursor);

    /** What stays when everybody has seen everything up to the horizon; null when nothing needs to. */
    @Nullable Cell purged(Cursor horizon);

    default int weight() {
        JsonNode value = value();
        return value == null ? 0 : path().length() + 4 + Json.weight(value);
    }
}
