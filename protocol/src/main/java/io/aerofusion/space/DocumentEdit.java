package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The next value of a {@link Document} while one fact is merged into it. */
final class DocumentEdit {
    private final Document from;
    private final Origin origin;
    private final boolean fresh;
    private Origin[] updated;
    private Document.Removal[] removed;
    private boolean deleteWon;
    private Cell[] cells;
    private int size;
    private int weight;
    /** Cells may hide one another in another way than before. */
    private boolean reshaped;

    DocumentEdit(Document from, Origin origin, boolean fresh) {
        this.from = from;
        this.origin = origin;
        this.fresh = fresh;
        updated = from.updated();
        removed = from.removed();
        deleteWon = from.deleteWon();
        cells = from.cells();
        size = cells.length;
        weight = from.cellWeight();
    }

    void apply(Operation.Kind kind) {
        switch (kind) {
            case Operation.Update update -> {
                int room = update.set().size()
                        + update.unset().size()
                        + 3 * update.edits().size();
                cells = Arrays.copyOf(cells, size + room);
                update.set().forEach(this::set);
                update.unset().forEach(path -> set(path, null));
                update.edits().forEach(this::edit);
                updated = Origin.withLatest(updated, origin);
            }
            case Operation.Delete delete -> {
                delete.removed().forEach(this::remove);
                deleteWon |= delete.wins();
            }
        }
    }

    Document result() {
        Origin[] heads = Origin.withHead(from.heads(), origin);
        // Most documents have one writer in one region: then both arrays hold the same and one of them is enough.
        boolean same = heads.length == 1 && updated.length == 1 && heads[0].equals(updated[0]);
        return from.with(
                updated,
                removed,
                deleteWon,
                same ? updated : heads,
                size == cells.length ? cells : Arrays.copyOf(cells, size),
                weight,
                reshaped);
    }

    private void set(String path, @Nullable JsonNode value) {
        Register next = new Register(path, value, origin);
        Cell before = at(path, Cell.Kind.REGISTER);
        put(before instanceof Register register ? register.merge(next) : next);
    }

    private void edit(CellEdit edit) {
        String path = edit.path();
        switch (edit) {
            case CellEdit.First first -> {
                FirstWriter next = new FirstWriter(path, first.generation(), first.value(), origin);
                put(at(path, Cell.Kind.FIRST_WRITER) instanceof FirstWriter before ? before.merge(next) : next);
            }
            case CellEdit.Candidate candidate ->
                put(
                        at(path, Cell.Kind.CANDIDATES) instanceof Candidates before
                                ? before.merge(candidate, origin)
                                : Candidates.of(candidate, origin));
            case CellEdit.Increment increment -> {
                Stamp epoch = Operation.orNone(increment.epoch());
                Counter before = at(path, Cell.Kind.COUNTER) instanceof Counter counter
                        ? counter
                        : Counter.started(path, epoch, origin);
                put(before.increment(epoch, increment.by(), origin, fresh));
            }
            case CellEdit.Extreme extreme -> {
                Extreme next =
                        new Extreme(path, extreme.max(), Operation.orNone(extreme.epoch()), extreme.value(), origin);
                put(at(path, next.kind()) instanceof Extreme before ? before.merge(next) : next);
            }
            case CellEdit.Clear clear -> clear(clear);
            case CellEdit.Elements elements -> {
                List<Elements.Element> added = new ArrayList<>();
                for (int i = 0; i < elements.added().size(); i++) {
                    added.add(new Elements.Element(dot(i), elements.added().get(i), "", origin));
                }
                put(elements(path, false).merge(added, elements.removed(), origin));
            }
            case CellEdit.Items items -> {
                List<Elements.Element> added = new ArrayList<>();
                for (int i = 0; i < items.added().size(); i++) {
                    CellEdit.Item item = items.added().get(i);
                    added.add(new Elements.Element(dot(i), item.value(), item.position(), origin));
                }
                put(elements(path, true).merge(added, items.removed(), origin));
            }
        }
    }

    private void clear(CellEdit.Clear clear) {
        Stamp epoch = origin.stamp();
        put(
                switch (clear.type()) {
                    case COUNTER ->
                        at(clear.path(), Cell.Kind.COUNTER) instanceof Counter counter
                                ? counter.reset(epoch, origin)
                                : Counter.started(clear.path(), epoch, origin);
                    case MAX, MIN -> {
                        Extreme next =
                                new Extreme(clear.path(), clear.type() == CellEdit.Resettable.MAX, epoch, null, origin);
                        yield at(clear.path(), next.kind()) instanceof Extreme before ? before.merge(next) : next;
                    }
                });
    }

    private Elements elements(String path, boolean list) {
        return at(path, list ? Cell.Kind.LIST : Cell.Kind.SET) instanceof Elements elements
                ? elements
                : Elements.empty(path, list, origin);
    }

    private Dot dot(int index) {
        return new Dot(origin.device(), origin.seq(), index);
    }

    private @Nullable Cell at(String path, Cell.Kind kind) {
        int at = CellTree.indexOf(cells, size, path, kind);
        return at < 0 ? null : cells[at];
    }

    private void put(Cell cell) {
        int at = CellTree.indexOf(cells, size, cell.path(), cell.kind());
        if (at < 0) {
            at = -at - 1;
            System.arraycopy(cells, at, cells, at + 1, size - at);
            size++;
            reshaped = true;
        } else {
            reshaped |= CellTree.isEmptyObject(cells[at]) != CellTree.isEmptyObject(cell);
            weight -= cells[at].weight();
        }
        cells[at] = cell;
        weight += cell.weight();
    }

    private void remove(String device, long seq) {
        for (int i = 0; i < removed.length; i++) {
            if (removed[i].device().equals(device)) {
                if (removed[i].seq() < seq) {
                    // Who knew the delete that did it knew the document as deleted, whoever deleted it once more.
                    Origin by = latest(device) <= removed[i].seq() ? removed[i].by() : origin;
                    removed = removed.clone();
                    removed[i] = new Document.Removal(device, seq, by);
                }
                return;
            }
        }
        removed = Arrays.copyOf(removed, removed.length + 1);
        removed[removed.length - 1] = new Document.Removal(device, seq, origin);
    }

    private long latest(String device) {
        for (Origin update : updated) {
            if (update.device().equals(device)) {
                return update.seq();
            }
        }
        return 0;
    }
}
