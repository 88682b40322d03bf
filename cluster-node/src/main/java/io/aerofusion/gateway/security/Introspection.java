package io.aerofusion.gateway.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the issuer about tokens (RFC 7662) and remembers what it said: an active one as long as the settings say and never longer than it lives,
 * an inactive one for {@link #INACTIVE}. One question per token at a time, {@value #ASKED_MAX} together; after {@value #FAILURES_MAX}
 * failures in a row none for {@link #PAUSE}, then one to try.
 */
final class Introspection {
    /** The longest token that is asked about, in characters. */
    static final int TOKEN_LENGTH_MAX = 4096;

    static final int REMEMBERED_MAX = 20_000;
    static final int ASKED_MAX = 256;
    static final int FAILURES_MAX = 5;
    static final Duration PAUSE = Duration.ofSeconds(10);
    static final Duration INACTIVE = Duration.ofSeconds(10);
    /** How long a failure answers for a token, so that those who waited for it are not the next to ask. */
    static final Duration FAILED = Duration.ofSeconds(1);
    /** How long an active token is believed unless the settings say otherwise. */
    static final Duration ACTIVE = Duration.ofSeconds(30);

    /** Whom to ask, and how. */
    record Settings(URI uri, String clientId, String clientSecret, Duration active) {
        Settings {
            JwtSettings.requireSafe(uri);
        }

        @Override
        public String toString() {
            return "Introspection[" + uri + "]";
        }
    }

    private final Settings settings;
    private final Fetch fetch;
    private final InstantSource clock;
    private final LongSupplier ticker;
    private final RevokedTokens.Current revoked;
    private final String authorization;
    private final Cache<TokenKey, Known> remembered;
    private final ConcurrentHashMap<TokenKey, CompletableFuture<Void>> asked = new ConcurrentHashMap<>();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile long pausedUntil;

    /** What is known of a token. */
    sealed interface Known {
        /** It counts. */
        record Active(VerifiedToken token) implements Known {}

        /** It does not. */
        record Inactive() implements Known {}

        /** Nobody could say a moment ago. */
        record Failed() implements Known {}
    }

    Introspection(
            Settings settings, Fetch fetch, InstantSource clock, LongSupplier ticker, RevokedTokens.Current revoked) {
        this.settings = settings;
        this.fetch = fetch;
        this.clock = clock;
        this.ticker = ticker;
        this.revoked = revoked;
        this.pausedUntil = ticker.getAsLong();
        this.authorization = "Basic "
                + Base64.getEncoder()
                        .encodeToString((encode(settings.clientId()) + ":" + encode(settings.clientSecret()))
                                .getBytes(StandardCharsets.UTF_8));
        this.remembered = Caffeine.newBuilder()
                .executor(Runnable::run) // see JwtVerifier
                .maximumSize(REMEMBERED_MAX)
                .ticker(ticker::getAsLong)
                .expireAfter(Expiry.creating((TokenKey token, Known known) -> life(known)))
                .build();
    }

    private Duration life(Known known) {
        return switch (known) {
            case Known.Active active -> {
                long left = Math.max(1, active.token().expiresAt() - clock.millis());
                yield Duration.ofMillis(Math.min(left, settings.active().toMillis()));
            }
            case Known.Inactive inactive -> INACTIVE;
            case Known.Failed failed -> FAILED;
        };
    }

    /** What is known of a token now; null when {@link #ask} has to be used. What was revoked here is inactive, whatever the issuer says. */
    @Nullable Known known(TokenKey token) {
        Known known = remembered.getIfPresent(token);
        if (known instanceof Known.Active active) {
            long now = clock.millis();
            if (active.token().expiresAt() <= now || revoked.get().covers(active.token(), now)) {
                return new Known.Inactive();
            }
        }
        return known;
    }

    /** Asks about a token; completes when it is known, or null when nobody is asked now: paused, or too many questions. */
    @Nullable CompletionStage<Void> ask(TokenKey key, String token) {
        if (failures.get() >= FAILURES_MAX && ticker.getAsLong() - pausedUntil < 0) {
            return null;
        }
        if (asked.size() >= ASKED_MAX) {
            return null;
        }
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> other = asked.putIfAbsent(key, mine);
        if (other != null) {
            return other.copy();
        }
        if (failures.get() >= FAILURES_MAX) {
            // This one tries; the others wait for another pause.
            pausedUntil = ticker.getAsLong() + PAUSE.toNanos();
        }
        CompletionStage<Fetch.Response> answer;
        try {
            answer = fetch.send(
                    settings.uri(),
                    Map.of("authorization", authorization, "accept", "application/json"),
                    "token=" + encode(token) + "&token_type_hint=access_token");
        } catch (RuntimeException failed) {
            answer = CompletableFuture.failedFuture(failed);
        }
        answer.whenComplete((response, failure) -> {
            remembered.put(key, response == null ? failed() : read(response));
            asked.remove(key);
            mine.complete(null);
        });
        return mine.copy();
    }

    private Known failed() {
        if (failures.incrementAndGet() >= FAILURES_MAX) {
            pausedUntil = ticker.getAsLong() + PAUSE.toNanos();
        }
        return new Known.Failed();
    }

    private Known read(Fetch.Response response) {
        Map<String, @Nullable Object> claims = response.status() == 200 ? StrictJson.object(response.body()) : null;
        if (claims == null || !(claims.get("active") instanceof Boolean active)) {
            return failed();
        }
        failures.set(0);
        if (!active) {
            return new Known.Inactive();
        }
        long now = clock.millis();
        long expiresAt = Long.MAX_VALUE;
        if (claims.get("exp") instanceof Number exp) {
            expiresAt = (long) (exp.doubleValue() * 1000);
        }
        boolean early = claims.get("nbf") instanceof Number nbf && nbf.doubleValue() * 1000 > now;
        if (expiresAt <= now || early) {
            return new Known.Inactive();
        }
        return new Known.Active(new VerifiedToken(
                claims.get("iss") instanceof String issuer ? issuer : "",
                claims.get("sub") instanceof String subject
                        ? subject
                        : claims.get("client_id") instanceof String client ? client : "",
                claims.get("jti") instanceof String id ? id : null,
                VerifiedToken.words(claims, List.of("roles", "realm_access.roles")),
                VerifiedToken.words(claims, List.of("scope")),
                claims,
                expiresAt));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
