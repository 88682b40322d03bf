package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** The next value of a {@link Document} while one fact is merged into it. */
final class DocumentEdit {
    private final Document from;
    private Origin[] heads;
    private Origin[] updated;
    private Document.Removal[] removed;
    private boolean deleteWon;
    private Cell[] cells;
    private int size;
    private boolean reshaped;

    DocumentEdit(Document from) {
        this.from = from;
        heads = from.heads();
        updated = from.updated();
        removed = from.removed();
        deleteWon = from.deleteWon();
        cells = from.cells();
        size = cells.length;
    }

    void apply(Operation.Kind kind, Origin origin) {
        switch (kind) {
            case Operation.Update update -> {
                cells = Arrays.copyOf(
                        cells, size + update.set().size() + update.unset().size());
                update.set().forEach((path, value) -> put(new Cell.Register(path, value, origin)));
                update.unset().forEach(path -> put(new Cell.Register(path, null, origin)));
                updated = withLatest(updated, origin);
            }
            case Operation.Delete delete -> {
                delete.removed().forEach((device, seq) -> remove(device, seq, origin));
                deleteWon |= delete.wins();
            }
        }
        heads = withHead(heads, origin);
    }

    Document result() {
        Cell[] result = size == cells.length ? cells : Arrays.copyOf(cells, size);
        int weight = 0;
        for (Cell cell : result) {
            weight += weight(cell);
        }
        Document next = new Document(
                from.collection(),
                from.id(),
                from.incarnation(),
                from.born(),
                updated,
                removed,
                deleteWon,
                sameSingle(heads, updated) ? updated : heads,
                result,
                from.tangled(),
                weight);
        return reshaped ? next.withTangledChecked() : next;
    }

    static int weight(Cell cell) {
        JsonNode value = cell.value();
        return value == null ? 0 : cell.path().length() + 4 + Json.weight(value);
    }

    private void put(Cell.Register cell) {
        int at = Document.indexOf(cells, size, cell.path());
        if (at < 0) {
            at = -at - 1;
            System.arraycopy(cells, at, cells, at + 1, size - at);
            cells[at] = cell;
            size++;
            reshaped = true;
        } else {
            Cell before = cells[at];
            cells[at] = switch (before) {
                case Cell.Register register -> register.merge(cell);
            };
            reshaped |= Document.isEmptyObject(before) != Document.isEmptyObject(cells[at]);
        }
    }

    private void remove(String device, long seq, Origin by) {
        for (int i = 0; i < removed.length; i++) {
            if (removed[i].device().equals(device)) {
                if (removed[i].seq() < seq) {
                    removed = removed.clone();
                    removed[i] = new Document.Removal(device, seq, by);
                }
                return;
            }
        }
        removed = Arrays.copyOf(removed, removed.length + 1);
        removed[removed.length - 1] = new Document.Removal(device, seq, by);
    }

    /** The last update of each device. */
    private static Origin[] withLatest(Origin[] updated, Origin origin) {
        for (int i = 0; i < updated.length; i++) {
            if (updated[i].device().equals(origin.device())) {
                return updated[i].seq() < origin.seq() ? replaced(updated, i, origin) : updated;
            }
        }
        return appended(updated, origin);
    }

    /** The last operation of each region. */
    private static Origin[] withHead(Origin[] heads, Origin origin) {
        for (int i = 0; i < heads.length; i++) {
            if (heads[i].region().equals(origin.region())) {
                return heads[i].number() < origin.number() ? replaced(heads, i, origin) : heads;
            }
        }
        return appended(heads, origin);
    }

    private static Origin[] replaced(Origin[] origins, int at, Origin origin) {
        Origin[] result = origins.clone();
        result[at] = origin;
        return result;
    }

    private static Origin[] appended(Origin[] origins, Origin origin) {
        Origin[] result = Arrays.copyOf(origins, origins.length + 1);
        result[origins.length] = origin;
        return result;
    }

    /** Most documents have one writer and one region: then both arrays hold the same and one of them is enough. */
    private static boolean sameSingle(Origin[] left, Origin[] right) {
        return left.length == 1 && right.length == 1 && left[0].equals(right[0]);
    }
}
