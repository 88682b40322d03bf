package io.aerofusion.gateway.routing;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An immutable hash table of texts that is asked with a part of a text, so that asking makes no object. */
final class RegionTable<V> {
    private static final RegionTable<?> EMPTY = new RegionTable<>(Map.of());

    private final @Nullable String[] keys;
    private final @Nullable Object[] values;
    private final int mask;

    RegionTable(Map<String, ? extends V> entries) {
        // at most half full, so that a probe ends soon
        int capacity = Integer.highestOneBit(Math.max(1, entries.size() * 2 - 1)) << 1;
        keys = new String[capacity];
        values = new Object[capacity];
        mask = capacity - 1;
        entries.forEach((key, value) -> {
            int at = spread(hash(key, 0, key.length())) & mask;
            while (keys[at] != null) {
                at = (at + 1) & mask;
            }
            keys[at] = key;
            values[at] = value;
        });
    }

    @SuppressWarnings("unchecked")
    static <V> RegionTable<V> empty() {
        return (RegionTable<V>) EMPTY;
    }

    /** The value of the key that stands in {@code text} from {@code from} to before {@code to}. */
    @SuppressWarnings("unchecked")
    @Nullable V get(String text, int from, int to) {
        int at = spread(hash(text, from, to)) & mask;
        for (String key = keys[at]; key != null; key = keys[at]) {
            if (key.length() == to - from && text.startsWith(key, from)) {
                return (V) values[at];
            }
            at = (at + 1) & mask;
        }
        return null;
    }

    private static int hash(String text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash;
    }

    private static int spread(int hash) {
        return hash ^ (hash >>> 15);
    }
}
