package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The state of one space: its documents, what was merged from whom, and the way from any cursor to now. It changes only by
 * {@link #apply}, and applying the same facts in any order, any number of times, gives the same documents, hash and queue.
 * Mutable and not thread-safe: it never leaves its entity.
 */
public final class SpaceState {
    private final String tenant;
    private final String space;
    private final String region;
    private final long epoch;
    private final int fingerprint;

    private final Map<String, Map<String, Slot>> collections = new HashMap<>();
    private final SortedMap<String, DeltaIndex> indexes = new TreeMap<>();
    /** Region -> the highest operation number applied. */
    private final SortedMap<String, Long> heads = new TreeMap<>();
    /** Device -> its mutations that were merged. */
    private final Map<String, SeqSet> merged = new HashMap<>();

    private final SpaceHash hash = new SpaceHash();
    private final List<Slot> dirty = new ArrayList<>();
    /** Documents with something to choose, by collection and id. */
    private final SortedMap<DocumentKey, Slot> undecided = new TreeMap<>();

    private final Quarantine quarantine = new Quarantine();
    /** Region -> number up to which tombstones were purged. */
    private final SortedMap<String, Long> horizon = new TreeMap<>();
    /** Whether {@link #apply(Purged)} would free anything. Looks at all documents. */
    public boolean wouldForget(SortedMap<String, Long> to) {
        Cursor seen = new Cursor(fingerprint, epoch, to, 0);
        return stored().anyMatch(document ->
                document.isLive() ? document.purged(seen) != document : isForgettable(document, seen));
    }

    private boolean isForgettable(Document document, Cursor seen) {
        return document.isSettled(seen) && document.areRemovalsMerged(merged);
    }

    /** A reading above everything that was purged; 0 while nothing was. */
    private long floor;

    private long hlc;
    private int live;
    private long weight;
    /** With the deleted documents that are kept. */
    private int kept;

    private long keptWeight;

    /**
     * An empty space.
     *
     * @param region the region that accepts here; it numbers its own operations
     * @param epoch of the log; higher after a restored backup
     */
    public SpaceState(String tenant, String space, String region, long epoch) {
        this.tenant = tenant;
        this.space = space;
        this.region = region;
        this.epoch = epoch;
        this.fingerprint = Cursor.fingerprint(tenant, space);
    }

    public String tenant() {
        return tenant;
    }

    public String space() {
        return space;
    }

    public String region() {
        return region;
    }

    public long epoch() {
        return epoch;
    }

    /** Decides a push against the present. Changes nothing: {@link Decision#facts} is to be stored and applied. */
    public Decision decide(Push push, SpaceSettings settings, long nowMillis) {
        return new Ingress(this, push, settings, nowMillis).decide();
    }

    /** Takes facts in, of this region or of another one, in any order, any number of times. */
    public void apply(Merged facts) {
        SeqSet seen = mergedOf(facts.device());
        long purgedTo = horizon.getOrDefault(facts.region(), 0L);
        for (Operation operation : facts.operations()) {
            if (operation.number() <= purgedTo) {
                continue; // merged before the purge; told once more it would bring back what was purged
            }
            Origin origin =
                    new Origin(facts.region(), operation.number(), facts.device(), operation.seq(), operation.hlc());
            Slot slot = slot(operation.collection(), operation.id());
            replace(slot, slot.document.merge(operation, origin, !seen.contains(operation.seq())), origin);
            seen = seen.with(operation.seq());
            hlc = Math.max(hlc, operation.hlc());
            heads.merge(facts.region(), operation.number(), Math::max);
        }
        if (!seen.isEmpty()) {
            merged.put(facts.device(), seen.bounded());
        }
        facts.quarantined().forEach(quarantine::add);
    }

    private void replace(Slot slot, Document next, Origin origin) {
        long head = slot.document.head(origin.region());
        replace(slot, next);
        if (next.head(origin.region()) > head) {
            index(origin.region()).add(origin.number(), slot, head > 0);
        }
    }

    private void replace(Slot slot, Document next) {
        Document before = slot.document;
        if (next == before) {
            return;
        }
        count(before, -1);
        count(next, 1);
        slot.document = next;
        DocumentKey key = new DocumentKey(next.collection(), next.id());
        if (next.isUndecided()) {
            undecided.put(key, slot);
        } else if (before.isUndecided()) {
            undecided.remove(key);
        }
        if (!slot.dirty) {
            slot.dirty = true;
            dirty.add(slot);
        }
    }

    private void count(Document document, int sign) {
        if (document.exists()) {
            kept += sign;
            keptWeight += (long) sign * document.weight();
        }
        if (document.isLive()) {
            live += sign;
            weight += (long) sign * document.weight();
        }
    }

    private Slot slot(String collection, String id) {
        return collections
                .computeIfAbsent(collection, name -> new HashMap<>())
                .computeIfAbsent(id, name -> new Slot(Document.absent(collection, name)));
    }

    private DeltaIndex index(String name) {
        return indexes.computeIfAbsent(name, DeltaIndex::new);
    }

    /** What is kept of a document, live or not; an absent one when there is nothing. */
    Document stored(String collection, String id) {
        Slot slot = collections.getOrDefault(collection, Map.of()).get(id);
        return slot == null ? Document.absent(collection, id) : slot.document;
    }

    /** The document as readers see it; empty when it does not exist (any more). */
    public Optional<JsonNode> document(String collection, String id) {
        Document document = stored(collection, id);
        return document.isLive() ? Optional.of(document.json()) : Optional.empty();
    }

    /** The mutations of a device that were merged. */
    public SeqSet mergedOf(String device) {
        return merged.getOrDefault(device, SeqSet.EMPTY);
    }

    /** Where the present is. */
    public Cursor cursor() {
        return new Cursor(fingerprint, epoch, heads, hlc);
    }

    /** The highest hybrid logical clock reading of any operation. */
    public long hlc() {
        return hlc;
    }

    /** The highest operation number applied of a region. */
    public long head(String name) {
        return heads.getOrDefault(name, 0L);
    }

    /** How many documents are live. */
    public int documents() {
        return live;
    }

    /** About how many bytes the live documents take as JSON. */
    public long approximateBytes() {
        return weight;
    }

    /** How many documents are kept: the live ones, and the deleted ones that somebody may not have seen deleted yet. */
    public int keptDocuments() {
        return kept;
    }

    /** About how many bytes the kept documents take as JSON. */
    public long keptBytes() {
        return keptWeight;
    }

    /** Whether something was purged that the holder of the cursor has not seen. */
    boolean isBelowHorizon(Cursor cursor) {
        return horizon.entrySet().stream().anyMatch(purged -> cursor.number(purged.getKey()) < purged.getValue());
    }

    /** What a cursor is good for here. */
    public CursorCheck check(Cursor cursor) {
        if (cursor.space() != fingerprint) {
            return CursorCheck.FOREIGN;
        }
        if (cursor.epoch() != epoch) {
            return CursorCheck.EXPIRED;
        }
        if (cursor.isFirstReading()) {
            return cursor.hlc() == purgeMark() ? CursorCheck.USABLE : CursorCheck.EXPIRED;
        }
        if (isBelowHorizon(cursor)) {
            return CursorCheck.EXPIRED;
        }
        for (Map.Entry<String, Long> seen : cursor.numbers().entrySet()) {
            if (seen.getValue() > head(seen.getKey())) {
                return CursorCheck.AHEAD;
            }
        }
        return CursorCheck.USABLE;
    }

    /** The hash of the live documents, see {@link SpaceHash}. Costs what changed since it was last asked for. */
    public String hash() {
        for (Slot slot : dirty) {
            Document document = slot.document;
            long[] now = document.isLive()
                    ? hash.digest(document.collection(), document.id(), document.json())
                    : SpaceHash.NOTHING;
            hash.replace(slot.digest, now);
            slot.digest = now;
            slot.dirty = false;
        }
        dirty.clear();
        return hash.hex();
    }

    /**
     * What changed after a cursor, in the order it happened and each document once, or a first part of it.
     *
     * @param since null for the beginning
     * @param wanted the collections to look at; empty means all
     * @param documentsMax how many documents the page may hold
     * @param bytesMax about how many bytes of JSON it may hold; a single document may be larger
     */
    public Page changes(@Nullable Cursor since, Set<String> wanted, int documentsMax, int bytesMax) {
        boolean reset = since != null
                && switch (check(since)) {
                    case USABLE, AHEAD -> false;
                    case FOREIGN, EXPIRED -> true;
                };
        Cursor from = since == null || reset
                ? new Cursor(fingerprint, epoch, Collections.emptySortedMap(), purgeMark())
                : since;
        // Not from the cursor of an empty space: its holder may have pushed since, and knows what it pushed.
        boolean fresh = since == null || reset;
        PageWriter page = new PageWriter(from, wanted, fresh, documentsMax, bytesMax);
        SortedMap<String, Long> progress = new TreeMap<>(from.progress());
        for (Map.Entry<String, DeltaIndex> index : indexes.entrySet()) {
            page.begin(from.position(index.getKey()));
            index.getValue().forEachAfter(from.position(index.getKey()), page::visit);
            if (page.isFull()) {
                progress.put(index.getKey(), page.position());
                Cursor to = new Cursor(fingerprint, epoch, from.numbers(), progress, from.hlc());
                return new Page(page.changes(), to, true, reset);
            }
            progress.put(index.getKey(), head(index.getKey()));
        }
        return new Page(page.changes(), reached(from), false, reset);
    }

    /** The cursor of somebody who has seen everything here on top of what they had: also of regions that are ahead of us. */
    private Cursor reached(Cursor from) {
        SortedMap<String, Long> numbers = new TreeMap<>(heads);
        from.numbers().forEach((name, number) -> numbers.merge(name, number, Math::max));
        return new Cursor(fingerprint, epoch, numbers, from.numbers().isEmpty() ? hlc : Math.max(hlc, from.hlc()));
    }

    /**
     * Higher after every purge. A first reading that is under way when something is purged begins again: it may have been given
     * what is now forgotten, and nothing would tell it.
     */
    private long purgeMark() {
        return horizon.values().stream().mapToLong(Long::longValue).sum();
    }

    /** What one commit that was just applied changed, for readers whose cursor is the one before it. */
    public List<DocumentChange> changesOf(Merged justApplied, Cursor before) {
        Set<Document> told = Collections.newSetFromMap(new IdentityHashMap<>());
        List<DocumentChange> changes = new ArrayList<>();
        for (Operation operation : justApplied.operations()) {
            Document document = stored(operation.collection(), operation.id());
            if (document.exists() && told.add(document)) {
                changes.add(DocumentDelta.of(document, before));
            }
        }
        return changes;
    }

    /**
     * What the pusher has to be told after its push was applied, on top of having applied its own mutations: every path where
     * it may see something else than it assumed. Counters, sets and lists always, because their outcome takes in others.
     */
    public List<DocumentChange> corrections(Push push, Decision decision) {
        return new Corrections(this).of(push, decision);
    }

    /**
     * The paths that wait for somebody to choose, by collection, id and path.
     *
     * @param collection only of this one; null for all
     * @param after only beyond that document of the order; null from the start
     * @param max how many documents to look at
     */
    public List<QueuedConflict> queue(@Nullable String collection, @Nullable DocumentKey after, int max) {
        SortedMap<DocumentKey, Slot> rest = after == null ? undecided : undecided.tailMap(after);
        return rest.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(after))
                .filter(entry ->
                        collection == null || collection.equals(entry.getKey().collection()))
                .limit(max)
                .flatMap(entry -> entry.getValue().document.queue().stream())
                .toList();
    }

    /** The paths of one document that wait for somebody to choose. */
    public List<QueuedConflict> queueOf(String collection, String id) {
        return stored(collection, id).queue();
    }

    /** Mutations of devices that were away too long, oldest first: somebody makes them anew on the present, or discards them. */
    public List<Quarantined> quarantine() {
        return quarantine.list();
    }

    /** Takes a mutation out of the quarantine, because somebody dropped it; without effect when it is not there. */
    public void discard(String device, long seq) {
        quarantine.discard(device, seq);
    }

    /** Takes a mutation out of the quarantine that is made anew on the present: told once more by its device it has no effect. */
    public void accept(String device, long seq) {
        quarantine.discard(device, seq);
        merged.put(device, mergedOf(device).with(seq).bounded());
    }

    /** The quarantine itself. */
    Quarantine waiting() {
        return quarantine;
    }

    /**
     * Forgets what only served to tell somebody: every device with a lease and every region has seen everything up to the
     * horizon. Readers see no difference. A cursor below the horizon is expired from now on.
     */
    public void apply(Purged purged) {
        purged.horizon().forEach((name, number) -> horizon.merge(name, Math.min(number, head(name)), Math::max));
        Cursor seen = new Cursor(fingerprint, epoch, horizon, 0);
        for (Map<String, Slot> documents : collections.values()) {
            documents.values().removeIf(slot -> {
                Document document = slot.document;
                if (document.isLive()) {
                    Document rest = document.purged(seen);
                    if (rest != document) {
                        floor = Math.max(floor, document.hlc() + 1);
                        replace(slot, rest);
                    }
                    return false;
                }
                if (!isForgettable(document, seen)) {
                    return false;
                }
                count(document, -1);
                floor = Math.max(floor, document.hlc() + 1);
                hash.replace(slot.digest, SpaceHash.NOTHING);
                slot.digest = SpaceHash.NOTHING;
                slot.document = Document.absent(document.collection(), document.id());
                return true;
            });
        }
        indexes.values().forEach(DeltaIndex::compact);
    }

    /** A reading above everything that was purged; 0 while nothing was. */
    long floor() {
        return floor;
    }

    int fingerprint() {
        return fingerprint;
    }

    SortedMap<String, Long> horizon() {
        return Collections.unmodifiableSortedMap(horizon);
    }

    Map<String, SeqSet> merged() {
        return Collections.unmodifiableMap(merged);
    }

    /** Everything that is kept, tombstones too. */
    Stream<Document> stored() {
        return collections.values().stream()
                .flatMap(documents -> documents.values().stream())
                .map(slot -> slot.document)
                .filter(Document::exists);
    }

    void restore(long savedHlc, long savedFloor, SortedMap<String, Long> numbers, SortedMap<String, Long> purgedTo) {
        hlc = savedHlc;
        floor = savedFloor;
        heads.putAll(numbers);
        horizon.putAll(purgedTo);
    }

    void restore(String device, SeqSet seqs) {
        merged.put(device, seqs);
    }

    void restore(Document document) {
        Slot slot = slot(document.collection(), document.id());
        replace(slot, document);
        for (Origin head : document.heads()) {
            index(head.region()).add(head.number(), slot, false);
        }
    }
}
