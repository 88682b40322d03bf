package io.aerofusion.gateway.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Verifies signed tokens of one issuer (RFC 7519, with the advice of RFC 8725) and remembers those it verified.
 *
 * <p>Any thread may ask; nothing blocks. A token seen before costs a hash and a look-up. A new one costs a signature check on
 * the caller's thread (about 30 us) unless the issuer's keys have to be fetched first; then the answer is {@link Pending}, one for all who
 * bring the same token. What is remembered is bounded in bytes, never longer than the token lives or {@link JwtSettings#CACHED_MAX}, and
 * forgotten when its key is taken back. Revocations count from the next request on.
 */
public final class JwtVerifier {
    private static final long SECONDS_MAX = 1L << 40;

    private final JwtSettings settings;
    private final KeySource keys;
    private final InstantSource clock;
    private final Cache<TokenKey, Entry> verified;
    private final RevokedTokens.Current revoked;
    private final ConcurrentHashMap<TokenKey, CompletableFuture<Outcome>> pending = new ConcurrentHashMap<>();

    /** What became of a token. */
    public sealed interface Outcome {}

    /** It is what it says; the same object as long as the token is remembered. */
    public static final class Verified implements Outcome {
        private final VerifiedToken token;
        /** The revocations that it was held against last. */
        private volatile RevokedTokens cleared;
        /** What {@link JwtMethod} made of it, so that it makes it once per generation. */
        volatile @Nullable Object identified;

        Verified(VerifiedToken token, RevokedTokens cleared) {
            this.token = token;
            this.cleared = cleared;
        }

        public VerifiedToken token() {
            return token;
        }
    }

    /** It is not accepted. */
    public record Invalid(Refusal refusal) implements Outcome {}

    /** Nobody can say: the issuer's keys cannot be had. */
    public record Unavailable() implements Outcome {}

    /** The keys are being fetched; completes with one of the others, never exceptionally, within the bounds of {@link HttpFetch}. */
    public record Pending(CompletionStage<Outcome> outcome) implements Outcome {}

    private record Entry(VerifiedToken token, Verified outcome, VerificationKey key, int weight) {}

    JwtVerifier(
            JwtSettings settings,
            KeySource keys,
            InstantSource clock,
            LongSupplier ticker,
            RevokedTokens.Current revoked) {
        this.settings = settings;
        this.keys = keys;
        this.clock = clock;
        this.verified = Caffeine.newBuilder()
                // upkeep where it falls due: waking a thread of a pool every few reads costs more than the upkeep
                .executor(Runnable::run)
                .maximumWeight(JwtSettings.CACHE_BYTES_MAX)
                .weigher((TokenKey key, Entry entry) -> entry.weight())
                .ticker(ticker::getAsLong)
                .expireAfter(Expiry.creating((TokenKey key, Entry entry) -> lifeOf(entry)))
                .build();
        this.revoked = revoked;
        keys.onRetired(
                () -> verified.asMap().values().removeIf(entry -> entry.key().retired()));
    }

    /**
     * A verifier with its own keys and memory.
     *
     * @param fetch used for keys that are not in the settings
     * @param ticker nanoseconds, monotonic
     * @param revoked looked at whenever a token is used
     * @throws IllegalArgumentException when the settings hold keys of which none serves
     */
    public static JwtVerifier of(
            JwtSettings settings,
            Fetch fetch,
            InstantSource clock,
            LongSupplier ticker,
            RevokedTokens.Current revoked) {
        KeySource keys = switch (settings.keys()) {
            case JwtSettings.Keys.Local local ->
                new KeySource.Fixed(KeySet.parse(local.jwks())
                        .orElseThrow(() -> new IllegalArgumentException("no key of the JWKS can verify tokens")));
            case JwtSettings.Keys.Remote remote ->
                new RemoteKeys(remote.uri(), settings.issuer(), remote.fresh(), fetch, ticker);
            case JwtSettings.Keys.Discovered found ->
                new RemoteKeys(null, settings.issuer(), found.fresh(), fetch, ticker);
        };
        return new JwtVerifier(settings, keys, clock, ticker, revoked);
    }

    /** The issuer whose tokens these are. */
    public String issuer() {
        return settings.issuer();
    }

    /** The issuer that a token claims to be of, unverified: to choose a verifier by; empty when it is no token. */
    public static Optional<String> claimedIssuer(String token) {
        if (token.length() > JwtSettings.TOKEN_LENGTH_MAX || !Jws.looksLikeOne(token)) {
            return Optional.empty();
        }
        return switch (Jws.parse(token)) {
            case Jws.Parsed.Token parsed ->
                parsed.jws().claims().get("iss") instanceof String issuer ? Optional.of(issuer) : Optional.empty();
            case Jws.Parsed.Refused ignored -> Optional.empty();
        };
    }

    /** What is remembered of this token: the hot path; null when it has to be checked. */
    public @Nullable Verified remembered(String token) {
        if (token.length() > JwtSettings.TOKEN_LENGTH_MAX) {
            return null;
        }
        return remembered(TokenKey.of(token));
    }

    private @Nullable Verified remembered(TokenKey key) {
        Entry entry = verified.getIfPresent(key);
        if (entry == null) {
            return null;
        }
        if (entry.key().retired() || entry.token().expiresAt() <= clock.millis()) {
            verified.invalidate(key);
            return null;
        }
        RevokedTokens now = revoked.get();
        if (entry.outcome().cleared != now) {
            if (now.covers(entry.token(), clock.millis())) {
                verified.invalidate(key);
                return null;
            }
            entry.outcome().cleared = now;
        }
        return entry.outcome();
    }

    /** Verifies a token. Never throws: it comes from outside. */
    public Outcome verify(String token) {
        if (token.length() > JwtSettings.TOKEN_LENGTH_MAX) {
            return new Invalid(Refusal.TOO_LARGE);
        }
        TokenKey key = TokenKey.of(token);
        Verified known = remembered(key);
        if (known != null) {
            return known;
        }
        return switch (Jws.parse(token)) {
            case Jws.Parsed.Refused refused -> new Invalid(refused.refusal());
            case Jws.Parsed.Token parsed -> verify(key, parsed.jws(), token.length());
        };
    }

    private Outcome verify(TokenKey token, Jws jws, int length) {
        Refusal wrong = beforeTheSignature(jws);
        if (wrong != null) {
            return new Invalid(wrong);
        }
        KeySet now = keys.current();
        if (now != null && (!isOfUnknownKey(jws, now) || !keys.mayRefresh())) {
            return withKeys(token, jws, length, now);
        }
        if (now == null && !keys.mayRefresh()) {
            return new Unavailable();
        }
        return pending(token, jws, length);
    }

    private static boolean isOfUnknownKey(Jws jws, KeySet keys) {
        return jws.keyId() == null ? keys.candidates(null, jws.algorithm()).isEmpty() : !keys.names(jws.keyId());
    }

    /** Waits for the keys, once per token. */
    private Outcome pending(TokenKey token, Jws jws, int length) {
        CompletableFuture<Outcome> mine = new CompletableFuture<>();
        if (pending.size() >= JwtSettings.WAITING_MAX) {
            return new Unavailable();
        }
        CompletableFuture<Outcome> other = pending.putIfAbsent(token, mine);
        if (other != null) {
            return new Pending(other.copy());
        }
        keys.refresh().whenComplete((found, failure) -> {
            Outcome outcome = found == null ? new Unavailable() : withKeys(token, jws, length, found);
            pending.remove(token);
            mine.complete(outcome);
        });
        return new Pending(mine.copy());
    }

    private Outcome withKeys(TokenKey token, Jws jws, int length, KeySet now) {
        List<VerificationKey> candidates = now.candidates(jws.keyId(), jws.algorithm());
        if (candidates.isEmpty()) {
            return new Invalid(Refusal.UNKNOWN_KEY);
        }
        for (VerificationKey key : candidates) {
            if (key.verifies(jws.algorithm(), jws.signed(), jws.signature())) {
                return signed(token, jws, length, key);
            }
        }
        return new Invalid(Refusal.SIGNATURE);
    }

    private Outcome signed(TokenKey token, Jws jws, int length, VerificationKey key) {
        Map<String, @Nullable Object> claims = jws.claims();
        long skew = settings.clockSkew().toMillis();
        long now = clock.millis();
        if (!(claims.get("exp") instanceof Number expiry)
                || !isTime(claims.get("exp"))
                || !isTimeOrAbsent(claims, "nbf")
                || !isTimeOrAbsent(claims, "iat")
                || !isTextOrAbsent(claims, "sub")
                || !isTextOrAbsent(claims, "jti")) {
            return new Invalid(Refusal.CLAIMS);
        }
        long expiresAt = millis(expiry) + skew;
        if (now >= expiresAt) {
            return new Invalid(Refusal.EXPIRED);
        }
        if (isAfter(claims.get("nbf"), now + skew) || isAfter(claims.get("iat"), now + skew)) {
            return new Invalid(Refusal.NOT_YET_VALID);
        }
        String subject = claims.get("sub") instanceof String text ? text : "";
        VerifiedToken good = new VerifiedToken(
                settings.issuer(),
                subject,
                (String) claims.get("jti"),
                VerifiedToken.words(claims, settings.rolesClaims()),
                VerifiedToken.words(claims, settings.scopesClaims()),
                claims,
                expiresAt);
        RevokedTokens cleared = revoked.get();
        if (cleared.covers(good, now)) {
            return new Invalid(Refusal.REVOKED);
        }
        Verified outcome = new Verified(good, cleared);
        verified.put(token, new Entry(good, outcome, key, 512 + 6 * length));
        // Taken back between the look and the put: nobody else would forget it.
        if (key.retired()) {
            verified.invalidate(token);
            return new Invalid(Refusal.UNKNOWN_KEY);
        }
        return outcome;
    }

    /** What can be refused without a signature check, so that tokens for others cost none. */
    private @Nullable Refusal beforeTheSignature(Jws jws) {
        if (!settings.algorithms().contains(jws.algorithm())) {
            return Refusal.ALGORITHM;
        }
        String type = jws.type();
        if (type != null) {
            String lower = type.toLowerCase(Locale.ROOT);
            if (!settings.types().contains(lower.startsWith("application/") ? lower.substring(12) : lower)) {
                return Refusal.TYPE;
            }
        }
        if (!settings.issuer().equals(jws.claims().get("iss"))) {
            return Refusal.ISSUER;
        }
        return settings.audiences().isEmpty() || isForUs(jws.claims().get("aud")) ? null : Refusal.AUDIENCE;
    }

    private boolean isForUs(@Nullable Object audience) {
        return audience instanceof List<?> several
                ? several.stream()
                        .anyMatch(one ->
                                one instanceof String && settings.audiences().contains(one))
                : audience instanceof String && settings.audiences().contains(audience);
    }

    private static boolean isTime(@Nullable Object value) {
        return value instanceof Number number && Math.abs(number.doubleValue()) < SECONDS_MAX;
    }

    private static boolean isTimeOrAbsent(Map<String, @Nullable Object> claims, String name) {
        return !claims.containsKey(name) || isTime(claims.get(name));
    }

    private static boolean isTextOrAbsent(Map<String, @Nullable Object> claims, String name) {
        return !claims.containsKey(name) || claims.get(name) instanceof String;
    }

    private static boolean isAfter(@Nullable Object time, long millis) {
        return time instanceof Number number && millis(number) > millis;
    }

    private static long millis(Number seconds) {
        return (long) (seconds.doubleValue() * 1000);
    }

    private Duration lifeOf(Entry entry) {
        long left = Math.max(1, entry.token().expiresAt() - clock.millis());
        return Duration.ofMillis(Math.min(left, JwtSettings.CACHED_MAX.toMillis()));
    }

    /** How many verified tokens are remembered, about. */
    public long rememberedCount() {
        verified.cleanUp();
        return verified.estimatedSize();
    }
}
