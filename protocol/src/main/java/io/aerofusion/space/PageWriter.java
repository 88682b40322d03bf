package io.aerofusion.space;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Collects the documents of one page of a delta until it is full. */
final class PageWriter {
    private final Cursor since;
    private final Set<String> wanted;
    private final boolean fresh;
    private final int documentsMax;
    private final int bytesMax;
    private final List<DocumentChange> changes = new ArrayList<>();
    private long bytes;
    private long position;
    private boolean full;

    /** @param fresh the reader knows nothing: documents that are gone need not be told */
    PageWriter(Cursor since, Set<String> wanted, boolean fresh, int documentsMax, int bytesMax) {
        this.since = since;
        this.wanted = wanted;
        this.fresh = fresh;
        this.documentsMax = documentsMax;
        this.bytesMax = bytesMax;
    }

    /** Turns to the order of a region, after that position. */
    void begin(long after) {
        position = after;
    }

    boolean visit(long number, Slot slot) {
        Document document = slot.document;
        boolean skipped =
                (!wanted.isEmpty() && !wanted.contains(document.collection())) || (fresh && !document.isLive());
        if (!skipped) {
            if (changes.size() >= documentsMax || (bytes >= bytesMax && !changes.isEmpty())) {
                full = true;
                return false;
            }
            DocumentChange change = DocumentDelta.of(document, since);
            changes.add(change);
            bytes += DocumentDelta.weight(change);
        }
        position = number;
        return true;
    }

    boolean isFull() {
        return full;
    }

    /** The number of the last document taken or passed over. */
    long position() {
        return position;
    }

    List<DocumentChange> changes() {
        return changes;
    }
}
