package io.aerofusion.gateway.cache;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * RFC 9111 for a shared cache, as functions of messages and time.
 *
 * <p>Stricter than the RFC in three points: responses with {@code Set-Cookie} are not kept, nor are those that were made for somebody whom the
 * gateway knows (whatever the credential was) unless they say that they may be; and requests for ranges go past the cache.
 */
public final class CacheRules {
    /** The statuses that may be kept without saying for how long (RFC 9110, 15.1), but for partial content, which is never kept. */
    private static final Set<Integer> HEURISTIC = Set.of(200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501);
    /** The statuses whose rules are known: the only ones that are kept. */
    private static final Set<Integer> UNDERSTOOD = Set.of(
            200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 421, 451, 500, 501, 502,
            503, 504);

    private static final long HEURISTIC_MAX = Duration.ofDays(1).toMillis();

    /** What a stored response is good for. */
    public enum Use {
        /** It answers the request. */
        FRESH,
        /** It answers the request while somebody asks whether it still holds. */
        STALE_WHILE_REVALIDATE,
        /** The upstream has to be asked whether it still holds. */
        VALIDATE
    }

    private final @Nullable Duration defaultLifetime;
    private final @Nullable Duration staleWhileRevalidate;

    /**
     * @param defaultLifetime how long responses are fresh that do not say it; null: a tenth of the time since they changed last
     * @param staleWhileRevalidate how long stale ones may be used while they are validated, where responses do not say it
     */
    public CacheRules(@Nullable Duration defaultLifetime, @Nullable Duration staleWhileRevalidate) {
        this.defaultLifetime = defaultLifetime;
        this.staleWhileRevalidate = staleWhileRevalidate;
    }

    /** Whether a request may be answered from the cache and its response kept, as far as the request is concerned. */
    public static boolean concerns(RequestView request) {
        return (request.method().equals("GET") || request.method().equals("HEAD")) && request.header("range") == null;
    }

    /**
     * Whether a response may be kept (RFC 9111, 3).
     *
     * @param known whether the request brought a credential of any kind
     */
    public boolean storable(RequestView request, boolean known, int status, Headers response) {
        Directives asked = Directives.of(request.headers("cache-control"));
        Directives said = Directives.of(response.all("cache-control"));
        if (!request.method().equals("GET")
                || !UNDERSTOOD.contains(status)
                || asked.has("no-store")
                || (said.has("no-store") && !said.has("must-understand"))
                || said.has("private")
                || response.contains("set-cookie")
                || response.contains("content-range")
                || StoredResponse.vary(response, request) == null) {
            return false;
        }
        boolean identified = known || request.header("authorization") != null;
        if (identified && !said.has("public") && !said.has("s-maxage") && !said.has("must-revalidate")) {
            return false;
        }
        return said.has("public")
                || said.has("s-maxage")
                || said.has("max-age")
                || response.contains("expires")
                || HEURISTIC.contains(status);
    }

    /** How long a response is fresh, in milliseconds (RFC 9111, 4.2.1 and 4.2.2). */
    public long lifetime(int status, Headers response, long receivedAt) {
        Directives said = Directives.of(response.all("cache-control"));
        Long seconds = said.has("s-maxage") ? said.seconds("s-maxage") : said.seconds("max-age");
        if (seconds != null) {
            return seconds * 1000;
        }
        Long date = HttpDates.parse(response.get("date"));
        long from = date == null ? receivedAt : date;
        if (response.contains("expires")) {
            // Several, or one that is no date: expired (RFC 9111, 5.3).
            Long expires = response.all("expires").size() > 1 ? null : HttpDates.parse(response.get("expires"));
            return expires == null ? 0 : Math.max(0, expires - from);
        }
        if (!HEURISTIC.contains(status) && !said.has("public")) {
            return 0;
        }
        if (defaultLifetime != null) {
            return defaultLifetime.toMillis();
        }
        Long changed = HttpDates.parse(response.get("last-modified"));
        return changed == null ? 0 : Math.clamp((from - changed) / 10, 0, HEURISTIC_MAX);
    }

    /** How old a response is on its arrival, in milliseconds (RFC 9111, 4.2.3). */
    public static long initialAge(Headers response, long requestedAt, long receivedAt) {
        Long date = HttpDates.parse(response.get("date"));
        long apparent = date == null ? 0 : Math.max(0, receivedAt - date);
        Long stated = Directives.of(List.of("age=" + (response.contains("age") ? response.get("age") : "0")))
                .seconds("age");
        long corrected = (stated == null ? 0 : stated * 1000) + Math.max(0, receivedAt - requestedAt);
        return Math.max(apparent, corrected);
    }

    /** What a stored response is good for now (RFC 9111, 4.2 and 5.2). */
    public Use use(StoredResponse stored, RequestView request, long now) {
        Directives asked = Directives.of(request.headers("cache-control"));
        Directives said = Directives.of(stored.fields().all("cache-control"));
        boolean pragma = request.headers("cache-control").isEmpty()
                && request.headers("pragma").stream().anyMatch(value -> value.contains("no-cache"));
        if (asked.has("no-cache") || pragma || said.hasWhole("no-cache")) {
            return Use.VALIDATE;
        }
        long age = stored.age(now);
        Long ageMax = asked.seconds("max-age");
        if (ageMax != null && age > ageMax * 1000) {
            return Use.VALIDATE;
        }
        Long minFresh = asked.seconds("min-fresh");
        long left = stored.lifetime() - age;
        if (left > (minFresh == null ? 0 : minFresh * 1000)) {
            return Use.FRESH;
        }
        if (minFresh != null || neverStale(said)) {
            return Use.VALIDATE;
        }
        if (asked.has("max-stale")) {
            Long staleMax =
                    asked.hasWhole("max-stale") ? Long.valueOf(Directives.SECONDS_MAX) : asked.seconds("max-stale");
            if (staleMax != null && -left <= staleMax * 1000) {
                return Use.FRESH;
            }
        }
        Long window = said.seconds("stale-while-revalidate");
        long tolerated =
                window != null ? window * 1000 : staleWhileRevalidate == null ? 0 : staleWhileRevalidate.toMillis();
        return ageMax == null && -left < tolerated ? Use.STALE_WHILE_REVALIDATE : Use.VALIDATE;
    }

    /** Whether a stored response may stand in for an upstream that failed (RFC 5861, 4). */
    public boolean standsInForAnError(StoredResponse stored, RequestView request, long now) {
        Directives said = Directives.of(stored.fields().all("cache-control"));
        Long window = said.seconds("stale-if-error");
        if (window == null) {
            window = Directives.of(request.headers("cache-control")).seconds("stale-if-error");
        }
        return window != null
                && !neverStale(said)
                && !said.hasWhole("no-cache")
                && stored.age(now) - stored.lifetime() <= window * 1000;
    }

    /** {@code s-maxage} carries the meaning of {@code proxy-revalidate} (RFC 9111, 5.2.2.10). */
    private static boolean neverStale(Directives said) {
        return said.has("must-revalidate") || said.has("proxy-revalidate") || said.has("s-maxage");
    }

    /** Whether the client has what the stored response is already, so that 304 answers it (RFC 9110, 13.1.2 and 13.1.3). */
    public static boolean notModified(StoredResponse stored, RequestView request) {
        if (stored.status() != 200) {
            return false;
        }
        List<String> tags = request.headers("if-none-match");
        if (!tags.isEmpty()) {
            String own = stored.fields().get("etag");
            for (String field : tags) {
                for (String tag : field.split(",")) {
                    String text = tag.strip();
                    if (text.equals("*") || (own != null && opaque(text).equals(opaque(own)))) {
                        return true;
                    }
                }
            }
            return false;
        }
        Long since = HttpDates.parse(request.header("if-modified-since"));
        Long changed = HttpDates.parse(stored.fields().get("last-modified"));
        return since != null && changed != null && changed <= since;
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }

    /** The stored response with the fields of a 304 that says it still holds (RFC 9111, 3.2 and 4.3.4). */
    public StoredResponse refreshed(StoredResponse stored, Headers answer, long requestedAt, long receivedAt) {
        Headers merged = new Headers(512);
        merged.addAll(stored.fields());
        for (int entry = answer.next(0); entry >= 0; entry = answer.next(entry + 1)) {
            String name = answer.lowerCaseName(entry);
            if (!isOfTheBody(name)) {
                merged.remove(name);
            }
        }
        for (int entry = answer.next(0); entry >= 0; entry = answer.next(entry + 1)) {
            String name = answer.lowerCaseName(entry);
            if (!name.equals("age") && !isOfTheBody(name)) {
                merged.add(answer.name(entry), answer.value(entry));
            }
        }
        merged.remove("age");
        return new StoredResponse(
                stored.status(),
                merged,
                stored.body(),
                stored.vary(),
                initialAge(answer, requestedAt, receivedAt),
                receivedAt,
                lifetime(stored.status(), merged, receivedAt));
    }

    private static boolean isOfTheBody(String name) {
        return name.equals("content-length")
                || name.equals("content-encoding")
                || name.equals("content-type")
                || name.equals("content-range");
    }
}
