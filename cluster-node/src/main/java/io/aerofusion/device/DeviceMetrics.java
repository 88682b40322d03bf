package io.aerofusion.device;

import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.tag.TagSet;

/** What is counted about devices. */
final class DeviceMetrics {
    private static final Counter REGISTERED = counter("registered");
    private static final Counter ROTATED = counter("credential-rotated");
    private static final Counter REVOKED = counter("revoked");
    private static final Counter DESIRED = counter("desired-patched");
    private static final Counter REPORTED = counter("reported-patched");
    private static final Counter REPORT_REFUSED = counter("report-refused");
    private static final Counter SESSION_REPLACED = counter("session-replaced");
    private static final Counter UNAUTHENTICATED = counter("unauthenticated");
    private static final Gauge SESSIONS = Kamon.gauge(
                    "aerofusion.device.sessions", "Open sessions of devices on this node")
            .withoutTags();

    private DeviceMetrics() {}

    private static Counter counter(String what) {
        return Kamon.counter("aerofusion.device.events", "What happened to devices, by kind")
                .withTags(TagSet.of("kind", what));
    }

    static void registered() {
        REGISTERED.increment();
    }

    static void rotated() {
        ROTATED.increment();
    }

    static void revoked() {
        REVOKED.increment();
    }

    static void desired() {
        DESIRED.increment();
    }

    static void reported() {
        REPORTED.increment();
    }

    static void reportRefused() {
        REPORT_REFUSED.increment();
    }

    static void sessionReplaced() {
        SESSION_REPLACED.increment();
    }

    static void unauthenticated() {
        UNAUTHENTICATED.increment();
    }

    static void sessions(int open) {
        SESSIONS.update(open);
    }
}
