package io.aerofusion.gateway.limit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.aerofusion.gateway.limit.LimitLeases.Ask;
import io.aerofusion.gateway.limit.LimitLeases.Lease;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A node's side of a cluster-wide limit: spends tokens that the key's owner leased to it, one compare-and-set per request, and asks for
 * more in the background before they run out.
 *
 * <p><b>Error bound.</b> The owner charges tokens when it gives them, so what all nodes spend within any time t is at most
 * {@code burst + rate * t} plus what they held at its beginning: {@code nodes * leaseMax}, which is {@link LeaseBounds#shareOfBurst} of the
 * burst (a node always may hold one token). What a node holds and does not spend within {@link LeaseBounds#life} is lost: a key may be
 * refused up to the same number of requests too early.
 *
 * <p><b>When the owner is silent</b> each node goes on with its share, {@code 1 / nodes} of rate and burst: all together again the
 * limit, plus what was leased and given before, at most one burst more. A lease that answers late counts.
 *
 * <p>Keys are bounded: the table's least used key is forgotten with its lease, and asks again.
 */
public final class LeasedLimit {
    /** The answer of {@link #take} when the owner has to be asked first: go on with {@link #later}. */
    public static final long ASK = Long.MIN_VALUE;

    private static final int TOKEN_BITS = 21;
    private static final long TOKEN_MASK = (1L << TOKEN_BITS) - 1;
    private static final int ATTEMPTS_MAX = 4;

    private final String name;
    private final LeaseBounds bounds;
    private final LongSupplier ticker;
    private final long origin;
    private final IntSupplier nodes;
    private final LimitLeases leases;
    private final Limit share;
    private final Cache<String, Held> keys;
    private final LongAdder passed = new LongAdder();
    private final LongAdder limited = new LongAdder();
    private final LongAdder onShare = new LongAdder();

    public LeasedLimit(
            String name, int keysMax, LeaseBounds bounds, LongSupplier ticker, IntSupplier nodes, LimitLeases leases) {
        this.name = name;
        this.bounds = bounds;
        this.ticker = ticker;
        this.origin = ticker.getAsLong();
        this.nodes = nodes;
        this.leases = leases;
        this.share = new Limit(name, keysMax, ticker);
        // upkeep where it falls due: waking a thread of a pool every few reads costs more than the upkeep
        this.keys = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(keysMax)
                .build();
    }

    /** What this node holds of one key. */
    private static final class Held {
        /** Milliseconds of expiry above {@link #TOKEN_BITS} bits of tokens: both change in one compare-and-set. */
        final AtomicLong lease = new AtomicLong();

        final AtomicReference<@Nullable CompletableFuture<Boolean>> asked = new AtomicReference<>();
        final AtomicInteger waiting = new AtomicInteger();
        /** Nanoseconds: until then the owner has nothing to give. */
        volatile long emptyUntil;
        /** Nanoseconds: until then the owner is not asked, it was silent. */
        volatile long silentUntil;

        volatile int left;
    }

    /**
     * Charges a request.
     *
     * @param cost as for {@link Limit#take}, and at most what a node may hold
     * @return as {@link Limit#take}, or {@link #ASK}
     */
    public long take(Rate rate, String key, int cost) {
        long answer = tryTake(rate, held(key), key, cost);
        if (answer != ASK) {
            (answer < 0 ? limited : passed).increment();
        }
        return answer;
    }

    /** Goes on when {@link #take} said {@link #ASK}: completes with what {@link Limit#take} answers, within the bound of waiting. */
    public CompletionStage<Long> later(Rate rate, String key, int cost) {
        Held held = held(key);
        if (held.waiting.incrementAndGet() > bounds.waitingMax()) {
            held.waiting.decrementAndGet();
            limited.increment();
            return CompletableFuture.completedFuture(-bounds.patience().toNanos());
        }
        return attempt(rate, held, key, cost, 0).whenComplete((answer, failure) -> {
            held.waiting.decrementAndGet();
            (answer != null && answer >= 0 ? passed : limited).increment();
        });
    }

    private CompletionStage<Long> attempt(Rate rate, Held held, String key, int cost, int attempt) {
        long answer = tryTake(rate, held, key, cost);
        if (answer != ASK) {
            return CompletableFuture.completedFuture(answer);
        }
        if (attempt == ATTEMPTS_MAX) {
            // Others were faster each time: the limit is being used up.
            return CompletableFuture.completedFuture(-rate.requestNanos());
        }
        return ask(rate, held, key).thenCompose(ignored -> attempt(rate, held, key, cost, attempt + 1));
    }

    private long tryTake(Rate rate, Held held, String key, int cost) {
        int most = bounds.leaseMax(rate, nodeCount());
        int tokens = Math.clamp(cost, 0, most);
        long now = now();
        while (true) {
            long lease = held.lease.get();
            long left = lease >>> TOKEN_BITS > now / 1_000_000 ? lease & TOKEN_MASK : 0;
            if (left < tokens) {
                break;
            }
            if (held.lease.compareAndSet(lease, lease - tokens)) {
                if (left - tokens < (most + 1) / 2 && now >= held.emptyUntil && now >= held.silentUntil && most > 1) {
                    ask(rate, held, key);
                }
                long free = Math.min(rate.burst(), held.left + left - tokens);
                return rate.requestNanos() * (rate.burst() - free);
            }
        }
        if (now < held.emptyUntil) {
            return Math.min(-1, now - held.emptyUntil);
        }
        if (now < held.silentUntil) {
            onShare.increment();
            return share.take(rate.share(nodeCount()), LimitKeys.of(key), cost);
        }
        return ASK;
    }

    /** Asks the owner unless it is being asked; completes, never exceptionally, when the answer has been taken in. */
    private CompletableFuture<Boolean> ask(Rate rate, Held held, String key) {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> other = held.asked.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        int most = bounds.leaseMax(rate, nodeCount());
        int has = (int) (held.lease.get() & TOKEN_MASK);
        boolean expired = held.lease.get() >>> TOKEN_BITS <= now() / 1_000_000;
        int wanted = Math.max(1, expired ? most : most - has);
        CompletableFuture<Lease> answer;
        try {
            answer = leases.lease(new Ask(name, key, rate, wanted)).toCompletableFuture();
        } catch (RuntimeException refused) {
            answer = CompletableFuture.failedFuture(refused);
        }
        // What comes after the wait is still credited: the owner has charged it.
        answer.thenAccept(lease -> credit(held, lease, most));
        answer.copy()
                .orTimeout(bounds.patience().toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((lease, failure) -> {
                    if (failure != null) {
                        held.silentUntil = now() + bounds.silence().toNanos();
                    }
                    held.asked.set(null);
                    mine.complete(failure == null);
                });
        return mine;
    }

    private void credit(Held held, Lease lease, int most) {
        held.left = lease.left();
        held.silentUntil = 0;
        if (lease.tokens() <= 0) {
            held.emptyUntil = now() + Math.max(1, lease.retryNanos());
            return;
        }
        long millis = now() / 1_000_000;
        held.lease.updateAndGet(before -> {
            long left = before >>> TOKEN_BITS > millis ? before & TOKEN_MASK : 0;
            return ((millis + bounds.life().toMillis()) << TOKEN_BITS) | Math.min(most, left + lease.tokens());
        });
    }

    private Held held(String key) {
        return keys.get(key, ignored -> new Held());
    }

    private int nodeCount() {
        return Math.max(1, nodes.getAsInt());
    }

    /** Starts at one life of a lease, so that zero is long ago. */
    private long now() {
        return ticker.getAsLong() - origin + 1_000_000;
    }

    public String name() {
        return name;
    }

    /** Requests that this limit let through on this node since the start. */
    public long passedCount() {
        return passed.sum();
    }

    /** Requests that were over this limit on this node since the start. */
    public long limitedCount() {
        return limited.sum();
    }

    /** Requests that this node decided by its share because the owner was silent. */
    public long onShareCount() {
        return onShare.sum();
    }
}
