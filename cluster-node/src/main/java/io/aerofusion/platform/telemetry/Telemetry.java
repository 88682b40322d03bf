package io.aerofusion.platform.telemetry;

import com.typesafe.config.Config;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import kamon.Kamon;
import kamon.prometheus.PrometheusReporter;
import org.jspecify.annotations.Nullable;

/**
 * Kamon, as a library without its agent. One per JVM: several nodes in one JVM (tests) share the metrics of the first one's
 * configuration.
 */
public final class Telemetry {
    private static final AtomicBoolean STARTED = new AtomicBoolean();
    private static final AtomicReference<@Nullable PrometheusReporter> PROMETHEUS = new AtomicReference<>();

    private Telemetry() {}

    /**
     * Starts Kamon unless it runs.
     *
     * @param node the whole configuration of the node
     */
    public static void start(Config node) {
        if (STARTED.compareAndSet(false, true)) {
            Kamon.initWithoutAttaching(node);
            PrometheusReporter reporter = new PrometheusReporter(PrometheusReporter.DefaultConfigPath(), node);
            PROMETHEUS.set(reporter);
            Kamon.addReporter("prometheus", reporter);
        }
    }

    /** The metrics in the Prometheus text format, as of the last tick ({@code kamon.metric.tick-interval}). */
    public static String prometheus() {
        PrometheusReporter reporter = PROMETHEUS.get();
        return reporter == null ? "" : reporter.scrapeData();
    }
}
