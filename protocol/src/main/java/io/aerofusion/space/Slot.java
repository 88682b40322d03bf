package io.aerofusion.space;

/** Where a space keeps one document and what its hash was when it was last computed. */
final class Slot {
    Document document;
    long[] digest = SpaceHash.NOTHING;
    boolean dirty;

    Slot(Document document) {
        this.document = document;
    }
}
