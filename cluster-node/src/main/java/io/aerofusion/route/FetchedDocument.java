package io.aerofusion.route;

import java.time.Duration;

/** What came of asking an upstream for a document. */
public sealed interface FetchedDocument {
    /**
     * What is asked for.
     *
     * @param etag of what is known already; empty for nothing
     * @param bytesMax the longest content that is read
     */
    record Wanted(String upstream, String path, String etag, int bytesMax, Duration timeout) {}

    /** Its content; {@code etag} is empty if there is none. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
    record Content(byte[] bytes, String etag) implements FetchedDocument {}

    /** It is what the ETag stands for. */
    record Unchanged() implements FetchedDocument {}

    /** There is none; {@code why} is a sentence that names no address. */
    record Failed(String why) implements FetchedDocument {}
}
