package io.aerofusion.platform.security;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Authenticates {@link BearerToken}s by asking the entity that the token names, and remembers the answers for a few seconds.
 *
 * <p>What is no token of ours is refused without a lookup. Concurrent requests with one token share a lookup. A revocation calls
 * {@link #forget}, which drops answers <em>and</em> lookups under way on this node; other nodes are told a moment later, and
 * should the message get lost, their answer expires ({@link #ACCEPTED_FOR}).
 */
public final class TokenAuthenticator implements Authenticator {
    /** How long a good answer is trusted: the longest time a revoked token lives on on a node that heard nothing of it. */
    public static final Duration ACCEPTED_FOR = Duration.ofSeconds(5);
    /** How long a refusal is remembered, so that a client with a dead token does not wake its entity on every try. */
    public static final Duration REFUSED_FOR = Duration.ofSeconds(10);
    /** Answers kept; beyond it the least useful ones are asked for again. */
    public static final int CACHED_MAX = 50_000;
    /** Lookups at once; beyond it the caller gets {@code unavailable}: guessed tokens must not start entities without bound. */
    public static final int LOOKUPS_MAX = 2_048;

    private final Map<BearerToken.Kind, Lookup> lookups = new ConcurrentHashMap<>();
    private final AsyncCache<Key, Optional<Principal>> known;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Asks the entity that a token names; empty when it does not accept the token. */
    @FunctionalInterface
    public interface Lookup {
        CompletionStage<Optional<Principal>> ask(String tenant, String id, String tokenHash);
    }

    private record Key(BearerToken.Identity identity, String hash) {}

    /** Keeps refusals and acceptances for different times. */
    private static final class Lifetimes implements Expiry<Key, Optional<Principal>> {
        @Override
        public long expireAfterCreate(Key key, Optional<Principal> answer, long now) {
            return (answer.isPresent() ? ACCEPTED_FOR : REFUSED_FOR).toNanos();
        }

        @Override
        public long expireAfterUpdate(Key key, Optional<Principal> answer, long now, long left) {
            return expireAfterCreate(key, answer, now);
        }

        @Override
        public long expireAfterRead(Key key, Optional<Principal> answer, long now, long left) {
            return left;
        }
    }

    /** Refuses every token until somebody {@link #answers} for its kind. */
    public TokenAuthenticator(Ticker ticker) {
        this.known = Caffeine.newBuilder()
                .maximumSize(CACHED_MAX)
                .expireAfter(new Lifetimes())
                .ticker(ticker)
                .buildAsync();
    }

    public TokenAuthenticator() {
        this(Ticker.systemTicker());
    }

    /** From now on this lookup answers for the tokens of that kind. */
    public void answers(BearerToken.Kind kind, Lookup lookup) {
        lookups.put(kind, lookup);
    }

    @Override
    public CompletionStage<Outcome> authenticate(String text) {
        Optional<BearerToken> token = BearerToken.parse(text);
        if (token.isEmpty()) {
            return CompletableFuture.completedFuture(UNKNOWN);
        }
        // The cache holds hashes: a heap dump gives no token away.
        Key key = new Key(token.get().identity(), token.get().hash());
        return known.get(key, (missing, executor) -> lookUp(missing))
                .thenApply(principal -> principal.<Outcome>map(Accepted::new).orElse(UNKNOWN));
    }

    private CompletableFuture<Optional<Principal>> lookUp(Key key) {
        BearerToken.Identity identity = key.identity();
        Lookup lookup = lookups.get(identity.kind());
        if (lookup == null) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        if (underWay.incrementAndGet() > LOOKUPS_MAX) {
            underWay.decrementAndGet();
            return CompletableFuture.failedFuture(
                    new ProblemException(ErrorCode.UNAVAILABLE, "Too many tokens are being checked at once."));
        }
        // A failed lookup is not cached: the cache drops futures that failed.
        return lookup.ask(identity.tenant(), identity.id(), key.hash())
                .whenComplete((answer, failure) -> underWay.decrementAndGet())
                .toCompletableFuture();
    }

    /** Drops what is known of all tokens of a device or user: something about it changed. */
    public void forget(BearerToken.Identity identity) {
        known.asMap().keySet().removeIf(key -> key.identity().equals(identity));
    }
}
