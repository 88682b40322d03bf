package io.aerofusion.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The device's own mutations of one space: those that wait for an acknowledgement, by number and by document, and the latest that were
 * acknowledged, in case the server comes back from a backup. What changes is written into the step of {@link SpaceContents} that it
 * belongs to: store key -> value, null to remove it.
 */
final class MutationQueue {
    /** Mutations that wait for an acknowledgement, at most; a further one is refused with {@link QueueFullException}. */
    static final int QUEUE_MAX = 100_000;

    /** Acknowledged mutations kept in case the server comes back from a backup, at most; the oldest are forgotten first. */
    static final int KEPT_MAX = 1_000;

    private final String space;
    private final Store store;
    private final NavigableMap<Long, QueuedMutation> queue = new TreeMap<>();
    private final Map<DocumentKey, List<QueuedMutation>> ofDocument = new HashMap<>();
    private final NavigableSet<Long> kept = new TreeSet<>();

    MutationQueue(String space, Store store) {
        this.space = space;
        this.store = store;
        store.scan(StoreKeys.queue(space), (key, value) -> add(StoredForms.mutation(StoreKeys.numberOf(key), value)));
        store.scan(StoreKeys.kept(space), (key, value) -> kept.add(StoreKeys.numberOf(key)));
    }

    NavigableMap<Long, QueuedMutation> byNumber() {
        return Collections.unmodifiableNavigableMap(queue);
    }

    /** The mutations of a document, in their order. */
    List<QueuedMutation> of(DocumentKey document) {
        return ofDocument.getOrDefault(document, List.of());
    }

    Set<DocumentKey> documents() {
        return Collections.unmodifiableSet(ofDocument.keySet());
    }

    void requireRoom(int mutations) {
        if (queue.size() + mutations > QUEUE_MAX) {
            throw new QueueFullException(space, QUEUE_MAX);
        }
    }

    /** Adds one that is in the store, or is about to be. */
    void add(QueuedMutation queued) {
        queue.put(queued.number(), queued);
        ofDocument.computeIfAbsent(queued.document(), key -> new ArrayList<>()).add(queued);
    }

    void remove(QueuedMutation queued, Map<String, byte @Nullable []> writes) {
        queue.remove(queued.number());
        List<QueuedMutation> others = ofDocument.get(queued.document());
        if (others != null) {
            others.remove(queued);
            if (others.isEmpty()) {
                ofDocument.remove(queued.document());
            }
        }
        writes.put(StoreKeys.numbered(StoreKeys.queue(space), queued.number()), null);
    }

    /** Keeps an acknowledged one. */
    void keep(QueuedMutation queued, Map<String, byte @Nullable []> writes) {
        writes.put(
                StoreKeys.numbered(StoreKeys.kept(space), queued.number()),
                StoredForms.mutation(queued.mutation(), queued.base()));
        kept.add(queued.number());
        while (kept.size() > KEPT_MAX) {
            writes.put(StoreKeys.numbered(StoreKeys.kept(space), kept.removeFirst()), null);
        }
    }

    /** Forgets kept ones up to a number; whether there were any. */
    boolean release(long upTo, Map<String, byte @Nullable []> writes) {
        boolean any = false;
        while (!kept.isEmpty() && kept.getFirst() <= upTo) {
            writes.put(StoreKeys.numbered(StoreKeys.kept(space), kept.removeFirst()), null);
            any = true;
        }
        return any;
    }

    /** Forgets all kept ones; the caller removes them from the store. */
    void releaseAll() {
        kept.clear();
    }

    /** Puts the kept ones back into the queue: the server may have lost them. */
    void takeBack(Map<String, byte @Nullable []> writes) {
        for (long number : kept) {
            byte[] stored = store.get(StoreKeys.numbered(StoreKeys.kept(space), number));
            if (stored != null) {
                writes.put(StoreKeys.numbered(StoreKeys.kept(space), number), null);
                writes.put(StoreKeys.numbered(StoreKeys.queue(space), number), stored);
                queue.put(number, StoredForms.mutation(number, stored));
            }
        }
        kept.clear();
        reindex();
    }

    /** Gives all numbers that are higher by so much. The caller removes the old ones from the store. */
    void renumber(long by, Map<String, byte @Nullable []> writes) {
        List<QueuedMutation> before = List.copyOf(queue.values());
        queue.clear();
        for (QueuedMutation queued : before) {
            QueuedMutation moved =
                    new QueuedMutation(queued.number() + by, queued.base(), queued.mutation(), queued.bytes());
            queue.put(moved.number(), moved);
            writes.put(
                    StoreKeys.numbered(StoreKeys.queue(space), moved.number()),
                    StoredForms.mutation(moved.mutation(), moved.base()));
        }
        reindex();
    }

    private void reindex() {
        ofDocument.clear();
        List.copyOf(queue.values()).forEach(this::add);
    }
}
