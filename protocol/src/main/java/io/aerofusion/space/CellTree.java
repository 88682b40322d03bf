package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The cells of a document as a tree: they lie in the order of path and kind, so that what is beneath a path is one range. */
final class CellTree {
    private CellTree() {}

    /** The cells at a path: more than one only where the type of the path changed. */
    static List<Cell> at(Cell[] cells, String path) {
        int from = first(cells, path);
        int to = from;
        while (to < cells.length && cells[to].path().equals(path)) {
            to++;
        }
        return Arrays.asList(cells).subList(from, to);
    }

    /** The cells beneath a path. */
    static List<Cell> beneath(Cell[] cells, String path) {
        String prefix = Path.prefixOfChildren(path);
        int from = first(cells, prefix);
        int to = from;
        while (to < cells.length && cells[to].path().startsWith(prefix)) {
            to++;
        }
        return Arrays.asList(cells).subList(from, to);
    }

    /** Index of the first cell at the path or after it. */
    private static int first(Cell[] cells, String path) {
        int at = indexOf(cells, cells.length, path, Cell.Kind.REGISTER);
        return at < 0 ? -at - 1 : at;
    }

    static int indexOf(Cell[] cells, int size, String path, Cell.Kind kind) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int byPath = cells[middle].path().compareTo(path);
            int order = byPath != 0 ? byPath : cells[middle].kind().compareTo(kind);
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

    /** Whether a cell above, beneath or beside this one was written later. An empty object hides nothing. */
    static boolean isHidden(Cell[] cells, Cell cell) {
        boolean empty = isEmptyObject(cell);
        for (Cell below : beneath(cells, cell.path())) {
            if (below.value() != null && (empty || isLater(below, cell))) {
                return true;
            }
        }
        for (Cell beside : at(cells, cell.path())) {
            if (beside.value() != null && isLater(beside, cell)) {
                return true;
            }
        }
        for (String path = cell.path(); Path.isNested(path); ) {
            path = Path.parent(path);
            for (Cell above : at(cells, path)) {
                if (above.value() != null && !isEmptyObject(above) && isLater(above, cell)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The values above and beneath a path, in no order; what an empty object holds up counts only beneath it. */
    static List<Cell> around(Cell[] cells, String path, boolean emptyObject) {
        List<Cell> around = new ArrayList<>();
        if (!emptyObject) {
            for (Cell below : beneath(cells, path)) {
                if (below.value() != null) {
                    around.add(below);
                }
            }
        }
        for (String above = path; Path.isNested(above); ) {
            above = Path.parent(above);
            for (Cell cell : at(cells, above)) {
                if (cell.value() != null && !isEmptyObject(cell)) {
                    around.add(cell);
                }
            }
        }
        return around;
    }

    /** The latest of the single values above and beneath a cell that were written after it; null for none. */
    static @Nullable Cell rival(Cell[] cells, Cell cell) {
        Cell latest = null;
        for (Cell other : around(cells, cell.path(), isEmptyObject(cell))) {
            if (other.kind().isSingle() && isLater(other, latest == null ? cell : latest)) {
                latest = other;
            }
        }
        return latest;
    }

    /** One operation may write two cells that hide one another: then the kind, else the path, decides. */
    private static boolean isLater(Cell left, Cell right) {
        int byOrigin = left.origin().compareTo(right.origin());
        if (byOrigin != 0) {
            return byOrigin > 0;
        }
        int byPath = left.path().compareTo(right.path());
        return byPath != 0 ? byPath > 0 : left.kind().compareTo(right.kind()) > 0;
    }

    /** Whether some cell lies beneath or beside another one, so that stamps decide which is seen. */
    static boolean isTangled(Cell[] cells) {
        for (int i = 0; i < cells.length; i++) {
            if (i > 0 && cells[i].path().equals(cells[i - 1].path())) {
                return true;
            }
            for (String path = cells[i].path(); Path.isNested(path); ) {
                path = Path.parent(path);
                for (int at = first(cells, path);
                        at < cells.length && cells[at].path().equals(path);
                        at++) {
                    if (!isEmptyObject(cells[at])) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    static boolean isEmptyObject(Cell cell) {
        JsonNode value = cell.value();
        return value != null && value.isObject() && value.isEmpty();
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
