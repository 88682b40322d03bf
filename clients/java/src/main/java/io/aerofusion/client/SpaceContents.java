package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Rejection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a device holds of one space: the confirmed documents, how far they go, and its own mutations that are not confirmed yet. The
 * view is the confirmed state with the queue laid over it. Documents stay in the store; cursor, queue and numbers are also held
 * here.
 *
 * <p>Every method that changes something is one commit of the store, so after a crash the space is as it was before or after it.
 */
final class SpaceContents {
    /** 2026-01-01T00:00:00Z: keeps first numbers short. */
    private static final long NUMBERS_SINCE_MS = 1_767_225_600_000L;

    private final String device;
    private final String name;
    private final Store store;
    private final HybridClock clock;

    private @Nullable String cursor;
    private @Nullable String base;
    private long nextNumber = 1;
    private List<String> collections = List.of();

    private final MutationQueue queue;
    private final Notices notices;
    private @Nullable SpaceHash hash;

    SpaceContents(String device, String name, Store store, HybridClock clock) {
        this.device = device;
        this.name = name;
        this.store = store;
        this.clock = clock;
        long nextConflict = 1;
        byte[] stored = store.get(StoreKeys.space(name));
        if (stored == null) {
            nextNumber = firstNumber(clock);
        } else {
            JsonNode meta = StoredForms.json(stored);
            cursor = meta.path("cursor").textValue();
            base = meta.path("base").textValue();
            nextNumber = meta.path("nextNumber").longValue();
            nextConflict = meta.path("nextConflict").longValue();
            List<String> names = new ArrayList<>();
            meta.path("collections").forEach(element -> names.add(element.asText()));
            collections = List.copyOf(names);
            clock.observe(meta.path("hlc").longValue());
        }
        this.queue = new MutationQueue(name, store);
        queue.byNumber()
                .values()
                .forEach(queued -> clock.observe(queued.mutation().at()));
        this.notices = new Notices(name, store, nextConflict);
    }

    /**
     * Where a new store begins to count. The server takes a number that it has seen for a repetition, so a device that lost its store
     * must not begin at 1 again: it begins above what it can have used before, unless it made more than one mutation per
     * millisecond or its clock went back.
     */
    private static long firstNumber(HybridClock clock) {
        return Math.max(1, clock.millis() - NUMBERS_SINCE_MS);
    }

    /** How far the confirmed state goes, to resume from; null for nothing. */
    @Nullable String cursor() {
        return cursor;
    }

    /** Whether the cursor stands at the end of a complete page. */
    boolean complete() {
        return cursor != null && cursor.equals(base);
    }

    List<String> collections() {
        return collections;
    }

    NavigableMap<Long, QueuedMutation> queue() {
        return queue.byNumber();
    }

    long nextNumber() {
        return nextNumber;
    }

    Collection<RejectedMutation> rejections() {
        return notices.rejections();
    }

    Collection<ConflictNotice> conflicts() {
        return notices.conflicts();
    }

    /**
     * Which collections to hold, empty for all; another choice than before starts the space anew. What was changed in others waits to
     * be sent, and is let go of when it is acknowledged. True when it did.
     */
    boolean choose(List<String> chosen) {
        if (collections.equals(chosen)) {
            return false;
        }
        collections = List.copyOf(chosen);
        restart();
        return true;
    }

    // the view

    /** The document in the view, or null. */
    @Nullable LocalDocument document(DocumentKey key) {
        return overlay(key, confirmed(key));
    }

    /** Visits every document of the view in a collection, or in all when it is null. The visitor does not call the replica. */
    void documents(@Nullable String collection, BiConsumer<DocumentKey, ObjectNode> visitor) {
        Set<DocumentKey> created = new LinkedHashSet<>(queue.documents());
        String prefix = collection == null ? StoreKeys.documents(name) : StoreKeys.documents(name, collection);
        store.scan(prefix, (storeKey, stored) -> {
            DocumentKey key = StoreKeys.documentOf(name, storeKey);
            created.remove(key);
            LocalDocument document = overlay(key, StoredForms.document(stored));
            if (document != null) {
                visitor.accept(key, document.value());
            }
        });
        for (DocumentKey key : created) {
            LocalDocument document = overlay(key, null);
            if (document != null && (collection == null || collection.equals(key.collection()))) {
                visitor.accept(key, document.value());
            }
        }
    }

    /** Hash of the confirmed state, as the server computes it. The first call reads every document, later ones what changed. */
    String hash() {
        if (hash == null) {
            SpaceHash fresh = new SpaceHash();
            store.scan(
                    StoreKeys.documents(name),
                    (key, stored) -> fresh.put(
                            StoreKeys.documentOf(name, key),
                            StoredForms.document(stored).value()));
            hash = fresh;
        }
        return hash.value(key -> {
            LocalDocument document = confirmed(key);
            return document == null ? null : document.value();
        });
    }

    private @Nullable LocalDocument confirmed(DocumentKey key) {
        byte[] stored = store.get(StoreKeys.document(name, key));
        return stored == null ? null : StoredForms.document(stored);
    }

    private @Nullable LocalDocument overlay(DocumentKey key, @Nullable LocalDocument confirmed) {
        LocalDocument document = confirmed;
        for (QueuedMutation queued : queue.of(key)) {
            document = after(queued, document);
        }
        return document;
    }

    private @Nullable LocalDocument after(QueuedMutation queued, @Nullable LocalDocument document) {
        if (queued.mutation().delete()) {
            return null;
        }
        LocalDocument changed = document == null ? LocalDocument.empty() : document;
        changed.apply(queued.mutation(), device, queued.number());
        return changed;
    }

    // changes, each in one commit

    /** Takes the application's mutations into the queue; returns the number of the last. */
    long append(List<Mutation> mutations) {
        queue.requireRoom(mutations.size());
        Commit commit = new Commit();
        List<QueuedMutation> added = new ArrayList<>();
        long number = nextNumber;
        for (Mutation mutation : mutations) {
            Mutation stamped = Mutations.stamped(mutation, clock.next());
            byte[] stored = StoredForms.mutation(stamped, base);
            commit.put(StoreKeys.numbered(StoreKeys.queue(name), number), stored);
            added.add(new QueuedMutation(number++, base, stamped, stored.length));
        }
        nextNumber = number;
        commit.run();
        added.forEach(queue::add);
        return number - 1;
    }

    /** Applies what the server sent; {@code complete} when nothing is missing up to {@code to}. */
    Set<DocumentKey> page(List<DocumentChange> changes, String to, boolean complete) {
        Commit commit = new Commit();
        changes.forEach(commit::apply);
        cursor = to;
        if (complete) {
            base = to;
        }
        commit.run();
        return commit.touched.keySet();
    }

    /**
     * Confirms this device's mutations, then applies where the server's outcome differs.
     *
     * @param keep whether a server that comes back from a backup may have lost them
     */
    Set<DocumentKey> acknowledge(long upTo, boolean keep, List<DocumentChange> changes, @Nullable String newCursor) {
        Commit commit = new Commit();
        for (QueuedMutation queued :
                List.copyOf(queue.byNumber().headMap(upTo, true).values())) {
            commit.apply(queued);
            queue.remove(queued, commit.writes);
            if (keep) {
                queue.keep(queued, commit.writes);
            }
        }
        changes.forEach(commit::apply);
        if (newCursor != null) {
            cursor = newCursor;
            base = newCursor;
        }
        commit.run();
        return commit.touched.keySet();
    }

    /** Mutations up to this number are safe in more than one region. */
    void replicated(long upTo) {
        Commit commit = new Commit();
        if (queue.release(upTo, commit.writes)) {
            commit.run();
        }
    }

    /** Takes mutations out of the queue that the server did not accept; returns those that were known. */
    List<RejectedMutation> reject(List<Rejection> refused) {
        if (refused.isEmpty()) {
            return List.of();
        }
        Commit commit = new Commit();
        List<RejectedMutation> known = new ArrayList<>();
        for (Rejection rejection : refused) {
            QueuedMutation queued = queue.byNumber().get(rejection.seq());
            if (queued != null) {
                known.add(reject(queued, rejection, commit));
            }
        }
        commit.run();
        return known;
    }

    private RejectedMutation reject(QueuedMutation queued, Rejection rejection, Commit commit) {
        queue.remove(queued, commit.writes);
        return notices.reject(queued, rejection, commit.writes);
    }

    List<ConflictNotice> record(List<Conflict> met) {
        Commit commit = new Commit();
        List<ConflictNotice> recorded = notices.record(met, commit.writes);
        commit.run();
        return recorded;
    }

    void dismissRejection(long number) {
        Commit commit = new Commit();
        if (notices.dismissRejection(number, commit.writes)) {
            commit.run();
        }
    }

    void dismissConflict(long number) {
        Commit commit = new Commit();
        if (notices.dismissConflict(number, commit.writes)) {
            commit.run();
        }
    }

    /** Forgets the confirmed state. The queue stays, and what the server may have lost joins it again. */
    void restart() {
        Commit commit = new Commit();
        queue.takeBack(commit.writes);
        forgetDocuments(commit);
        commit.run();
    }

    /** The device lost the space: nothing of it stays but the application's own work, as rejections. */
    List<RejectedMutation> gone(ErrorCode reason) {
        Commit commit = new Commit();
        List<RejectedMutation> rejected = new ArrayList<>();
        for (QueuedMutation queued : List.copyOf(queue.byNumber().values())) {
            rejected.add(reject(queued, new Rejection(queued.number(), reason, reason.title(), "", null), commit));
        }
        commit.clear.add(StoreKeys.kept(name));
        queue.releaseAll();
        forgetDocuments(commit);
        commit.run();
        return rejected;
    }

    /**
     * Gives the queue new numbers above one that the server has seen from this device but this store never gave out: the store lost
     * its past, and with the old numbers the queue would be taken for repetitions. Returns by how much they grew.
     */
    long renumberAbove(long number) {
        Commit commit = new Commit();
        commit.clear.add(StoreKeys.queue(name));
        long by = number
                + 1
                - (queue.byNumber().isEmpty() ? nextNumber : queue.byNumber().firstKey());
        queue.renumber(by, commit.writes);
        nextNumber += by;
        commit.run();
        return by;
    }

    private void forgetDocuments(Commit commit) {
        commit.clear.add(StoreKeys.documents(name));
        cursor = null;
        base = null;
        hash = null;
    }

    /** Collects the writes of one step, and the documents it touches. */
    private final class Commit {
        private final List<String> clear = new ArrayList<>();
        private final Map<String, byte @Nullable []> writes = new LinkedHashMap<>();
        private final Map<DocumentKey, @Nullable LocalDocument> touched = new HashMap<>();

        void put(String key, byte[] value) {
            writes.put(key, value);
        }

        void apply(QueuedMutation queued) {
            DocumentKey key = queued.document();
            touched.put(key, holds(key) ? after(queued, current(key)) : null);
        }

        void apply(DocumentChange change) {
            DocumentKey key = new DocumentKey(change.collection(), change.id());
            if (change.deleted() || !holds(key)) {
                touched.put(key, null);
                return;
            }
            LocalDocument document = change.whole() ? null : current(key);
            LocalDocument changed = document == null ? LocalDocument.empty() : document;
            changed.apply(change);
            touched.put(key, changed);
        }

        private boolean holds(DocumentKey key) {
            return collections.isEmpty() || collections.contains(key.collection());
        }

        private @Nullable LocalDocument current(DocumentKey key) {
            return touched.containsKey(key) ? touched.get(key) : confirmed(key);
        }

        void run() {
            touched.forEach((key, document) -> {
                writes.put(StoreKeys.document(name, key), document == null ? null : StoredForms.document(document));
                if (hash != null) {
                    hash.touch(key);
                }
            });
            writes.put(StoreKeys.space(name), meta());
            store.commit(clear, writes);
        }

        private byte[] meta() {
            ObjectNode meta = JsonNodeFactory.instance.objectNode();
            meta.put("cursor", cursor)
                    .put("base", base)
                    .put("nextNumber", nextNumber)
                    .put("nextConflict", notices.nextConflict())
                    .put("hlc", clock.last());
            collections.forEach(meta.putArray("collections")::add);
            return StoredForms.bytes(meta);
        }
    }
}
