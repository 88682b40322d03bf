package io.aerofusion.gateway.limit;

import io.aerofusion.gateway.limit.LimitLeases.Ask;
import io.aerofusion.gateway.limit.LimitLeases.Lease;
import java.util.function.LongSupplier;

/**
 * The owner's side of cluster-wide limits: gives tokens out of one bucket per key, exactly at the rate.
 *
 * <p>It remembers nothing durably: an owner that moved to another node starts with full buckets, which lets each key pass one more
 * burst. Bounded as {@link KeyTable} is.
 */
public final class LimitOwner {
    private final KeyTable keys;
    private final LongSupplier ticker;
    private final long origin;

    /** @param keysMax how many keys this owner tells apart */
    public LimitOwner(int keysMax, LongSupplier ticker) {
        this.keys = new KeyTable(keysMax);
        this.ticker = ticker;
        this.origin = ticker.getAsLong() - 1;
    }

    /** Gives as many tokens as there are, up to what is wanted; none if they are fewer than are of use. */
    public Lease grant(Ask ask) {
        Rate rate = ask.rate();
        long key = LimitKeys.of(ask.limit() + '\n' + ask.key());
        long now = ticker.getAsLong() - origin;
        long each = rate.requestNanos();
        int atLeast = Math.clamp(ask.atLeast(), 1, rate.burst());
        int wanted = Math.clamp(ask.wanted(), atLeast, rate.burst());
        while (true) {
            long answer = keys.take(key, now, each * wanted, rate.burstNanos());
            if (answer >= 0) {
                return new Lease(wanted, (int) ((rate.burstNanos() - answer) / each), 0);
            }
            int available = wanted - (int) ((-answer + each - 1) / each);
            if (available < atLeast) {
                return new Lease(0, Math.max(0, available), -answer - each * (wanted - atLeast));
            }
            wanted = available;
        }
    }
}
