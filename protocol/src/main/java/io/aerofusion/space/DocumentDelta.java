package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a reader at a cursor has to be told about a document. */
final class DocumentDelta {
    private DocumentDelta() {}

    /**
     * The change from what the holder of the cursor may know to now. Only the cells that came after the cursor; everything where
     * that would not be enough: a document that the reader may know as deleted, a life it has not seen begin, or cells that
     * hide one another.
     */
    static DocumentChange of(Document document, Cursor since) {
        if (!document.isLive()) {
            return DocumentChange.deleted(document.collection(), document.id());
        }
        boolean whole = document.tangled()
                || (document.born() != null && !document.born().isCoveredBy(since))
                || (document.removed().length > 0 && !isKnownLive(document, since));
        return whole ? whole(document) : cells(document, since);
    }

    static DocumentChange whole(Document document) {
        return DocumentChange.whole(document.collection(), document.id(), document.leaves(), Map.of());
    }

    private static boolean isKnownLive(Document document, Cursor since) {
        return document.isKnownLive(since, "");
    }

    private static DocumentChange cells(Document document, Cursor since) {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        List<String> unset = new ArrayList<>();
        for (Cell cell : document.cells()) {
            if (!cell.isAfter(since)) {
                continue;
            }
            JsonNode value = cell.value();
            if (value == null) {
                unset.add(cell.path());
            } else {
                set.put(cell.path(), value);
            }
        }
        return new DocumentChange(document.collection(), document.id(), false, false, set, unset, Map.of());
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
