package io.aerofusion.gateway.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.PolicySpec;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The responses that a policy lets the gateway keep, bounded in bytes (the least used go first), and the one request at a time that fetches each.
 *
 * <p>Of requests for the same thing that is not there, one goes to the upstream and the others wait for it, at most {@value #WAITING_MAX}; what
 * turned out not to be storable is not waited for within the next 10 s. While a stale response is validated by one request,
 * the others get it as it is where {@code stale-while-revalidate} allows that.
 */
public final class ResponseCache {
    /** How many variants ({@code Vary}) of one resource are kept; beyond it the oldest goes. */
    public static final int VARIANTS_MAX = 16;
    /** How many requests wait for one that fetches what they want; more go to the upstream themselves. */
    public static final int WAITING_MAX = 256;

    private static final int PASSED_MAX = 10_000;
    private static final long PASSED_SECONDS = 10;

    private final CacheRules rules;
    private final int objectBytesMax;
    private final Set<String> methods;
    private final InstantSource clock;
    private final Cache<Key, Variants> stored;
    private final Cache<Key, Boolean> passed;
    private final ConcurrentHashMap<Key, Flight> flights = new ConcurrentHashMap<>();
    /** How often responses were purged: what was asked for before a purge is not kept after it. */
    private final AtomicLong purges = new AtomicLong();

    private final Counts counts;

    /**
     * What caches were good for; several may count together.
     *
     * @param hits requests that were answered from a cache
     * @param misses requests that went to the upstream and could have been answered from a cache
     */
    public record Counts(LongAdder hits, LongAdder misses) {
        public Counts() {
            this(new LongAdder(), new LongAdder());
        }
    }

    /** What a response is kept under: the route, and the target as it was sent. */
    public record Key(String route, String host, String target) {}

    private record Variants(List<StoredResponse> all, int weight) {
        Variants(List<StoredResponse> all) {
            this(List.copyOf(all), all.stream().mapToInt(StoredResponse::weight).sum());
        }
    }

    private static final class Flight {
        final CompletableFuture<Void> over = new CompletableFuture<>();
        final java.util.concurrent.atomic.AtomicInteger waiting = new java.util.concurrent.atomic.AtomicInteger();
    }

    /** What the cache says to a request. */
    public sealed interface Lookup {
        /** Send this, with this {@code Age} in seconds; without its body where {@code notModified}. */
        record Hit(StoredResponse response, long ageSeconds, boolean notModified) implements Lookup {}

        /** Ask the upstream, and tell the recording what comes. */
        record Fetch(Recording recording) implements Lookup {}

        /** Look again when the stage has completed; then fetch without waiting again. */
        record Wait(CompletionStage<Void> stage) implements Lookup {}

        /** The client wants no upstream asked ({@code only-if-cached}): 504. */
        record NotHere() implements Lookup {}

        /** The cache has nothing to do with this request. */
        record Past() implements Lookup {}
    }

    /** @param counts what it adds to */
    public ResponseCache(PolicySpec.Cache policy, InstantSource clock, Counts counts) {
        this.counts = counts;
        this.rules = new CacheRules(policy.defaultTtl(), policy.staleWhileRevalidate());
        this.objectBytesMax = policy.maxObjectBytes();
        this.methods = Set.copyOf(policy.methods());
        this.clock = clock;
        this.stored = Caffeine.newBuilder()
                // upkeep where it falls due: waking a thread of a pool every few reads costs more than the upkeep
                .executor(Runnable::run)
                .maximumWeight(policy.maxBytes())
                .weigher((Key key, Variants variants) -> variants.weight()
                        + 2 * (key.target().length() + key.host().length()))
                .build();
        this.passed = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(PASSED_MAX)
                .expireAfterWrite(PASSED_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    private static Key key(RequestView request) {
        return new Key(request.routeName(), request.host(), request.rawTarget());
    }

    /**
     * Looks for an answer.
     *
     * @param known whether the request brought a credential of any kind: what it may see was decided before
     * @param waited whether it has waited already
     */
    public Lookup lookup(RequestView request, boolean known, boolean waited) {
        if (!methods.contains(request.method()) || !CacheRules.concerns(request)) {
            return new Lookup.Past();
        }
        Key key = key(request);
        long now = clock.millis();
        StoredResponse found = find(key, request);
        CacheRules.Use use = found == null ? CacheRules.Use.VALIDATE : rules.use(found, request, now);
        if (found != null
                && (use == CacheRules.Use.FRESH
                        || (use == CacheRules.Use.STALE_WHILE_REVALIDATE && flights.containsKey(key)))) {
            return hit(found, request, now);
        }
        if (Directives.of(request.headers("cache-control")).has("only-if-cached")) {
            return new Lookup.NotHere();
        }
        Flight mine = new Flight();
        // What cannot be kept is not waited for, nor does HEAD bring what GET wants.
        boolean alone = waited || request.method().equals("HEAD") || passed.getIfPresent(key) != null;
        Flight other = alone ? null : flights.putIfAbsent(key, mine);
        if (other != null && found == null && other.waiting.incrementAndGet() <= WAITING_MAX) {
            return new Lookup.Wait(other.over.copy());
        }
        counts.misses().increment();
        return new Lookup.Fetch(new Recording(key, known, found, now, alone || other != null ? null : mine));
    }

    private Lookup hit(StoredResponse found, RequestView request, long now) {
        counts.hits().increment();
        return new Lookup.Hit(found, found.age(now) / 1000, CacheRules.notModified(found, request));
    }

    private @Nullable StoredResponse find(Key key, RequestView request) {
        Variants variants = stored.getIfPresent(key);
        if (variants == null) {
            return null;
        }
        for (StoredResponse response : variants.all()) {
            if (response.matches(request)) {
                return response;
            }
        }
        return null;
    }

    /**
     * Forgets what an unsafe request that succeeded may have changed (RFC 9111, 4.4): what its own route has kept of its target, and of what the
     * response points to on the same host.
     */
    public void changed(RequestView request, int status, Headers response) {
        boolean safe = switch (request.method()) {
            case "GET", "HEAD", "OPTIONS", "TRACE" -> true;
            default -> false;
        };
        if (safe || status < 200 || status >= 400) {
            return;
        }
        stored.invalidate(key(request));
        forgetPointed(request, response.get("location"));
        forgetPointed(request, response.get("content-location"));
    }

    private void forgetPointed(RequestView request, @Nullable String reference) {
        if (reference == null) {
            return;
        }
        try {
            URI uri =
                    URI.create("http://" + request.host() + request.rawTarget()).resolve(reference);
            if (request.host().equalsIgnoreCase(uri.getHost())) {
                String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
                stored.invalidate(new Key(request.routeName(), request.host(), uri.getRawPath() + query));
            }
        } catch (IllegalArgumentException unreadable) {
            // It points nowhere: there is nothing to forget.
        }
    }

    /**
     * Forgets responses, and does not keep those that are under way: they may be as old. Looks at all keys, so not for event loops.
     *
     * @return how many responses
     */
    public int purge(Purge which) {
        purges.incrementAndGet();
        int purged = 0;
        for (Map.Entry<Key, Variants> entry : stored.asMap().entrySet()) {
            List<StoredResponse> all = entry.getValue().all();
            if (which.concerns(entry.getKey(), all)) {
                stored.invalidate(entry.getKey());
                purged += all.size();
            }
        }
        return purged;
    }

    /** How old a stored response is now, in seconds. */
    long ageSeconds(StoredResponse response) {
        return response.age(clock.millis()) / 1000;
    }

    /** How many bytes are kept, about. */
    public long bytes() {
        stored.cleanUp();
        return stored.policy()
                .eviction()
                .map(eviction -> eviction.weightedSize().orElse(0))
                .orElse(0L);
    }

    /**
     * The upstream's response to one request, on its way into the cache. Belongs to one event loop; ends with {@link #end}, {@link #abort}, or
     * an answer other than {@link Then#KEEP}.
     */
    public final class Recording {
        /** What to do with a response. */
        public enum Then {
            /** Pass it on, and hand its content to {@link Recording#content}. */
            KEEP,
            /** Pass it on. */
            PASS,
            /** Send {@link Recording#stored} instead. */
            SEND_STORED
        }

        private final Key key;
        private final boolean known;
        private final long requestedAt;
        private final long purgesBefore = purges.get();
        private final @Nullable Flight flight;
        private @Nullable StoredResponse stale;
        private @Nullable StoredResponse open;
        private final java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream(0);

        private Recording(Key key, boolean known, @Nullable StoredResponse stale, long now, @Nullable Flight flight) {
            this.key = key;
            this.known = known;
            this.stale = stale;
            this.requestedAt = now;
            this.flight = flight;
        }

        /** The field that asks the upstream whether the stored response still holds: name and value; null when there is none to ask about. */
        public @Nullable String validator() {
            return stale == null || stale.status() != 200
                    ? null
                    : stale.fields().get("etag");
        }

        /** {@code Last-Modified} of the stored response, to ask with {@code If-Modified-Since}; null when there is none. */
        public @Nullable String modified() {
            return stale == null || stale.status() != 200
                    ? null
                    : stale.fields().get("last-modified");
        }

        /**
         * The head of the upstream's response is here.
         *
         * @param request as it was looked up with
         */
        public Then head(RequestView request, int status, Headers response) {
            long now = clock.millis();
            StoredResponse before = stale;
            boolean asked = validator() != null || modified() != null;
            if (status == 304 && before != null && asked) {
                StoredResponse refreshed = rules.refreshed(before, response, requestedAt, now);
                keep(refreshed);
                stale = refreshed;
                over();
                return Then.SEND_STORED;
            }
            if (status >= 500 && before != null && rules.standsInForAnError(before, request, now)) {
                over();
                return Then.SEND_STORED;
            }
            if (!rules.storable(request, known, status, response)) {
                if (status != 304) {
                    passed.put(key, true);
                }
                over();
                return Then.PASS;
            }
            Headers fields = new Headers(512);
            fields.addAll(response);
            fields.remove("age");
            open = new StoredResponse(
                    status,
                    fields,
                    new byte[0],
                    java.util.Objects.requireNonNullElse(StoredResponse.vary(response, request), java.util.Map.of()),
                    CacheRules.initialAge(response, requestedAt, now),
                    now,
                    rules.lifetime(status, response, now));
            return Then.KEEP;
        }

        /**
         * The upstream could not be asked.
         *
         * @return whether {@link #stored} may be sent instead
         */
        public boolean failed(RequestView request) {
            over();
            return stale != null && rules.standsInForAnError(stale, request, clock.millis());
        }

        /** A piece of the content; false when it is too large to be kept and no more is wanted. */
        public boolean content(byte[] piece) {
            if (open == null) {
                return false;
            }
            if (body.size() + piece.length > objectBytesMax) {
                passed.put(key, true);
                abort();
                return false;
            }
            body.writeBytes(piece);
            return true;
        }

        /** The content is complete. */
        public void end() {
            StoredResponse head = open;
            if (head != null) {
                open = null;
                keep(new StoredResponse(
                        head.status(),
                        head.fields(),
                        body.toByteArray(),
                        head.vary(),
                        head.initialAge(),
                        head.receivedAt(),
                        head.lifetime()));
            }
            over();
        }

        /** The response broke off, or nobody wants it any more: nothing is kept of it. */
        public void abort() {
            open = null;
            over();
        }

        /** What to send instead of the upstream's response. */
        public StoredResponse stored() {
            if (stale == null) {
                throw new IllegalStateException("nothing is stored");
            }
            return stale;
        }

        private void keep(StoredResponse response) {
            stored.asMap().compute(key, (ignored, before) -> {
                List<StoredResponse> all = new ArrayList<>();
                all.add(response);
                if (before != null) {
                    for (StoredResponse other : before.all()) {
                        if (all.size() < VARIANTS_MAX && !other.vary().equals(response.vary())) {
                            all.add(other);
                        }
                    }
                }
                return new Variants(all);
            });
            if (purges.get() != purgesBefore) {
                stored.invalidate(key);
            }
        }

        private void over() {
            if (flight != null && flights.remove(key, flight)) {
                flight.over.complete(null);
            }
        }
    }
}
