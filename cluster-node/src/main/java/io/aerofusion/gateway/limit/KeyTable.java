package io.aerofusion.gateway.limit;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Who has used how much, for a bounded number of keys: the generic cell rate algorithm (ITU-T I.371) with one compare-and-set on
 * one long per request.
 *
 * <p>Of each key the table holds a 64-bit fingerprint and the theoretical arrival time, the moment when all that the key has
 * used is earned back; 16 bytes per key, allocated once. A key lives in one of {@value #WAYS} places that its fingerprint chooses. When
 * all of them are taken, the key that has used least is forgotten: it starts again with a full burst, and if its time had
 * passed already nothing is lost. So somebody who has used up a limit cannot wash it away by inventing fresh keys: a fresh key
 * has always used less than an exhausted one.
 *
 * <p>A place is forgotten before it is given away: its time first, then its fingerprint. Whoever finds a key at its place may charge
 * it from then on, and nothing takes that back, however long the thread that put it there is held up. What the former key uses in
 * between counts against the new one. Threads that bring a key at the same moment may put it into two places; it is charged where it has
 * used most.
 */
final class KeyTable {
    /** How many places a key can have. */
    static final int WAYS = 8;

    private final AtomicLongArray cells;
    private final int setMask;

    /** @param keysMax how many keys it holds, rounded up to a power of two; 8 to 2^24 */
    KeyTable(int keysMax) {
        if (keysMax < WAYS || keysMax > 1 << 24) {
            throw new IllegalArgumentException("a key table holds 8 to 16,777,216 keys");
        }
        int sets = Integer.highestOneBit(Math.max(1, (keysMax + WAYS - 1) / WAYS) * 2 - 1);
        this.cells = new AtomicLongArray(sets * WAYS * 2);
        this.setMask = sets - 1;
    }

    /** How many keys fit. */
    int keysMax() {
        return cells.length() / 2;
    }

    /**
     * Charges a key, if its burst allows.
     *
     * @param fingerprint of the key, well mixed
     * @param now nanoseconds since an arbitrary origin, positive and not going back
     * @param cost the time that the request uses up, at most the burst
     * @param burst how far ahead of now a key may be
     * @return when charged, how far ahead the key is now (0 to burst); when refused, minus the time to wait (at least 1)
     */
    long take(long fingerprint, long now, long cost, long burst) {
        long key = fingerprint == 0 ? 1 : fingerprint;
        while (true) {
            int at = place(key, now);
            long before = cells.get(at + 1);
            long ahead = Math.max(before - now, 0) + cost;
            if (ahead > burst) {
                return burst - ahead;
            }
            if (cells.compareAndSet(at + 1, before, now + ahead)) {
                return ahead;
            }
        }
    }

    /** Where the key is, after taking a place for it if it has none; of two places that where it has used most. */
    private int place(long key, long now) {
        int first = ((int) (key >>> 40) & setMask) * WAYS * 2;
        while (true) {
            int own = -1;
            long ownTime = Long.MIN_VALUE;
            int least = first;
            long leastTime = Long.MAX_VALUE;
            for (int at = first; at < first + WAYS * 2; at += 2) {
                long holder = cells.getAcquire(at);
                long time = holder == 0 ? Long.MIN_VALUE : cells.getPlain(at + 1);
                if (holder == key) {
                    if (time > ownTime) {
                        own = at;
                        ownTime = time;
                    }
                } else if (time < leastTime) {
                    least = at;
                    leastTime = time;
                }
            }
            if (own >= 0) {
                return own;
            }
            long used = cells.get(least + 1);
            long holder = cells.get(least);
            if (holder != key && (used <= now || cells.compareAndSet(least + 1, used, now))) {
                cells.compareAndSet(least, holder, key); // and look again: somebody may have placed the key elsewhere
            }
        }
    }
}
