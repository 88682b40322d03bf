package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Mutation.Insertion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A space as this device holds it: what the server confirmed, with the device's own changes on top. Everything is local and at once;
 * what is written is stored when the call returns. Paths are member names, or JSON Pointers (RFC 6901) when they begin with {@code /}.
 *
 * <p>Writing fails with {@link QueueFullException} when too much waits to be sent, with {@link IllegalStateException} when the device
 * lost its access, and with {@link IllegalArgumentException} for what is no path or no JSON value.
 */
public final class SyncedSpace {
    private final SyncClient client;
    private final String name;

    SyncedSpace(SyncClient client, String name) {
        this.client = client;
        this.name = name;
    }

    public String name() {
        return name;
    }

    // reading

    public Optional<ObjectNode> get(String collection, String id) {
        return client.work(replica -> replica.document(name, collection, id));
    }

    /** The documents of a collection that match, by id. The predicate does not call the client. */
    public Map<String, ObjectNode> query(String collection, Predicate<? super ObjectNode> matches) {
        Map<String, ObjectNode> found = new LinkedHashMap<>();
        forEach(collection, (key, document) -> {
            if (matches.test(document)) {
                found.put(key.id(), document);
            }
        });
        return found;
    }

    /** Visits every document of a collection, or of all when it is null. The visitor does not call the client. */
    public void forEach(@Nullable String collection, BiConsumer<DocumentKey, ObjectNode> visitor) {
        client.work(replica -> {
            replica.documents(name, collection, visitor);
            return replica;
        });
    }

    /** The keys of a list's elements, parallel to the array at the path: names for {@link #insert} and {@link #removeKeys}. */
    public List<String> listKeys(String collection, String id, String path) {
        return client.work(replica -> replica.listKeys(name, collection, id, path));
    }

    // writing

    /** Makes the document be this one: members that it does not have go away. Only differences to what the device sees are sent. */
    public void put(String collection, String id, ObjectNode document) {
        client.work(replica -> {
            Optional<ObjectNode> before = replica.document(name, collection, id);
            Mutation change = Mutations.between(collection, id, before.orElse(null), document);
            if (change != null) {
                replica.mutate(name, change);
            }
            return replica;
        });
    }

    /** Sets the given members, leaf by leaf, and leaves the others alone. */
    public void merge(String collection, String id, ObjectNode members) {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        members.properties().forEach(member -> set.put(Mutations.path(member.getKey()), member.getValue()));
        mutate(List.of(Mutation.set(collection, id, 0, set)));
    }

    public void set(String collection, String id, String path, JsonNode value) {
        mutate(List.of(Mutation.set(collection, id, 0, Map.of(path, value))));
    }

    /** Removes what is at the paths, with everything beneath. */
    public void unset(String collection, String id, String... paths) {
        mutate(List.of(new Mutation(
                collection, id, 0, Map.of(), List.of(paths), false, Map.of(), Map.of(), Map.of(), Map.of())));
    }

    public void delete(String collection, String id) {
        mutate(List.of(Mutation.delete(collection, id, 0)));
    }

    /** Adds to a counter; what others add meanwhile adds up. */
    public void increment(String collection, String id, String path, long by) {
        mutate(List.of(Mutation.inc(collection, id, 0, path, by)));
    }

    /** Puts elements into a set. */
    public void add(String collection, String id, String path, JsonNode... elements) {
        mutate(List.of(new Mutation(
                collection,
                id,
                0,
                Map.of(),
                List.of(),
                false,
                Map.of(),
                Map.of(path, List.of(elements)),
                Map.of(),
                Map.of())));
    }

    /** Takes elements out of a set; an element that somebody adds meanwhile stays. */
    public void remove(String collection, String id, String path, JsonNode... elements) {
        remove(collection, id, path, List.of(elements));
    }

    /** Removes elements of a list by their keys. */
    public void removeKeys(String collection, String id, String path, String... keys) {
        List<JsonNode> elements = new ArrayList<>();
        for (String key : keys) {
            elements.add(TextNode.valueOf(key));
        }
        remove(collection, id, path, elements);
    }

    private void remove(String collection, String id, String path, List<JsonNode> elements) {
        mutate(List.of(new Mutation(
                collection, id, 0, Map.of(), List.of(), false, Map.of(), Map.of(), Map.of(path, elements), Map.of())));
    }

    /** Inserts an element into a list, behind the one with the key {@code after}; null puts it first. */
    public void insert(String collection, String id, String path, @Nullable String after, JsonNode element) {
        mutate(List.of(new Mutation(
                collection,
                id,
                0,
                Map.of(),
                List.of(),
                false,
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(path, List.of(new Insertion(after, element))))));
    }

    /** Makes several changes in one step of the store: all of them or none. Their {@code at} is given here. Not a transaction at the server. */
    public void mutate(List<Mutation> mutations) {
        client.work(replica -> replica.mutate(name, mutations));
    }

    // what became of it

    /** Calls the observer for every event of this space; see {@link SyncClient#observe}. */
    public Subscription observe(Consumer<? super ReplicaEvent.OfSpace> observer) {
        return client.observe(event -> {
            if (event instanceof ReplicaEvent.OfSpace ofSpace && ofSpace.space().equals(name)) {
                observer.accept(ofSpace);
            }
        });
    }

    /** Completes when every change made before the call is acknowledged or rejected. */
    public CompletableFuture<Void> flush() {
        return client.flush(List.of(name));
    }

    /** How many changes wait for their acknowledgement. */
    public int pending() {
        return client.work(replica -> replica.pending(name));
    }

    /** Whether the device has seen the space as the server had it at some point, with nothing missing. */
    public boolean isComplete() {
        return client.work(replica -> replica.complete(name));
    }

    /** The opaque cursor up to which the space is here. */
    public Optional<String> cursor() {
        return client.work(replica -> Optional.ofNullable(replica.cursor(name)));
    }

    /**
     * Hash of the confirmed state, equal to the server's when this device has caught up, nothing is pending and all collections are held.
     * The first call reads every document.
     */
    public String hash() {
        return client.work(replica -> replica.hash(name));
    }

    /** Changes that the server did not accept, until they are dismissed. */
    public Collection<RejectedMutation> rejected() {
        return client.work(replica -> replica.rejections(name));
    }

    public void dismiss(RejectedMutation rejected) {
        client.work(replica -> {
            replica.dismissRejection(name, rejected.number());
            return replica;
        });
    }

    /** Conflicts that this device's changes took part in, until they are resolved or dismissed. */
    public Collection<ConflictNotice> conflicts() {
        return client.work(replica -> replica.conflicts(name));
    }

    public void dismiss(ConflictNotice notice) {
        client.work(replica -> {
            replica.dismissConflict(name, notice.number());
            return replica;
        });
    }

    /**
     * Decides a conflict: writes the value, or removes the path when it is null, knowing both sides, and dismisses the notice. For a
     * conflict of the whole document (path ""): null deletes it, an object is what it shall be. The server's queue has to have reached this
     * device before, or the conflict goes on waiting there; {@link Admin#resolveConflict} settles it at the server.
     */
    public void resolve(ConflictNotice notice, @Nullable JsonNode value) {
        String collection = notice.conflict().collection();
        String id = notice.conflict().id();
        String path = notice.conflict().path();
        if (path.isEmpty() && value instanceof ObjectNode document) {
            client.work(replica -> {
                ObjectNode before = replica.document(name, collection, id).orElse(null);
                replica.mutate(name, Mutations.choosing(collection, id, before, document));
                return replica;
            });
        } else if (path.isEmpty()) {
            delete(collection, id);
        } else if (value == null) {
            unset(collection, id, path);
        } else {
            set(collection, id, path, value);
        }
        dismiss(notice);
    }

    /** What other devices announced, by device. */
    public Map<String, JsonNode> presence() {
        return client.work(replica -> replica.presence(name));
    }

    /** Tells the others who follow the space something that lasts as long as the session, now and after reconnecting; null takes it back. */
    public void announce(@Nullable JsonNode state) {
        client.work(replica -> {
            replica.announce(name, state);
            return replica;
        });
    }

    /** Stops following the space. What is stored of it stays, and is taken up by the next {@link SyncClient#space}. */
    public void close() {
        client.closeSpace(name);
    }
}
