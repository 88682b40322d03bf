package io.aerofusion.platform.persistence;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
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

    /** Reads the row that the result set stands at; empty when its person was erased: such a row is passed over. */
    @FunctionalInterface
    interface Reader<T> {
        Optional<T> read(ResultSet rows) throws SQLException;
    }

    /** Reads a page from rows in the order of their id, of which one more than the limit was asked for. */
    static <T> Slice<T> of(ResultSet rows, int limit, String id, Reader<T> reader) throws SQLException {
        List<T> found = new ArrayList<>();
        String last = "";
        for (int count = 0; rows.next(); count++) {
            if (count == limit) {
                return new Slice<>(found, Optional.of(last));
            }
            last = rows.getString(id);
            reader.read(rows).ifPresent(found::add);
        }
        return new Slice<>(found, Optional.empty());
    }

    static int checkLimit(int limit) {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw new IllegalArgumentException("a page has 1 to " + LIMIT_MAX + " items");
        }
        return limit;
    }
}
