package io.aerofusion.space;

/**
 * What a space accepts at most. What goes beyond is rejected with a code of its own; the rest of the push is unharmed.
 *
 * @param documentBytesMax size of one document, about, as JSON
 * @param nestingMax objects and arrays around a scalar
 * @param documentsMax live documents; deleted ones that some device may not have seen yet are kept, up to {@link #KEPT_PER_LIVE}
 *     times as many in all
 * @param bytesMax size of all documents, about, as JSON; with the deleted ones up to {@link #KEPT_PER_LIVE} times as much
 * @param clockAheadMillisMax how far a device's clock may be ahead before it is stamped anew
 * @param nameLengthMax characters of a collection's name and of a document's id
 * @param quarantineBytesMax size of the mutations in quarantine, about, as JSON
 */
public record SpaceLimits(
        int documentBytesMax,
        int nestingMax,
        int documentsMax,
        long bytesMax,
        long clockAheadMillisMax,
        int nameLengthMax,
        long quarantineBytesMax) {
    /** 1 MiB per document, 32 levels, a million documents, 1 GiB, 60 s, 256 characters, 4 MiB. */
    public static final SpaceLimits DEFAULT = new SpaceLimits(1 << 20, 32, 1_000_000, 1L << 30, 60_000, 256, 4 << 20);

    /** Documents that may be kept, live and deleted, for each one that may live. */
    public static final int KEPT_PER_LIVE = 2;

    public SpaceLimits {
        if (documentBytesMax < 1
                || nestingMax < 1
                || documentsMax < 1
                || bytesMax < 1
                || clockAheadMillisMax < 0
                || nameLengthMax < 1
                || quarantineBytesMax < 1) {
            throw new IllegalArgumentException("limits are positive");
        }
    }
}
