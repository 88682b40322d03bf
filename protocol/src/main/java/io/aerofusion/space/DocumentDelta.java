package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a reader at a cursor has to be told about a document. */
final class DocumentDelta {
    private DocumentDelta() {}

    /**
     * The change from what the holder of the cursor may know to now. Only the cells that came after the cursor; everything where
     * that might not be enough: a document that somebody deleted in this life (the reader may know it as deleted), a life that
     * the reader has not seen begin, or cells that hide one another.
     */
    static DocumentChange of(Document document, Cursor since) {
        if (!document.isLive()) {
            return DocumentChange.deleted(document.collection(), document.id());
        }
        boolean whole = document.tangled()
                || (document.born() != null && !document.born().isCoveredBy(since))
                || document.removed().length > 0;
        return whole ? whole(document) : cells(document, since);
    }

    /** The whole document as readers see it; it must be live. */
    static DocumentChange whole(Document document) {
        return new Builder(document).whole();
    }

    private static DocumentChange cells(Document document, Cursor since) {
        Builder change = new Builder(document);
        for (Cell cell : document.cells()) {
            if (cell.isAfter(since)) {
                if (CellTree.isEmptyObject(cell)
                        && !document.beneath(cell.path()).isEmpty()) {
                    // The value it replaced may have hidden what the reader should see beneath it now.
                    return whole(document);
                }
                change.add(cell.path(), cell.value() == null ? null : cell);
            }
        }
        return change.partial();
    }

    /** What readers see at some paths now. */
    static DocumentChange at(Document document, Iterable<String> paths) {
        Builder change = new Builder(document);
        for (String path : paths) {
            change.add(path, document.visibleCell(path));
        }
        return change.partial();
    }

    /** Collects the cells of one document. */
    private static final class Builder {
        private final Document document;
        private final Map<String, JsonNode> set = new LinkedHashMap<>();
        private final Map<String, List<String>> keys = new LinkedHashMap<>();
        private final List<String> unset = new ArrayList<>();

        Builder(Document document) {
            this.document = document;
        }

        void add(String path, @Nullable Cell cell) {
            JsonNode value = cell == null ? null : cell.value();
            if (value == null) {
                unset.add(path);
                restoreAround(path);
                return;
            }
            set.put(path, value);
            if (cell instanceof Elements elements && elements.list()) {
                keys.put(path, elements.keys());
            }
        }

        /** A reader takes an unset for everything beneath the path and for objects left empty; what is still there is told again. */
        private void restoreAround(String path) {
            for (Cell below : document.beneath(path)) {
                if (below.value() != null) {
                    add(below.path(), below);
                }
            }
            for (String above = path; Path.isNested(above); ) {
                above = Path.parent(above);
                for (Cell cell : document.at(above)) {
                    if (CellTree.isEmptyObject(cell)) {
                        add(above, cell);
                    }
                }
            }
        }

        DocumentChange whole() {
            for (Cell cell : document.cells()) {
                if (cell.value() != null && !document.isHidden(cell)) {
                    add(cell.path(), cell);
                }
            }
            return DocumentChange.whole(document.collection(), document.id(), set, keys);
        }

        DocumentChange partial() {
            return new DocumentChange(document.collection(), document.id(), false, false, set, unset, keys);
        }
    }

    static int weight(DocumentChange change) {
        int weight = change.collection().length() + change.id().length() + 8;
        for (Map.Entry<String, JsonNode> cell : change.set().entrySet()) {
            weight += cell.getKey().length() + 4 + Json.weight(cell.getValue());
        }
        for (String path : change.unset()) {
            weight += path.length() + 3;
        }
        return weight;
    }
}
