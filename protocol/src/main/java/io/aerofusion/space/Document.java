package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
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
    /** About how many bytes the cells take as JSON. */
    private final int weight;
    /** What waits for somebody to choose about the whole document. */
    private final Contest contest;

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
            int weight,
            Contest contest) {
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
        this.contest = contest;
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

    /** About how many bytes it takes as JSON, with what waits. */
    int weight() {
        return weight + contest.weight();
    }

    /** About how many bytes its cells take as JSON. */
    int cellWeight() {
        return weight;
    }

    Contest contest() {
        return contest;
    }

    static Document absent(String collection, String id) {
        return new Document(
                collection,
                id,
                Stamp.NONE,
                null,
                NO_ORIGINS,
                NO_REMOVALS,
                false,
                NO_ORIGINS,
                NO_CELLS,
                false,
                0,
                Contest.NONE);
    }

    /** The beginning of a life that is read back; to be filled by {@link #with}. */
    static Document restored(String collection, String id, Stamp incarnation, @Nullable Origin born, Contest contest) {
        return new Document(
                collection,
                id,
                incarnation,
                born,
                NO_ORIGINS,
                NO_REMOVALS,
                false,
                NO_ORIGINS,
                NO_CELLS,
                false,
                0,
                contest);
    }

    /**
     * The document with one more fact; itself when the fact belongs to a life that is over.
     *
     * @param fresh the space had not merged the mutation before
     */
    Document merge(Operation operation, Origin origin, boolean fresh) {
        Stamp life = operation.incarnationOrNone();
        int order = life.compareTo(incarnation);
        if (order < 0) {
            return with(contest.merge(operation, origin));
        }
        DocumentEdit edit = new DocumentEdit(order == 0 ? this : reborn(life, origin), origin, fresh);
        edit.apply(operation.kind());
        return edit.result().with(contest.merge(operation, origin));
    }

    private Document with(Contest now) {
        return now.equals(contest)
                ? this
                : new Document(
                        collection,
                        id,
                        incarnation,
                        born,
                        updated,
                        removed,
                        deleteWon,
                        heads,
                        cells,
                        tangled,
                        weight,
                        now);
    }

    /** This life of the document with other contents. {@code reshaped}: find out anew which cells hide one another. */
    Document with(
            Origin[] nowUpdated,
            Removal[] nowRemoved,
            boolean nowDeleteWon,
            Origin[] nowHeads,
            Cell[] nowCells,
            int nowWeight,
            boolean reshaped) {
        return new Document(
                collection,
                id,
                incarnation,
                born,
                nowUpdated,
                nowRemoved,
                nowDeleteWon,
                nowHeads,
                nowCells,
                reshaped ? CellTree.isTangled(nowCells) : tangled,
                nowWeight,
                contest);
    }

    private Document reborn(Stamp stamp, Origin origin) {
        return new Document(
                collection, id, stamp, origin, NO_ORIGINS, NO_REMOVALS, false, heads, NO_CELLS, false, 0, contest);
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

    /** Whether somebody knew this life of the document as deleted. */
    boolean isKnownDeleted(Knowledge knowledge) {
        boolean anyRemovalKnown = false;
        for (Removal removal : removed) {
            anyRemovalKnown |= knowledge.covers(removal.by);
        }
        return anyRemovalKnown && (deleteWon || !isKnownLive(knowledge));
    }

    /** Whether somebody knew an update of this life that no delete known to them took away. */
    boolean isKnownLive(Knowledge knowledge) {
        for (Origin update : updated) {
            if (knowledge.covers(update) && !isKnownRemoved(update, knowledge)) {
                return true;
            }
        }
        return false;
    }

    private boolean isKnownRemoved(Origin update, Knowledge knowledge) {
        for (Removal removal : removed) {
            if (removal.device.equals(update.device()) && removal.seq >= update.seq() && knowledge.covers(removal.by)) {
                return true;
            }
        }
        return false;
    }

    long head(String region) {
        for (Origin head : heads) {
            if (head.region().equals(region)) {
                return head.number();
            }
        }
        return 0;
    }

    /** The cell of a kind at a path; null when there never was one. */
    @Nullable Cell cell(String path, Cell.Kind kind) {
        int at = CellTree.indexOf(cells, cells.length, path, kind);
        return at < 0 ? null : cells[at];
    }

    /** The cells at a path: more than one only where the type of the path changed. */
    List<Cell> at(String path) {
        return CellTree.at(cells, path);
    }

    /** The cells beneath a path. */
    List<Cell> beneath(String path) {
        return CellTree.beneath(cells, path);
    }

    /** The values above and beneath a path. */
    List<Cell> around(String path, boolean emptyObject) {
        return CellTree.around(cells, path, emptyObject);
    }

    boolean isHidden(Cell cell) {
        return tangled && CellTree.isHidden(cells, cell);
    }

    /** Path -> value of everything a reader sees, in the order of the paths. The document must be live. */
    SortedMap<String, JsonNode> leaves() {
        SortedMap<String, JsonNode> leaves = new TreeMap<>();
        for (Cell cell : cells) {
            JsonNode value = cell.value();
            if (value != null && !isHidden(cell)) {
                leaves.put(cell.path(), value);
            }
        }
        return leaves;
    }

    /** The cell a reader sees at a path; null for none. */
    @Nullable Cell visibleCell(String path) {
        if (isLive()) {
            for (Cell cell : at(path)) {
                if (cell.value() != null && !isHidden(cell)) {
                    return cell;
                }
            }
        }
        return null;
    }

    /** The value a reader sees at a path, null for none; what lies beneath an object is not looked at. */
    @Nullable JsonNode visible(String path) {
        Cell cell = visibleCell(path);
        return cell == null ? null : cell.value();
    }

    /** The document as a reader sees it. It must be live. */
    ObjectNode json() {
        return CellTree.json(leaves());
    }

    /** Whether every operation that touched it lies at or below the horizon, and nothing of it waits. */
    boolean isSettled(Cursor horizon) {
        return Origin.areCoveredBy(Arrays.asList(heads), horizon) && contest.isOver(horizon);
    }

    /** What stays of a live document when everybody has seen everything up to the horizon. */
    Document purged(Cursor horizon) {
        List<Cell> kept = new ArrayList<>(cells.length);
        boolean same = true;
        for (Cell cell : cells) {
            Cell rest = cell.purged(horizon);
            same &= cell.equals(rest);
            if (rest != null) {
                kept.add(rest);
            }
        }
        Document rest = same ? this : with(updated, removed, deleteWon, heads, kept.toArray(Cell[]::new), weight, true);
        return rest.with(contest.purged(horizon));
    }

    /** Whether every update that a delete named has arrived: otherwise the tombstone has to wait for it. */
    boolean areRemovalsMerged(Map<String, SeqSet> merged) {
        for (Removal removal : removed) {
            if (!merged.getOrDefault(removal.device, SeqSet.EMPTY).contains(removal.seq)) {
                return false;
            }
        }
        return true;
    }

    /** The highest clock reading of anything kept here. */
    long hlc() {
        long highest = incarnation.hlc();
        for (Origin head : heads) {
            highest = Math.max(highest, head.hlc());
        }
        for (Removal removal : removed) {
            highest = Math.max(highest, removal.by.hlc());
        }
        for (Cell cell : cells) {
            highest = Math.max(highest, cell.origin().hlc());
        }
        return highest;
    }

    /** Whether somebody has to choose between values. */
    boolean isUndecided() {
        if (!contest.open().isEmpty()) {
            return true;
        }
        if (isLive()) {
            for (Cell cell : cells) {
                if (cell instanceof Candidates candidates
                        && (!candidates.waiting().isEmpty() || rival(cell) != null)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The choices that wait, by path. */
    List<QueuedConflict> queue() {
        List<QueuedConflict> queue = new ArrayList<>();
        if (!contest.open().isEmpty()) {
            Contest.Entry last = contest.open().getFirst();
            queue.add(new QueuedConflict(
                    collection,
                    id,
                    "",
                    new QueuedConflict.Choice(last.winner(), isLive() ? json() : null),
                    contest.open().stream()
                            .map(entry -> new QueuedConflict.Choice(entry.loser(), entry.value()))
                            .toList()));
        }
        if (!isLive()) {
            return queue;
        }
        for (Cell cell : cells) {
            if (cell instanceof Candidates candidates) {
                Cell rival = rival(cell);
                if (rival != null) {
                    queue.add(new QueuedConflict(
                            collection,
                            id,
                            cell.path(),
                            new QueuedConflict.Choice(rival.origin().stamp(), rival.value()),
                            candidates.candidates().stream()
                                    .filter(candidate -> candidate.value() != null)
                                    .map(Document::choice)
                                    .toList()));
                } else if (!candidates.waiting().isEmpty()) {
                    queue.add(new QueuedConflict(
                            collection,
                            id,
                            cell.path(),
                            choice(candidates.candidates().getFirst()),
                            candidates.waiting().stream().map(Document::choice).toList()));
                }
            }
        }
        return queue;
    }

    /** The value above or beneath a cell that hides it: neither author knew the other, or the one had been unset. */
    private @Nullable Cell rival(Cell cell) {
        return tangled && cell.value() != null ? CellTree.rival(cells, cell) : null;
    }

    private static QueuedConflict.Choice choice(Candidates.Candidate candidate) {
        return new QueuedConflict.Choice(candidate.origin().stamp(), candidate.value());
    }
}
