package io.aerofusion.space;

/**
 * What a space accepts at most. What goes beyond is rejected with a code of its own; the rest of the push is unharmed.
 *
 * @param documentBytesMax size of one document, about, as JSON
 * @param nestingMax objects and arrays around a scalar
 * @param documentsMax live documents
 * @param bytesMax size of all documents, about, as JSON
 * @param clockAheadMillisMax how far a device's clock may be ahead before it is stamped anew
 * @param nameLengthMax characters of a collection's name and of a document's id
 */
public record SpaceLimits(
        int documentBytesMax,
        int nestingMax,
        int documentsMax,
        long bytesMax,
        long clockAheadMillisMax,
        int nameLengthMax) {
    /** 1 MiB per document, 32 levels, a million documents, 1 GiB, 60 s, 256 characters. */
    public static final SpaceLimits DEFAULT = new SpaceLimits(1 << 20, 32, 1_000_000, 1L << 30, 60_000, 256);

    public SpaceLimits {
        if (documentBytesMax < 1
                || nestingMax < 1
                || documentsMax < 1
                || bytesMax < 1
                || clockAheadMillisMax < 0
                || nameLengthMax < 1) {
            throw new IllegalArgumentException("limits are positive");
        }
    }
}
