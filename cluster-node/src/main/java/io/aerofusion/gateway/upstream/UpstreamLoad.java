package io.aerofusion.gateway.upstream;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What an upstream has under way and what it did so far: lives as long as its name does, through all its generations. */
final class UpstreamLoad {
    final AtomicInteger active = new AtomicInteger();
    final LongAdder requests = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder retries = new LongAdder();
    final LongAdder retriesDenied = new LongAdder();
    final LongAdder ejections = new LongAdder();
    final LongAdder breakerOpenings = new LongAdder();
    final RetryBudget budget = new RetryBudget();
    /** Turns of round robin; it goes on where it was when endpoints change. */
    final AtomicInteger turn = new AtomicInteger();
    /** Endpoints ejected now; counted anew by each tick. */
    final AtomicInteger ejected = new AtomicInteger();

    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger pending = new AtomicInteger();
    private volatile UpstreamLimits limits = UpstreamLimits.DEFAULT;

    void limits(UpstreamLimits limits) {
        this.limits = limits;
    }

    boolean tryRequest() {
        if (active.incrementAndGet() <= limits.maxParallelRequests()) {
            return true;
        }
        active.decrementAndGet();
        return false;
    }

    boolean tryConnect(boolean firstOfLoop) {
        if (connections.incrementAndGet() <= limits.maxConnections() || firstOfLoop) {
            return true;
        }
        connections.decrementAndGet();
        return false;
    }

    void connectionClosed() {
        connections.decrementAndGet();
    }

    boolean tryWait() {
        if (pending.incrementAndGet() <= limits.maxPendingRequests()) {
            return true;
        }
        pending.decrementAndGet();
        return false;
    }

    void waitEnded() {
        pending.decrementAndGet();
    }

    int connections() {
        return connections.get();
    }

    int pending() {
        return pending.get();
    }
}
