package io.aerofusion.gateway.upstream;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds retries to a share of the requests, so that they cannot multiply the load of an upstream that is going down (as in Finagle):
 * within the last ten seconds at most the given percentage of the requests of that time (or of those under way, if more), but in each
 * second at least a minimum. Costs a request nothing: the window is made from the request counter, which a tick reads every second.
 */
final class RetryBudget {
    /** Seconds that the percentage looks back over. */
    static final int WINDOW = 10;

    /** Totals at a second's beginning. */
    private record Mark(long requests, long retries) {}

    private static final Mark NOTHING = new Mark(0, 0);

    /** Immutable from outside: replaced whole by each tick, oldest first. */
    private volatile Mark[] marks = {NOTHING};

    private final AtomicLong retries = new AtomicLong();

    /** Takes one retry out of the budget, if there is one. */
    boolean take(RetryShare settings, long requests, int active) {
        while (true) {
            Mark[] seen = marks;
            Mark oldest = seen[0];
            long used = retries.get();
            long base = Math.max(requests - oldest.requests, active);
            boolean withinShare = (used - oldest.retries + 1) * 100 <= base * settings.percent();
            boolean withinMinimum = used - seen[seen.length - 1].retries < settings.minRetriesPerSecond();
            if (!withinShare && !withinMinimum) {
                return false;
            }
            if (retries.compareAndSet(used, used + 1)) {
                return true;
            }
        }
    }

    /** What was taken was not used. */
    void giveBack() {
        retries.decrementAndGet();
    }

    /** A second is over. Called by the timeline alone. */
    void tick(long requests) {
        Mark[] before = marks;
        int kept = Math.min(before.length, WINDOW - 1);
        Mark[] after = new Mark[kept + 1];
        System.arraycopy(before, before.length - kept, after, 0, kept);
        after[kept] = new Mark(requests, retries.get());
        marks = after;
    }
}
