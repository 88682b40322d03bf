package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One document as a merge of facts: an immutable value whose {@link #merge} commutes, associates and is idempotent.
 *
 * <p>Lives come before everything else: a document that was created anew by somebody who knew of its delete has a higher
 * {@code incarnation}, and what belongs to a lower one is forgotten. Within a life, a delete names the updates it knew; the
 * document is live while some update was not named. Its cells stay under a tombstone, so that such an update brings the whole
 * document back.
 */
final class Document {
    private final String collection;
    private final String id;
    /** Stamp of the operation that began this life; {@link Stamp#NONE} for the first. */
    private final Stamp incarnation;
    /** The first operation of this life that arrived here; null in the first life. */
    private final @Nullable Origin born;
    /** The last update of each device. */
    private final Origin[] updated;
    /** How far the updates of each device are deleted. */
    private final Removal[] removed;
    /** A delete came that wins over any update of this life. */
    private final boolean deleteWon;
    /** The last operation of each region that touched the document. */
    private final Origin[] heads;
    /** By path. */
    private final Cell[] cells;
    /** Some cell lies beneath another one, so that which of them is seen depends on their stamps. */
    private final boolean tangled;
    /** About how many bytes it takes as JSON. */
    private final int weight;

    private static final Origin[] NO_ORIGINS = {};
    private static final Removal[] NO_REMOVALS = {};
    private static final Cell[] NO_CELLS = {};

    /** The updates of a device up to {@code seq} are gone, by that operation. */
    record Removal(String device, long seq, Origin by) {}

    Document(
            String collection,
            String id,
            Stamp incarnation,
            @Nullable Origin born,
            Origin[] updated,
            Removal[] removed,
            boolean deleteWon,
            Origin[] heads,
            Cell[] cells,
            boolean tangled,
            int weight) {
        this.collection = collection;
        this.id = id;
        this.incarnation = incarnation;
        this.born = born;
        this.updated = updated;
        this.removed = removed;
        this.deleteWon = deleteWon;
        this.heads = heads;
        this.cells = cells;
        this.tangled = tangled;
        this.weight = weight;
    }

    String collection() {
        return collection;
    }

    String id() {
        return id;
    }

    Stamp incarnation() {
        return incarnation;
    }

    @Nullable Origin born() {
        return born;
    }

    Origin[] updated() {
        return updated;
    }

    Removal[] removed() {
        return removed;
    }

    boolean deleteWon() {
        return deleteWon;
    }

    Origin[] heads() {
        return heads;
    }

    Cell[] cells() {
        return cells;
    }

    boolean tangled() {
        return tangled;
    }

    int weight() {
        return weight;
    }

    static Document absent(String collection, String id) {
        return new Document(
                collection, id, Stamp.NONE, null, NO_ORIGINS, NO_REMOVALS, false, NO_ORIGINS, NO_CELLS, false, 0);
    }

    /** The document with one more fact; itself when the fact belongs to a life that is over. */
    Document merge(Operation operation, Origin origin) {
        int life = operation.incarnationOrNone().compareTo(incarnation);
        if (life < 0) {
            return this;
        }
        DocumentEdit edit = new DocumentEdit(life == 0 ? this : reborn(operation.incarnationOrNone(), origin));
        edit.apply(operation.kind(), origin);
        return edit.result();
    }

    private Document reborn(Stamp stamp, Origin origin) {
        return new Document(collection, id, stamp, origin, NO_ORIGINS, NO_REMOVALS, false, heads, NO_CELLS, false, 0);
    }

    boolean exists() {
        return heads.length > 0;
    }

    boolean isLive() {
        if (deleteWon) {
            return false;
        }
        for (Origin update : updated) {
            if (removedUpTo(update.device()) < update.seq()) {
                return true;
            }
        }
        return false;
    }

    private long removedUpTo(String device) {
        for (Removal removal : removed) {
            if (removal.device.equals(device)) {
                return removal.seq;
            }
        }
        return 0;
    }

    /** Whether the holder of a base (and of everything its device did) knew this life's document as deleted. */
    boolean isKnownDeleted(@Nullable Cursor base, String device) {
        boolean anyRemovalKnown = false;
        for (Removal removal : removed) {
            anyRemovalKnown |= isKnown(removal.by, base, device);
        }
        return anyRemovalKnown && (deleteWon || !isKnownLive(base, device));
    }

    /** Whether the holder of a base knew an update of this life that no delete known to it took away. */
    boolean isKnownLive(@Nullable Cursor base, String device) {
        for (Origin update : updated) {
            if (isKnown(update, base, device) && !isKnownRemoved(update, base, device)) {
                return true;
            }
        }
        return false;
    }

    private boolean isKnownRemoved(Origin update, @Nullable Cursor base, String device) {
        for (Removal removal : removed) {
            if (removal.device.equals(update.device())
                    && removal.seq >= update.seq()
                    && isKnown(removal.by, base, device)) {
                return true;
            }
        }
        return false;
    }

    static boolean isKnown(Origin origin, @Nullable Cursor base, String device) {
        return origin.device().equals(device) || (base != null && origin.isCoveredBy(base));
    }

    long head(String region) {
        for (Origin head : heads) {
            if (head.region().equals(region)) {
                return head.number();
            }
        }
        return 0;
    }

    @Nullable Cell cell(String path) {
        int at = indexOf(cells, cells.length, path);
        return at < 0 ? null : cells[at];
    }

    static int indexOf(Cell[] cells, int size, String path) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = cells[middle].path().compareTo(path);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    /** The cells beneath a path. */
    List<Cell> beneath(String path) {
        String prefix = Path.prefixOfChildren(path);
        int from = indexOf(cells, cells.length, prefix);
        from = from < 0 ? -from - 1 : from;
        int to = from;
        while (to < cells.length && cells[to].path().startsWith(prefix)) {
            to++;
        }
        return Arrays.asList(cells).subList(from, to);
    }

    /** Path -> value of everything a reader sees, in the order of the paths. The document must be live. */
    SortedMap<String, JsonNode> leaves() {
        SortedMap<String, JsonNode> leaves = new TreeMap<>();
        for (Cell cell : cells) {
            JsonNode value = cell.value();
            if (value != null && (!tangled || !isHidden(cell))) {
                leaves.put(cell.path(), value);
            }
        }
        return leaves;
    }

    /** The value a reader sees at a path; null for none. */
    @Nullable JsonNode visible(String path) {
        Cell cell = cell(path);
        return cell == null || !isLive() || (tangled && isHidden(cell)) ? null : cell.value();
    }

    boolean isHidden(Cell cell) {
        boolean empty = isEmptyObject(cell);
        for (Cell below : beneath(cell.path())) {
            if (below.value() != null && (empty || below.origin().compareTo(cell.origin()) > 0)) {
                return true;
            }
        }
        for (String path = cell.path(); Path.isNested(path); ) {
            path = Path.parent(path);
            Cell above = cell(path);
            if (above != null
                    && above.value() != null
                    && !isEmptyObject(above)
                    && above.origin().compareTo(cell.origin()) > 0) {
                return true;
            }
        }
        return false;
    }

    /** This document with {@code tangled} computed anew. */
    Document withTangledChecked() {
        boolean now = false;
        for (Cell cell : cells) {
            for (String path = cell.path(); !now && Path.isNested(path); ) {
                path = Path.parent(path);
                Cell above = cell(path);
                now = above != null && !isEmptyObject(above);
            }
        }
        return now == tangled
                ? this
                : new Document(
                        collection, id, incarnation, born, updated, removed, deleteWon, heads, cells, now, weight);
    }

    static boolean isEmptyObject(Cell cell) {
        JsonNode value = cell.value();
        return value != null && value.isObject() && value.isEmpty();
    }

    /** The document as a reader sees it. It must be live. */
    ObjectNode json() {
        return json(leaves());
    }

    /** The JSON object of a map from paths to values; an empty object gives way to what lies beneath it. */
    static ObjectNode json(Map<String, JsonNode> leaves) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        leaves.forEach((path, value) -> {
            List<String> segments = Path.segments(path);
            ObjectNode parent = root;
            for (String segment : segments.subList(0, segments.size() - 1)) {
                JsonNode child = parent.get(segment);
                if (child instanceof ObjectNode object) {
                    parent = object;
                } else {
                    parent = parent.putObject(segment);
                }
            }
            boolean emptyObject = value.isObject() && value.isEmpty();
            if (emptyObject) {
                if (!parent.has(segments.getLast())) {
                    parent.putObject(segments.getLast()); // a fresh one: it may be filled
                }
            } else {
                parent.set(segments.getLast(), value);
            }
        });
        return root;
    }
}
