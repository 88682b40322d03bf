package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The part of an operation that writes counters, extremes, sets and lists: these never conflict. */
final class TypedIngress {
    private final Document present;
    private final Writes writes;
    private final Knowledge knowledge;
    private final @Nullable Stamp life;
    private final List<CellEdit> edits;

    /**
     * @param life the life of the document that the operation belongs to
     * @param edits where the result goes
     */
    TypedIngress(Document present, Writes writes, Knowledge knowledge, Stamp life, List<CellEdit> edits) {
        this.present = present;
        this.writes = writes;
        this.knowledge = knowledge;
        this.life = life.equals(Stamp.NONE) ? null : life;
        this.edits = edits;
    }

    void write() throws RejectedException {
        writes.inc.forEach((path, by) -> edits.add(new CellEdit.Increment(path, epoch(path, Cell.Kind.COUNTER), by)));
        writes.extremes.forEach((path, value) -> {
            boolean max = writes.isMax(path);
            Stamp epoch = epoch(path, max ? Cell.Kind.MAX : Cell.Kind.MIN);
            edits.add(new CellEdit.Extreme(path, max, epoch, value));
        });
        TreeSet<String> collections = new TreeSet<>(writes.add.keySet());
        collections.addAll(writes.remove.keySet());
        collections.addAll(writes.insert.keySet());
        for (String path : collections) {
            edits.add(writes.isList(path) ? items(path) : elements(path));
        }
    }

    /** The reset that a number counts from: that of the cell, or the beginning of the document's life. */
    private @Nullable Stamp epoch(String path, Cell.Kind kind) {
        Cell cell = present.cell(path, kind);
        Stamp epoch = null;
        if (cell instanceof Counter counter) {
            epoch = counter.epoch();
        } else if (cell instanceof Extreme extreme) {
            epoch = extreme.epoch();
        }
        return epoch == null || epoch.equals(Stamp.NONE) ? life : epoch;
    }

    private CellEdit elements(String path) {
        List<JsonNode> added = writes.add.getOrDefault(path, List.of());
        List<Dot> removed = new ArrayList<>();
        if (present.cell(path, Cell.Kind.SET) instanceof Elements set) {
            // What is added again takes over from what was known of it, so that a set does not collect names.
            List<JsonNode> replaced = new ArrayList<>(writes.remove.getOrDefault(path, List.of()));
            replaced.addAll(added);
            for (Elements.Element element : set.present().values()) {
                if (knowledge.covers(element.origin()) && replaced.contains(element.value())) {
                    removed.add(element.dot());
                }
            }
        }
        return new CellEdit.Elements(path, added, removed);
    }

    private CellEdit items(String path) throws RejectedException {
        Elements list = present.cell(path, Cell.Kind.LIST) instanceof Elements known ? known : null;
        List<Dot> removed = new ArrayList<>();
        for (JsonNode key : writes.remove.getOrDefault(path, List.of())) {
            removed.add(dot(path, key.isTextual() ? key.textValue() : ""));
        }
        TreeMap<String, Dot> positions = new TreeMap<>();
        if (list != null) {
            list.present().values().forEach(element -> positions.put(element.position(), element.dot()));
        }
        Map<Dot, String> inserted = new HashMap<>();
        List<CellEdit.Item> added = new ArrayList<>();
        for (Mutation.Insertion insertion : writes.insert.getOrDefault(path, List.of())) {
            String low = insertion.after() == null
                    ? null
                    : positionAfter(dot(path, insertion.after()), list, inserted, positions);
            String high = low == null ? (positions.isEmpty() ? null : positions.firstKey()) : positions.higherKey(low);
            String position = FractionalIndex.between(low, high);
            Dot dot = new Dot(knowledge.device(), knowledge.seq(), added.size());
            positions.put(position, dot);
            inserted.put(dot, position);
            added.add(new CellEdit.Item(position, insertion.value()));
        }
        return new CellEdit.Items(path, added, removed);
    }

    /** The place of an element; the end for one that is not known any more, so that nothing that is inserted gets lost. */
    private static @Nullable String positionAfter(
            Dot dot, @Nullable Elements list, Map<Dot, String> inserted, SortedMap<String, Dot> positions) {
        String position = inserted.get(dot);
        if (position == null && list != null) {
            position = list.positionOf(dot);
        }
        if (position == null && !positions.isEmpty()) {
            position = positions.lastKey();
        }
        return position;
    }

    private Dot dot(String path, String key) throws RejectedException {
        try {
            return Dot.parse(key);
        } catch (IllegalArgumentException e) {
            throw writes.rejected(ErrorCode.INVALID_REQUEST, "an element key reads device:seq:index", path);
        }
    }

    /** Takes away the elements that the author knew. */
    static void removeKnown(Elements cell, Knowledge knowledge, List<CellEdit> edits) {
        List<Dot> known = cell.present().values().stream()
                .filter(element -> knowledge.covers(element.origin()))
                .map(Elements.Element::dot)
                .toList();
        edits.add(
                cell.list()
                        ? new CellEdit.Items(cell.path(), List.of(), known)
                        : new CellEdit.Elements(cell.path(), List.of(), known));
    }
}
