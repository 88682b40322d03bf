package io.aerofusion.client;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a replica keeps what must survive: an ordered map from keys to bytes with atomic batches. One replica uses a store at a
 * time, and never two threads at once.
 *
 * <p>What a store promises: when {@link #commit} returns, all of its writes are there after a crash of the process; when the
 * process dies within it, all or none are. A store that also promises this for a loss of power keeps mutation numbers from being
 * used twice then.
 */
public interface Store extends AutoCloseable {
    /** The bytes under a key, or null. The caller does not change them. */
    byte @Nullable [] get(String key);

    /** Visits every key that begins with the prefix, ordered by key. The visitor does not call the store. */
    void scan(String prefix, BiConsumer<String, byte[]> visitor);

    /**
     * Carries out everything, or nothing.
     *
     * @param clear prefixes whose keys are removed first
     * @param writes key -> the new bytes; null removes the key
     */
    void commit(List<String> clear, Map<String, byte @Nullable []> writes);

    @Override
    void close();
}
