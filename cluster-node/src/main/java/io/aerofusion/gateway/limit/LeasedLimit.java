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
 * burst, or one token for each node if that is more. What a node holds and does not spend within {@link LeaseBounds#life} is lost: a key
 * may be refused up to the same number of requests too early. A request that costs more than a node may hold is charged at the owner
 * as a whole, so the bound does not depend on what requests cost.
 *
 * <p><b>When the owner is silent</b> each node goes on with its share, {@code 1 / nodes} of rate and burst (at least one request): all
 * together again the limit, plus what was leased and given before, at most one burst more. A request that costs more than the share's
 * burst is refused until the owner answers. A lease that answers late counts.
 *
 * <p>Keys are bounded: the table's least used key is forgotten with its lease, and asks again.
 */
public final class LeasedLimit {
    /** The answer of {@link #take} when the owner has to be asked first: go on with {@link #later}. */
    public static final long ASK = Long.MIN_VALUE;

    private static final int TOKEN_BITS = 21;
    private static final long TOKEN_MASK = (1L << TOKEN_BITS) - 1;
    private static final int ATTEMPTS_MAX = 4;
    /** Longer ago than any burst takes to come back, see {@link Rate}. */
    private static final long LONG_AGO = Long.MIN_VALUE / 2;

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
    private final LongAdder onShare;

    /** @param onShare counts the requests that this node decided by its share because the owner was silent */
    public LeasedLimit(
            String name,
            int keysMax,
            LeaseBounds bounds,
            LongSupplier ticker,
            IntSupplier nodes,
            LimitLeases leases,
            LongAdder onShare) {
        this.name = name;
        this.bounds = bounds;
        this.ticker = ticker;
        this.origin = ticker.getAsLong();
        this.nodes = nodes;
        this.leases = leases;
        this.onShare = onShare;
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
        /** Nanoseconds: when the owner had nothing to give, or had it been asked then: it cannot have more than what came since. */
        volatile long emptyAt = LONG_AGO;
        /** Nanoseconds: until then the owner is not asked, it was silent. */
        volatile long silentUntil;

        volatile int left;
    }

    /**
     * Charges a request.
     *
     * @param cost as for {@link Limit#take}
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
        int tokens = tokens(rate, cost);
        if (tokens > bounds.leaseMax(rate, nodeCount())) {
            return whole(rate, held, key, tokens);
        }
        if (attempt == ATTEMPTS_MAX) {
            // Others were faster each time: the limit is being used up.
            return CompletableFuture.completedFuture(-rate.requestNanos());
        }
        return ask(rate, held, key, tokens).thenCompose(ignored -> attempt(rate, held, key, cost, attempt + 1));
    }

    private long tryTake(Rate rate, Held held, String key, int cost) {
        int most = bounds.leaseMax(rate, nodeCount());
        int tokens = tokens(rate, cost);
        long now = now();
        while (tokens <= most) {
            long lease = held.lease.get();
            long left = left(lease, now);
            if (left < tokens) {
                break;
            }
            if (held.lease.compareAndSet(lease, lease - tokens)) {
                if (left - tokens < (most + 1) / 2
                        && now >= held.emptyAt + rate.requestNanos()
                        && now >= held.silentUntil
                        && most > 1) {
                    ask(rate, held, key, 1);
                }
                return ahead(rate, held.left + left - tokens);
            }
        }
        long enoughAt = held.emptyAt + rate.requestNanos() * tokens;
        if (now < enoughAt) {
            return now - enoughAt;
        }
        return now < held.silentUntil ? byShare(rate, held, key, tokens, now) : ASK;
    }

    private long byShare(Rate rate, Held held, String key, int tokens, long now) {
        onShare.increment();
        Rate mine = rate.share(nodeCount());
        return tokens > mine.burst()
                ? Math.min(-1, now - held.silentUntil)
                : share.take(mine, LimitKeys.of(key), tokens);
    }

    /** Has the owner charge a request that costs more than a node may hold. */
    private CompletionStage<Long> whole(Rate rate, Held held, String key, int tokens) {
        int most = bounds.leaseMax(rate, nodeCount());
        CompletableFuture<Lease> answer = request(new Ask(name, key, rate, tokens, tokens));
        return inTime(answer).handle((lease, failure) -> {
            if (failure != null) {
                answer.thenAccept(late -> credit(rate, held, late, tokens, most));
                held.silentUntil = now() + bounds.silence().toNanos();
                return byShare(rate, held, key, tokens, now());
            }
            if (lease.tokens() >= tokens) {
                held.left = lease.left();
                held.silentUntil = 0;
                return ahead(rate, lease.left());
            }
            // Some, but not enough, come from an owner of an earlier version.
            credit(rate, held, lease, tokens, most);
            return lease.tokens() > 0
                    ? -rate.requestNanos() * (tokens - lease.tokens())
                    : -Math.max(1, lease.retryNanos());
        });
    }

    /**
     * Asks the owner unless it is being asked; completes, never exceptionally, when the answer has been taken in.
     *
     * @param tokens how many are needed, at most what a node may hold
     */
    private CompletableFuture<Boolean> ask(Rate rate, Held held, String key, int tokens) {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> other = held.asked.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        int most = bounds.leaseMax(rate, nodeCount());
        int has = (int) left(held.lease.get(), now());
        int wanted = Math.max(1, most - has);
        int atLeast = Math.clamp(tokens - has, 1, wanted);
        // Credited before those who wait go on, or they would ask again.
        // What comes after the wait is credited, too: the owner has charged it.
        CompletableFuture<Void> credited = request(new Ask(name, key, rate, wanted, atLeast))
                .thenAccept(lease -> credit(rate, held, lease, atLeast, most));
        inTime(credited).whenComplete((done, failure) -> {
            if (failure != null) {
                held.silentUntil = now() + bounds.silence().toNanos();
            }
            held.asked.set(null);
            mine.complete(failure == null);
        });
        return mine;
    }

    private CompletableFuture<Lease> request(Ask ask) {
        try {
            return leases.lease(ask).toCompletableFuture();
        } catch (RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    private <T> CompletableFuture<T> inTime(CompletableFuture<T> answer) {
        return answer.copy().orTimeout(bounds.patience().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void credit(Rate rate, Held held, Lease lease, int asked, int most) {
        held.left = lease.left();
        held.silentUntil = 0;
        if (lease.tokens() <= 0) {
            held.emptyAt = now() + Math.max(1, lease.retryNanos()) - rate.requestNanos() * asked;
            return;
        }
        long now = now();
        long until = now / 1_000_000 + bounds.life().toMillis();
        held.lease.updateAndGet(before -> (until << TOKEN_BITS) | Math.min(most, left(before, now) + lease.tokens()));
    }

    /** What of a lease can be spent at this time. */
    private static long left(long lease, long now) {
        return lease >>> TOKEN_BITS > now / 1_000_000 ? lease & TOKEN_MASK : 0;
    }

    /** More than the burst is taken as the burst, as {@link Limit#take} does. */
    private static int tokens(Rate rate, int cost) {
        return Math.clamp(cost, 0, rate.burst());
    }

    /** How far ahead of its rate a key is that may still use so many tokens. */
    private static long ahead(Rate rate, long free) {
        return rate.requestNanos() * (rate.burst() - Math.min(rate.burst(), free));
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
}
