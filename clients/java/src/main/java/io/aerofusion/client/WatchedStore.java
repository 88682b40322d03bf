package io.aerofusion.client;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A store that remembers that it failed: from then on what is in memory may be ahead of what is stored. */
final class WatchedStore implements Store {
    private final Store store;
    private boolean failed;

    WatchedStore(Store store) {
        this.store = store;
    }

    /** Whether it failed since it was last {@link #trustAgain trusted}. */
    boolean failed() {
        return failed;
    }

    /** What was in memory has been read anew. */
    void trustAgain() {
        failed = false;
    }

    @Override
    public byte @Nullable [] get(String key) {
        try {
            return store.get(key);
        } catch (RuntimeException | Error e) {
            failed = true;
            throw e;
        }
    }

    /** A failure may be the visitor's, and changes nothing. */
    @Override
    public void scan(String prefix, BiConsumer<String, byte[]> visitor) {
        store.scan(prefix, visitor);
    }

    @Override
    public void commit(List<String> clear, Map<String, byte @Nullable []> writes) {
        try {
            store.commit(clear, writes);
        } catch (RuntimeException | Error e) {
            failed = true;
            throw e;
        }
    }

    @Override
    public void close() {
        store.close();
    }
}
