package io.aerofusion.platform.cluster;

import java.time.Duration;

/**
 * The bounds of revisioned snapshots.
 *
 * @param checkEvery how often a node asks for what it missed; an announcement that got lost is late by this at most
 * @param staleAfter without a confirmation for that long, what a node holds counts as stale; it is served all the same
 * @param answerTimeout in which the writer must answer a question
 */
public record RevisionedLimits(Duration checkEvery, Duration staleAfter, Duration answerTimeout) {
    /** Bytes of a change (deflated) that is told; larger ones are asked for. */
    static final int TOLD_BYTES_MAX = 256 * 1024;
    /** Bytes of one answer: below the largest message between nodes (2 MiB). Larger ones become parts of the whole. */
    static final int ANSWER_BYTES_MAX = 512 * 1024;
    /** Bytes of a whole, inflated. Larger ones cannot be written nor read. */
    static final int WHOLE_BYTES_MAX = 256 * 1024 * 1024;
    /** Changes that the writer remembers; a node that is further behind gets the whole. */
    static final int CHANGES_MAX = 1_000;
    /** Bytes of those changes; the oldest go first. */
    static final int CHANGES_BYTES_MAX = 4 * 1024 * 1024;
    /** Wholes that are being sent in parts; a node whose whole was given up begins with a newer one. */
    static final int WHOLES_MAX = 2;
    /** Callers that wait for the next revision; more are refused. */
    static final int WAITING_MAX = 1_000;
    /** After a question failed the next one waits this long, doubled each time up to {@code checkEvery}. */
    static final Duration RETRY_MIN = Duration.ofMillis(250);

    public static final RevisionedLimits DEFAULT =
            new RevisionedLimits(Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(5));

    public RevisionedLimits {
        if (checkEvery.isNegative() || checkEvery.isZero() || staleAfter.compareTo(checkEvery) < 0) {
            throw new IllegalArgumentException("a check has to be due before its absence makes stale");
        }
    }
}
