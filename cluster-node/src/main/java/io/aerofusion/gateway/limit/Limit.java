package io.aerofusion.gateway.limit;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * A rate limit that each node keeps for itself: any number of threads, one compare-and-set per request, no allocation.
 *
 * <p>{@link #take} answers one long: zero or more when the request may pass (how far ahead of its rate the key is, in
 * nanoseconds), less than zero when not (minus the nanoseconds until it might). {@link RateLimitFields} makes header fields of it. The rate can
 * change with a new generation; what keys have used is kept, see {@link Limits}.
 */
public final class Limit {
    private final String name;
    private final KeyTable keys;
    private final LongSupplier ticker;
    private final long origin;
    private final LongAdder passed = new LongAdder();
    private final LongAdder limited = new LongAdder();

    /**
     * @param name what clients see in {@code RateLimit-Policy}, and what metrics are labelled with
     * @param keysMax how many keys are told apart at once; beyond it the key that used least is forgotten and starts afresh
     * @param ticker nanoseconds, monotonic
     */
    public Limit(String name, int keysMax, LongSupplier ticker) {
        this.name = name;
        this.keys = new KeyTable(keysMax);
        this.ticker = ticker;
        this.origin = ticker.getAsLong() - 1;
    }

    /**
     * Charges a request.
     *
     * @param key from {@link LimitKeys}
     * @param cost in requests; less than one costs nothing, more than the burst is taken as the burst: it must be able to pass at all
     */
    public long take(Rate rate, long key, int cost) {
        long charged = rate.requestNanos() * Math.max(0, Math.min(cost, rate.burst()));
        long answer = keys.take(key, ticker.getAsLong() - origin, charged, rate.burstNanos());
        (answer < 0 ? limited : passed).increment();
        return answer;
    }

    public String name() {
        return name;
    }

    /** Requests that this limit let through since the start. */
    public long passedCount() {
        return passed.sum();
    }

    /** Requests that were over this limit since the start; refused, unless the limit only counts. */
    public long limitedCount() {
        return limited.sum();
    }
}
