package io.aerofusion.platform.persistence;

import java.util.List;
import java.util.Optional;

/**
 * A page of a list.
 *
 * @param next what to pass as {@code after} for the page that follows; empty on the last
 */
public record Slice<T>(List<T> items, Optional<String> next) {
    /** Items of a page at most. */
    public static final int LIMIT_MAX = 1_000;

    public Slice {
        items = List.copyOf(items);
    }

    static int checkLimit(int limit) {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw new IllegalArgumentException("a page has 1 to " + LIMIT_MAX + " items");
        }
        return limit;
    }
}
