package io.aerofusion.gateway.upstream;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * One address of an upstream with what is known of it. The object is the identity for connection pools: it stays the same through
 * generations as long as the address is part of an upstream of the same name and transport, and {@link #removed} tells when it is not.
 */
public final class Endpoint {
    static final int WARM = 1000;
    /** The least share of its traffic that an endpoint gets at the beginning of its slow start. */
    static final int WARM_MIN = WARM / 10;

    private final Target target;
    private final UpstreamLoad load;
    final AtomicInteger active = new AtomicInteger();
    final Breaker breaker = new Breaker();
    final Ejection ejection = new Ejection();
    /** Whether a {@link ComebackWatch} is under way. */
    final AtomicBoolean watched = new AtomicBoolean();

    final LongAdder requests = new LongAdder();
    final LongAdder serverErrors = new LongAdder();
    final LongAdder failures = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile int weight;
    private volatile int priority;
    private volatile boolean healthy = true;
    private volatile boolean removed;
    private volatile int warm = WARM;
    private long joined;

    Endpoint(Target target, UpstreamLoad load) {
        this.target = target;
        this.load = load;
    }

    /** Its source says this of it. */
    void told(Target.Weighted weighted) {
        weight = weighted.weight();
        priority = weighted.priority();
    }

    public Target target() {
        return target;
    }

    /** Requests under way. */
    public int active() {
        return active.get();
    }

    /** Connections open. */
    public int connections() {
        return connections.get();
    }

    /** Whether it left the upstream: a connection that becomes idle is closed, not kept. */
    public boolean removed() {
        return removed;
    }

    /**
     * Takes leave to open one more connection, given back by {@link #connectionClosed} when it is closed or could not be made. False
     * when the upstream has as many as it may have. A loop that has none yet may always open one, because those of other loops
     * would never come to it (as in Envoy).
     */
    public boolean tryConnect(boolean firstOfLoop) {
        if (!load.tryConnect(firstOfLoop)) {
            return false;
        }
        connections.incrementAndGet();
        return true;
    }

    public void connectionClosed() {
        connections.decrementAndGet();
        load.connectionClosed();
    }

    int weight() {
        return weight;
    }

    /** The lower, the sooner it is used. */
    int priority() {
        return priority;
    }

    /** What the weight is worth during a slow start. */
    long warmWeight() {
        return (long) weight * warm;
    }

    boolean isWarm() {
        return warm == WARM;
    }

    /** The part of its weight that counts, in thousandths. */
    int warm() {
        return warm;
    }

    boolean healthy() {
        return healthy;
    }

    /** Whether this changed it. */
    boolean healthy(boolean now) {
        boolean changed = healthy != now;
        healthy = now;
        return changed;
    }

    /** Whether checks and ejections let it take part; its breaker has its own say. */
    boolean wellReputed() {
        return healthy && !ejection.isEjected();
    }

    void remove() {
        removed = true;
    }

    void startSlowly(long nanos) {
        joined = nanos;
        warm = WARM_MIN;
    }

    /** Whether the slow start is still under way. Called by the timeline alone. */
    boolean warmUp(long nanos, long windowNanos) {
        if (warm < WARM) {
            long elapsed = nanos - joined;
            warm = elapsed >= windowNanos ? WARM : Math.max(WARM_MIN, (int) (elapsed * (double) WARM / windowNanos));
        }
        return warm < WARM;
    }

    @Override
    public String toString() {
        return target.text();
    }
}
