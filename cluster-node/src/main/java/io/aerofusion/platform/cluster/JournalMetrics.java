package io.aerofusion.platform.cluster;

import java.util.concurrent.TimeUnit;
import kamon.Kamon;
import kamon.metric.Histogram;
import kamon.metric.Timer;

/** How the journal keeps up with what entities persist. */
final class JournalMetrics {
    private static final Timer LAG = Kamon.timer(
                    "aerofusion.journal.lag",
                    "From an entity's decision until its commit, of the event of each batch that waited longest")
            .withoutTags();
    private static final Histogram BATCH =
            Kamon.histogram("aerofusion.journal.batch", "Events of a batch").withoutTags();

    private JournalMetrics() {}

    /**
     * A batch was committed.
     *
     * @param waitedMillis of its oldest event, until the batch was sent; the wall clock may have been set back
     * @param writtenNanos from there until the commit
     */
    static void written(int events, long waitedMillis, long writtenNanos) {
        BATCH.record(events);
        LAG.record(TimeUnit.MILLISECONDS.toNanos(Math.max(0, waitedMillis)) + writtenNanos, TimeUnit.NANOSECONDS);
    }
}
