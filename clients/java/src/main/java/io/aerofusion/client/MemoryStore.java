package io.aerofusion.client;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A store on the heap, for tests and for devices that may forget. It outlives {@link #close}, so that a "restarted" replica can be
 * given the same one.
 */
public final class MemoryStore implements Store {
    private final TreeMap<String, byte[]> entries = new TreeMap<>();

    @Override
    public synchronized byte @Nullable [] get(String key) {
        return entries.get(key);
    }

    @Override
    public synchronized void scan(String prefix, BiConsumer<String, byte[]> visitor) {
        entries.subMap(prefix, StoreKeys.after(prefix)).forEach(visitor);
    }

    @Override
    public synchronized void commit(List<String> clear, Map<String, byte @Nullable []> writes) {
        for (String prefix : clear) {
            entries.subMap(prefix, StoreKeys.after(prefix)).clear();
        }
        writes.forEach((key, value) -> {
            if (value == null) {
                entries.remove(key);
            } else {
                entries.put(key, value);
            }
        });
    }

    /** A copy of what is stored now: what a crash at this moment would leave behind. */
    public synchronized MemoryStore copy() {
        MemoryStore copy = new MemoryStore();
        copy.entries.putAll(entries);
        return copy;
    }

    @Override
    public void close() {
        // the entries stay for the next replica
    }
}
