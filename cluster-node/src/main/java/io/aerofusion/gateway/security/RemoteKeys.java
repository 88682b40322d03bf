package io.aerofusion.gateway.security;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys behind an address: fetched when first needed, refreshed in the background while they are used, at most one question at a time
 * and none within {@link JwtSettings#REFRESH_PAUSE} of the last. When the issuer does not answer, or answers with something else, the last
 * good keys count until {@link JwtSettings#STALE_MAX} has passed.
 */
final class RemoteKeys implements KeySource {
    private final @Nullable URI address;
    private final String issuer;
    private final long freshNanos;
    private final Fetch fetch;
    private final LongSupplier ticker;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable CompletableFuture<@Nullable KeySet>> flight = new AtomicReference<>();
    private volatile @Nullable Loaded loaded;
    /** When the issuer was asked last, in nanoseconds; null before the first time. */
    private volatile @Nullable Long asked;

    private record Loaded(KeySet keys, long at) {}

    /** @param address of the JWKS document; null: the OpenID configuration of the issuer names it */
    RemoteKeys(@Nullable URI address, String issuer, Duration fresh, Fetch fetch, LongSupplier ticker) {
        this.address = address;
        this.issuer = issuer;
        this.freshNanos = fresh.toNanos();
        this.fetch = fetch;
        this.ticker = ticker;
    }

    @Override
    public @Nullable KeySet current() {
        Loaded last = loaded;
        if (last == null) {
            return null;
        }
        long age = ticker.getAsLong() - last.at();
        if (age > freshNanos && mayRefresh()) {
            refresh();
        }
        return age > JwtSettings.STALE_MAX.toNanos() ? null : last.keys();
    }

    @Override
    public boolean mayRefresh() {
        Long last = asked;
        return flight.get() != null || last == null || ticker.getAsLong() - last >= JwtSettings.REFRESH_PAUSE.toNanos();
    }

    @Override
    public CompletionStage<@Nullable KeySet> refresh() {
        CompletableFuture<@Nullable KeySet> mine = new CompletableFuture<>();
        CompletableFuture<@Nullable KeySet> other = flight.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        if (!mayAskAgain()) {
            flight.set(null);
            mine.complete(usable());
            return mine;
        }
        asked = ticker.getAsLong();
        fetchKeys().whenComplete((keys, failure) -> {
            if (keys != null) {
                take(keys);
            }
            flight.set(null);
            mine.complete(usable());
        });
        return mine;
    }

    private boolean mayAskAgain() {
        Long last = asked;
        return last == null || ticker.getAsLong() - last >= JwtSettings.REFRESH_PAUSE.toNanos();
    }

    private void take(KeySet keys) {
        Loaded last = loaded;
        loaded = new Loaded(last == null ? keys : keys.replacing(last.keys()), ticker.getAsLong());
        if (last != null) {
            listeners.forEach(Runnable::run);
        }
    }

    private @Nullable KeySet usable() {
        Loaded last = loaded;
        return last == null || ticker.getAsLong() - last.at() > JwtSettings.STALE_MAX.toNanos() ? null : last.keys();
    }

    private CompletionStage<@Nullable KeySet> fetchKeys() {
        CompletionStage<URI> where = address != null ? CompletableFuture.completedStage(address) : discover();
        return where.thenCompose(this::get).thenApply(body -> KeySet.parse(body).orElse(null));
    }

    private CompletionStage<URI> discover() {
        String base = issuer.endsWith("/") ? issuer : issuer + "/";
        return get(URI.create(base + ".well-known/openid-configuration")).thenApply(body -> {
            Map<String, @Nullable Object> document = StrictJson.object(body.getBytes(StandardCharsets.UTF_8));
            // Whoever answers for another issuer could hand out keys for this one (OpenID Connect Discovery 1.0, 4.3).
            if (document == null || !issuer.equals(document.get("issuer"))) {
                throw new IllegalStateException("not the OpenID configuration of this issuer");
            }
            if (!(document.get("jwks_uri") instanceof String text)) {
                throw new IllegalStateException("an OpenID configuration without jwks_uri");
            }
            URI uri = URI.create(text);
            JwtSettings.requireSafe(uri);
            return uri;
        });
    }

    private CompletionStage<String> get(URI uri) {
        CompletionStage<Fetch.Response> answer;
        try {
            answer = fetch.send(uri, Map.of("accept", "application/json"), null);
        } catch (RuntimeException failed) {
            answer = CompletableFuture.failedFuture(failed);
        }
        return answer.thenApply(response -> {
            if (response.status() != 200) {
                throw new IllegalStateException("answered " + response.status());
            }
            return new String(response.body(), StandardCharsets.UTF_8);
        });
    }

    @Override
    public void onRetired(Runnable listener) {
        listeners.add(listener);
    }
}
