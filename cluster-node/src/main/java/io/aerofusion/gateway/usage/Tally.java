package io.aerofusion.gateway.usage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counts of one route, upstream or consumer. Every event loop writes an array of its own, plainly, and readers add them up: so
 * counting a request costs a few stores and no atomic operation. Only faults, which are rarer, are counted by code in a map.
 */
public final class Tally {
    /** Codes of faults that are told apart; further ones count as {@link Tallies#OTHER}. */
    static final int CODES_MAX = 64;

    private static final int STARTED = 8;
    private static final int BYTES_IN = STARTED + 1;
    private static final int BYTES_OUT = STARTED + 2;
    private static final int RETRIES = STARTED + 3;
    private static final int WOULD_REFUSE = STARTED + 4;
    private static final int NANOS = STARTED + 5;
    private static final int CLASSES = STARTED + 6;
    private static final int BUCKETS = CLASSES + 6;
    /** With a cache line before and after that no other loop writes to. */
    private static final int LENGTH = BUCKETS + Durations.BUCKETS + 8;

    private final String name;
    private final AtomicReferenceArray<AtomicLongArray> stripes;
    private final ConcurrentHashMap<String, LongAdder> faults = new ConcurrentHashMap<>(4);

    Tally(String name, int loops) {
        this.name = name;
        this.stripes = new AtomicReferenceArray<>(loops);
    }

    private AtomicLongArray stripe(int loop) {
        AtomicLongArray own = stripes.getPlain(loop);
        if (own == null) {
            own = new AtomicLongArray(LENGTH);
            stripes.setRelease(loop, own);
        }
        return own;
    }

    private static void add(AtomicLongArray own, int at, long more) {
        own.setOpaque(at, own.getPlain(at) + more);
    }

    /** A request began; from its loop's thread, as all below. */
    public void began(int loop) {
        add(stripe(loop), STARTED, 1);
    }

    /**
     * A request that {@link #began} is over.
     *
     * @param status 0 if there was no response
     */
    public void ended(int loop, int status, long nanos, long bytesIn, long bytesOut) {
        AtomicLongArray own = stripe(loop);
        add(own, CLASSES + status / 100 % 6, 1);
        add(own, BUCKETS + Durations.bucket(nanos), 1);
        add(own, NANOS, nanos);
        if (bytesIn != 0) add(own, BYTES_IN, bytesIn);
        if (bytesOut != 0) add(own, BYTES_OUT, bytesOut);
    }

    public void retried(int loop) {
        add(stripe(loop), RETRIES, 1);
    }

    /** A limit that is a dry run would have refused. */
    public void wouldRefuse(int loop) {
        add(stripe(loop), WOULD_REFUSE, 1);
    }

    /** From any thread. */
    public void fault(String code) {
        LongAdder count = faults.get(code);
        if (count == null) {
            String known = faults.size() < CODES_MAX ? code : Tallies.OTHER;
            count = faults.computeIfAbsent(known, first -> new LongAdder());
        }
        count.increment();
    }

    /** The counts now, from any thread; what is under way meanwhile may be in one of them and not yet in another. */
    Usage.Counts counts() {
        long[] sums = new long[LENGTH];
        for (int loop = 0; loop < stripes.length(); loop++) {
            AtomicLongArray some = stripes.getAcquire(loop);
            if (some == null) continue;
            for (int at = STARTED; at < LENGTH; at++) sums[at] += some.getOpaque(at);
        }
        long over = 0;
        for (int digit = 0; digit < 6; digit++) over += sums[CLASSES + digit];
        Map<String, Long> byCode = new TreeMap<>();
        faults.forEach((code, count) -> byCode.put(code, count.sum()));
        return new Usage.Counts(
                name,
                Math.max(0, sums[STARTED] - over),
                part(sums, CLASSES, 6),
                byCode,
                sums[WOULD_REFUSE],
                sums[RETRIES],
                sums[BYTES_IN],
                sums[BYTES_OUT],
                new Durations(part(sums, BUCKETS, Durations.BUCKETS), sums[NANOS]));
    }

    private static List<Long> part(long[] sums, int from, int length) {
        List<Long> part = new ArrayList<>(length);
        for (int i = 0; i < length; i++) part.add(sums[from + i]);
        return part;
    }
}
