package io.aerofusion.gateway.security;

import io.aerofusion.gateway.cache.Purge;
import io.aerofusion.gateway.cache.ResponseCache;
import io.aerofusion.gateway.limit.LimitLeases;
import io.aerofusion.gateway.limit.Limits;
import io.aerofusion.route.PolicySpec;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * What guards remember across generations: verified tokens and fetched keys by the settings of their issuers, answers about tokens, checked
 * passwords, and what limits have counted. One per gateway; {@link #retain} drops what the current generation no longer uses.
 */
public final class GuardState implements AutoCloseable {
    private final Fetch fetch;
    private final InstantSource clock;
    private final LongSupplier ticker;
    private final Limits limits;
    private final Passwords passwords;
    private final RevokedTokens.Current revoked = new RevokedTokens.Current();
    private final ResponseCache.Counts cached = new ResponseCache.Counts();
    private final Map<CacheOf, ResponseCache> caches = new ConcurrentHashMap<>();
    private final Map<JwtSettings, JwtVerifier> verifiers = new ConcurrentHashMap<>();
    private final Map<Introspection.Settings, Introspection> introspections = new ConcurrentHashMap<>();

    private record CacheOf(String policy, PolicySpec.Cache settings) {}

    /**
     * @param fetch how issuers are asked; closed by whoever made it
     * @param ticker nanoseconds, monotonic
     * @param nodes how many nodes share cluster-wide limits
     * @param leases how the owners of cluster-wide limits are asked
     */
    public GuardState(Fetch fetch, InstantSource clock, LongSupplier ticker, IntSupplier nodes, LimitLeases leases) {
        this.fetch = fetch;
        this.clock = clock;
        this.ticker = ticker;
        this.limits = new Limits(Limits.KEYS_MAX, ticker, nodes, leases);
        this.passwords = new Passwords(ticker);
    }

    JwtVerifier verifier(JwtSettings settings) {
        return verifiers.computeIfAbsent(settings, wanted -> JwtVerifier.of(wanted, fetch, clock, ticker, revoked));
    }

    Introspection introspection(Introspection.Settings settings) {
        return introspections.computeIfAbsent(
                settings, wanted -> new Introspection(wanted, fetch, clock, ticker, revoked));
    }

    Passwords passwords() {
        return passwords;
    }

    InstantSource clock() {
        return clock;
    }

    /** What limits have counted, by their identity. */
    public Limits limits() {
        return limits;
    }

    /** What the caches of all generations were good for since the start. */
    public ResponseCache.Counts cached() {
        return cached;
    }

    /** The revocations that count here, whoever issued the tokens. */
    public RevokedTokens.Current revoked() {
        return revoked;
    }

    /** The responses that a policy keeps. Other settings begin with an empty cache. */
    ResponseCache cache(String policy, PolicySpec.Cache settings) {
        return caches.computeIfAbsent(new CacheOf(policy, settings), key -> new ResponseCache(settings, clock, cached));
    }

    /**
     * Forgets responses that were kept. Looks at all, so not for event loops.
     *
     * @return how many
     */
    public int purge(Purge which) {
        return caches.values().stream().mapToInt(cache -> cache.purge(which)).sum();
    }

    void retain(
            Set<JwtSettings> jwt, Set<Introspection.Settings> asked, Set<String> counted, Set<ResponseCache> keeping) {
        caches.values().retainAll(keeping);
        verifiers.keySet().retainAll(jwt);
        introspections.keySet().retainAll(asked);
        limits.retain(counted);
    }

    @Override
    public void close() {
        passwords.close();
    }
}
