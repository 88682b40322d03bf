package io.aerofusion.route;

import kamon.Kamon;

/** Counts what becomes of the gateway's configuration. */
final class GatewayMetrics {
    private GatewayMetrics() {}

    /**
     * A generation was published.
     *
     * @param changes resources that it changed
     */
    static void published(int changes) {
        Kamon.counter("aerofusion.gateway.generations", "Generations of the gateway that were published")
                .withoutTags()
                .increment();
        Kamon.counter("aerofusion.gateway.changes", "Resources of the gateway that were changed")
                .withoutTags()
                .increment(changes);
    }

    /** A change set was refused. */
    static void refused() {
        Kamon.counter("aerofusion.gateway.refused", "Changes of the gateway that were refused")
                .withoutTags()
                .increment();
    }
}
