package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Turns one mutation into one operation on one document: settles its stamp, its life, its policies, and tells the conflicts. */
final class MutationIngress {
    private final Document document;
    private final Mutation mutation;
    private final Knowledge knowledge;
    private final CollectionRules rules;
    private final Writes writes;
    /** The author knew the document as deleted and writes it anew. */
    private final boolean anew;
    /** What the operation meets: nothing when it begins a new life. */
    private final Document present;

    private final SortedMap<String, JsonNode> set = new TreeMap<>();
    private final List<String> unset = new ArrayList<>();
    private final List<CellEdit> edits = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private Operation.@Nullable Contested contested;
    private long hlc;

    MutationIngress(
            Document document, Mutation mutation, Knowledge knowledge, CollectionRules rules, SpaceLimits limits)
            throws RejectedException {
        this.document = document;
        this.mutation = mutation;
        this.knowledge = knowledge;
        this.rules = rules;
        this.writes = Writes.read(mutation, document, rules, limits);
        this.anew = !mutation.delete() && !document.isLive() && document.isKnownDeleted(knowledge);
        this.present = anew ? Document.absent(document.collection(), document.id()) : document;
    }

    /**
     * The operation.
     *
     * @param at the clock reading it asks for; raised above everything it knew, because causality beats the clock
     * @param floor reading above everything that was purged here; 0 while nothing was. An operation below it could lose in
     *     a region that still has what is forgotten here
     */
    Operation operation(long number, long at, long floor) throws RejectedException {
        expandUnsets();
        settleStamp(Math.max(at, floor), floor);
        Stamp life = life(floor);
        if (mutation.delete()) {
            conflictsOfDelete();
        } else {
            writeValues();
            new TypedIngress(present, writes, knowledge, life, edits).write();
            conflictWithDelete();
        }
        return new Operation(
                knowledge.seq(),
                number,
                hlc,
                document.collection(),
                document.id(),
                life.equals(Stamp.NONE) ? null : life,
                mutation.delete() ? delete() : new Operation.Update(set, unset, edits),
                contested,
                mutation.delete() || writesAll() ? document.contest().known(knowledge) : List.of());
    }

    /**
     * It says of every plain value of the document what it shall be: who does that has chosen. Numbers and arrays need not be among them,
     * because a device does not know which of them have a type that takes no plain value.
     */
    private boolean writesAll() {
        for (Cell cell : present.cells()) {
            JsonNode value = cell.value();
            boolean plain = value != null && !value.isNumber() && !value.isArray();
            if (plain && !writes.set.containsKey(cell.path()) && !writes.unset.contains(cell.path())) {
                return false;
            }
        }
        return true;
    }

    List<Conflict> conflicts() {
        return conflicts;
    }

    private Stamp life(long floor) {
        if (anew) {
            return stamp();
        }
        // The document may have been purged here and not elsewhere: then this must not count for the life that ended.
        return floor > 0 && !document.exists() ? new Stamp(floor, "") : document.incarnation();
    }

    private Stamp stamp() {
        return new Stamp(hlc, knowledge.device());
    }

    /** An unset takes everything beneath it; a value that is set makes place for itself among what its author knew. */
    private void expandUnsets() {
        for (String path : List.copyOf(writes.unset)) {
            present.beneath(path).forEach(cell -> writes.unset.add(cell.path()));
        }
        writes.set.forEach((path, value) -> {
            if (!(value.isObject() && value.isEmpty())) {
                present.beneath(path).stream().filter(this::isReplaced).forEach(cell -> writes.unset.add(cell.path()));
            }
            for (String above = path; Path.isNested(above); ) {
                above = Path.parent(above);
                present.at(above).stream()
                        .filter(cell -> isReplaced(cell) && !CellTree.isEmptyObject(cell))
                        .forEach(cell -> writes.unset.add(cell.path()));
            }
        });
        writes.unset.removeAll(writes.set.keySet());
    }

    private boolean isReplaced(Cell cell) {
        return cell.kind().isSingle() && cell.value() != null && knowledge.covers(cell.origin());
    }

    private void settleStamp(long at, long floor) {
        hlc = at;
        if (floor > 0) {
            hlc = Math.max(hlc, floor + 1);
        }
        if (mutation.delete()) {
            for (Origin update : document.updated()) {
                raiseAboveKnown(update);
            }
            return;
        }
        if (anew) {
            raiseAbove(document.incarnation());
            for (Document.Removal removal : document.removed()) {
                raiseAbove(removal.by().stamp());
            }
        }
        TreeSet<String> paths = new TreeSet<>(writes.set.keySet());
        paths.addAll(writes.unset);
        paths.addAll(writes.extremes.keySet());
        paths.addAll(writes.inc.keySet());
        paths.addAll(writes.add.keySet());
        paths.addAll(writes.remove.keySet());
        paths.addAll(writes.insert.keySet());
        for (String path : paths) {
            for (Cell cell : present.at(path)) {
                raiseAboveKnown(cell.origin());
                if (rules.policy(path) == ConflictPolicy.CLIENT_WINS && !knowledge.isOvertakenBy(cell.origin())) {
                    raiseAbove(cell.origin().stamp());
                }
            }
        }
        writes.set.forEach((path, value) -> {
            for (Cell cell : unknownAround(path, value)) {
                if (policyOf(cell) == ConflictPolicy.CLIENT_WINS) {
                    raiseAbove(cell.origin().stamp());
                }
            }
        });
    }

    private void raiseAboveKnown(Origin origin) {
        if (knowledge.covers(origin)) {
            raiseAbove(origin.stamp());
        }
    }

    private void raiseAbove(Stamp known) {
        if (stamp().compareTo(known) <= 0) {
            hlc = known.hlc() + 1;
        }
    }

    private void writeValues() {
        writes.set.forEach(this::write);
        for (String path : writes.unset) {
            ValueType type = rules.type(path);
            List<Cell> cells = present.at(path);
            // With nothing there it still has to be said: what the author saw may be on its way from another region.
            boolean single = cells.isEmpty() && (type == ValueType.LWW || type == ValueType.OPAQUE);
            for (Cell cell : cells) {
                switch (cell.kind()) {
                    case REGISTER, FIRST_WRITER, CANDIDATES -> single = true;
                    case COUNTER -> edits.add(new CellEdit.Clear(path, CellEdit.Resettable.COUNTER));
                    case MAX -> edits.add(new CellEdit.Clear(path, CellEdit.Resettable.MAX));
                    case MIN -> edits.add(new CellEdit.Clear(path, CellEdit.Resettable.MIN));
                    case SET, LIST -> TypedIngress.removeKnown((Elements) cell, knowledge, edits);
                }
            }
            if (single) {
                write(path, null);
            }
        }
    }

    private void write(String path, @Nullable JsonNode value) {
        List<Cell> around = value == null ? List.of() : unknownAround(path, value);
        List<Cell> stays = around.stream().filter(this::staysBeside).toList();
        if (value != null
                && !stays.isEmpty()) { // it cannot stand there as well: what is told of it is all that is left
            stays.forEach(cell -> conflict(cell.path(), policyOf(cell), value, cell.value(), cell.origin(), false));
            return;
        }
        writeHere(path, value);
        if (value != null) {
            around.forEach(cell -> conflictBeside(path, value, cell));
        }
    }

    private void writeHere(String path, @Nullable JsonNode value) {
        ConflictPolicy policy = rules.policy(path);
        switch (policy) {
            case MERGE, CLIENT_WINS, SERVER_WINS -> {
                Cell current = present.cell(path, Cell.Kind.REGISTER);
                if (current == null || knowledge.covers(current.origin())) {
                    put(path, value);
                } else if (!knowledge.isOvertakenBy(current.origin())) {
                    boolean wins = policy != ConflictPolicy.SERVER_WINS
                            && stamp().compareTo(current.origin().stamp()) > 0;
                    conflictUnlessSame(path, policy, value, current, wins);
                    if (policy != ConflictPolicy.SERVER_WINS) {
                        put(path, value);
                    }
                }
            }
            case FIRST_WRITER -> {
                if (present.cell(path, Cell.Kind.FIRST_WRITER) instanceof FirstWriter current) {
                    if (knowledge.covers(current.origin())) {
                        edits.add(new CellEdit.First(path, current.generation() + 1, value));
                    } else if (!knowledge.isOvertakenBy(current.origin())) {
                        boolean wins = stamp().compareTo(current.origin().stamp()) < 0;
                        conflictUnlessSame(path, policy, value, current, wins);
                        edits.add(new CellEdit.First(path, current.generation(), value));
                    }
                } else {
                    edits.add(new CellEdit.First(path, 0, value));
                }
            }
            case MANUAL -> writeCandidate(path, value);
        }
    }

    private void put(String path, @Nullable JsonNode value) {
        if (value == null) {
            unset.add(path);
        } else {
            set.put(path, value);
        }
    }

    private void writeCandidate(String path, @Nullable JsonNode value) {
        List<Dot> supersedes = new ArrayList<>();
        if (present.cell(path, Cell.Kind.CANDIDATES) instanceof Candidates current) {
            for (Candidates.Candidate candidate : current.candidates()) {
                if (knowledge.isOvertakenBy(candidate.origin())) {
                    return;
                }
                if (knowledge.covers(candidate.origin())) {
                    supersedes.add(candidate.origin().dot());
                }
            }
            current.candidates().stream()
                    .filter(candidate -> !knowledge.covers(candidate.origin()))
                    .filter(candidate -> !Objects.equals(candidate.value(), value))
                    .findFirst()
                    .ifPresent(other -> conflict(
                            path,
                            ConflictPolicy.MANUAL,
                            value,
                            other.value(),
                            other.origin(),
                            stamp().compareTo(other.origin().stamp()) > 0));
        }
        edits.add(new CellEdit.Candidate(path, value, supersedes));
    }

    /** The values above and beneath a path that its author did not know: only one of them and the new one can be seen. */
    private List<Cell> unknownAround(String path, JsonNode value) {
        return present.around(path, value.isObject() && value.isEmpty()).stream()
                .filter(cell -> !knowledge.covers(cell.origin()) && !knowledge.isOwn(cell.origin()))
                .toList();
    }

    /** The policy that decides about a value above or beneath one that is written: its own, where its cell can follow it. */
    private ConflictPolicy policyOf(Cell cell) {
        ConflictPolicy policy = rules.policy(cell.path());
        return switch (policy) {
            case MERGE, CLIENT_WINS, SERVER_WINS -> policy;
            case FIRST_WRITER -> cell.kind() == Cell.Kind.FIRST_WRITER ? policy : ConflictPolicy.MERGE;
            case MANUAL -> cell.kind() == Cell.Kind.CANDIDATES ? policy : ConflictPolicy.MERGE;
        };
    }

    /** Whether what stands there wins over anything written above or beneath it now. */
    private boolean staysBeside(Cell cell) {
        return switch (policyOf(cell)) {
            case MERGE, CLIENT_WINS, MANUAL -> false;
            case SERVER_WINS -> true;
            case FIRST_WRITER -> stamp().compareTo(cell.origin().stamp()) > 0;
        };
    }

    private void conflictBeside(String path, JsonNode value, Cell cell) {
        ConflictPolicy policy = policyOf(cell);
        boolean wins = stamp().compareTo(cell.origin().stamp()) > 0;
        if (policy == ConflictPolicy.FIRST_WRITER && cell instanceof FirstWriter later) {
            // The later stamp is what is seen, so the later value has to go.
            edits.add(new CellEdit.First(cell.path(), later.generation() + 1, null));
            wins = true;
        } else if (policy == ConflictPolicy.MANUAL && !wins && rules.policy(path) != ConflictPolicy.MANUAL) {
            policy = ConflictPolicy.MERGE; // what lost has no queue to wait in
        }
        // What waits is found in the queue under the path that it was written to.
        String where = policy == ConflictPolicy.MANUAL && !wins ? path : cell.path();
        conflict(where, policy, value, cell.value(), cell.origin(), wins);
    }

    /** Two operations on one path: a conflict unless both wanted the same. */
    private void conflictUnlessSame(
            String path, ConflictPolicy policy, @Nullable JsonNode ours, Cell theirs, boolean weWin) {
        if (!Objects.equals(ours, theirs.value())) {
            conflict(path, policy, ours, theirs.value(), theirs.origin(), weWin);
        }
    }

    private void conflict(
            String path,
            ConflictPolicy policy,
            @Nullable JsonNode ours,
            @Nullable JsonNode theirs,
            Origin other,
            boolean weWin) {
        boolean queued = policy == ConflictPolicy.MANUAL;
        String collection = document.collection();
        String id = document.id();
        conflicts.add(
                weWin
                        ? new Conflict(collection, id, path, policy, stamp(), ours, other.stamp(), theirs, queued)
                        : new Conflict(collection, id, path, policy, other.stamp(), theirs, stamp(), ours, queued));
    }

    private Operation.Delete delete() {
        Map<String, Long> removed = new LinkedHashMap<>();
        for (Origin update : document.updated()) {
            if (knowledge.covers(update)) {
                removed.put(update.device(), update.seq());
            }
        }
        removed.put(knowledge.device(), knowledge.seq());
        return new Operation.Delete(removed, rules.deleteWins());
    }

    private void conflictsOfDelete() {
        Origin latest = null;
        for (Origin update : document.updated()) {
            boolean unknown = !knowledge.covers(update) && !knowledge.isOwn(update);
            if (unknown && (latest == null || update.compareTo(latest) > 0)) {
                latest = update;
            }
        }
        if (latest != null && document.isLive()) {
            conflictOfLives(null, document.json(), latest, rules.deleteWins());
        }
    }

    /** An update whose author did not know that the document was deleted: it revives it, or is lost where deletes win. */
    private void conflictWithDelete() {
        if (document.isLive() || anew) {
            return;
        }
        Origin latest = null;
        for (Document.Removal removal : document.removed()) {
            Origin by = removal.by();
            if (!knowledge.covers(by) && !knowledge.isOwn(by) && (latest == null || by.compareTo(latest) > 0)) {
                latest = by;
            }
        }
        if (latest != null) {
            conflictOfLives(given(), null, latest, !document.deleteWon());
        }
    }

    /** What the update brings, as a document: a delete that wins takes all of it. */
    private JsonNode given() {
        SortedMap<String, JsonNode> values = new TreeMap<>(set);
        for (CellEdit edit : edits) {
            JsonNode value = edit.given();
            if (value != null) {
                values.put(edit.path(), value);
            }
        }
        return CellTree.json(values);
    }

    /** An update met a delete: which of them wins is a rule of the collection, whether somebody has to look at it is its policy. */
    private void conflictOfLives(@Nullable JsonNode ours, @Nullable JsonNode theirs, Origin other, boolean weWin) {
        boolean manual = rules.policy() == ConflictPolicy.MANUAL;
        conflict("", manual ? ConflictPolicy.MANUAL : ConflictPolicy.MERGE, ours, theirs, other, weWin);
        if (manual) {
            contested = weWin
                    ? new Operation.Contested(stamp(), other.stamp(), theirs)
                    : new Operation.Contested(other.stamp(), stamp(), ours);
        }
    }
}
