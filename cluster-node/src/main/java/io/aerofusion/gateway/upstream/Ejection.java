package io.aerofusion.gateway.upstream;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The passive health of one endpoint: consecutive failures throw it out for the base time multiplied by how often that happened; each
 * interval without a further ejection takes one from the multiplier (as Envoy's outlier detection does).
 */
final class Ejection {
    private static final long IN = 0;

    private final AtomicInteger consecutive = new AtomicInteger();
    private final AtomicInteger times = new AtomicInteger();
    /** IN, or the nano time at which the ejection ends (never IN itself). */
    private final AtomicLong until = new AtomicLong(IN);

    private volatile long quietSince;

    boolean isEjected() {
        return until.get() != IN;
    }

    void succeeded() {
        if (consecutive.get() != 0) {
            consecutive.set(0);
        }
    }

    /** Whether so many came in a row that the endpoint should be ejected. */
    boolean failed(PassiveCheck settings) {
        return consecutive.incrementAndGet() >= settings.consecutiveFailures();
    }

    /** Ejects unless it is ejected already; whether it did. */
    boolean eject(PassiveCheck settings, long nanos) {
        int multiplier = times.get() + 1;
        long length = settings.ejectionNanos(multiplier);
        long end = nanos + length;
        if (!until.compareAndSet(IN, end == IN ? 1 : end)) {
            return false;
        }
        times.set(multiplier);
        consecutive.set(0);
        return true;
    }

    /** Ends an ejection whose time is over, and forgets old ones; whether it ended one. Called by the timeline alone. */
    boolean recoverIfDue(PassiveCheck settings, long nanos) {
        long end = until.get();
        if (end != IN) {
            if (nanos - end < 0) {
                return false;
            }
            consecutive.set(0);
            quietSince = nanos;
            until.set(IN);
            return true;
        }
        int past = times.get();
        if (past > 0 && nanos - quietSince >= settings.interval().toNanos()) {
            times.compareAndSet(past, past - 1);
            quietSince = nanos;
        }
        return false;
    }

    /** Back in at once, as if nothing had happened; whether it was out. */
    boolean forgive() {
        consecutive.set(0);
        times.set(0);
        return until.getAndSet(IN) != IN;
    }

    /** How long it is still out; zero when it is in. */
    long remainingNanos(long nanos) {
        long end = until.get();
        return end == IN ? 0 : Math.max(0, end - nanos);
    }
}
