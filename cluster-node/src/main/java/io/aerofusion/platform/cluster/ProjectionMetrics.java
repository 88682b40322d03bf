package io.aerofusion.platform.cluster;

import kamon.Kamon;
import kamon.metric.MeasurementUnit;
import kamon.tag.TagSet;

/** How projections keep up. */
final class ProjectionMetrics {
    private ProjectionMetrics() {}

    /** A group of events was applied; the last of them was persisted that long ago. */
    static void progressed(String projection, long lagMillis) {
        Kamon.histogram(
                        "aerofusion.projection.lag",
                        "Time from an event's commit until read models show it",
                        MeasurementUnit.time().milliseconds())
                .withTags(TagSet.of("projection", projection))
                .record(lagMillis);
    }

    /** A slice failed; it goes on after a backoff. */
    static void failed(String projection) {
        Kamon.counter("aerofusion.projection.failures", "Slices of projections that failed and were restarted")
                .withTags(TagSet.of("projection", projection))
                .increment();
    }
}
