package io.aerofusion.gateway.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.TestRequest;
import io.aerofusion.gateway.cache.ResponseCache.Lookup;
import io.aerofusion.gateway.cache.ResponseCache.Recording;
import io.aerofusion.gateway.cache.ResponseCache.Recording.Then;
import io.aerofusion.route.PolicySpec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By the sections of RFC 9111. */
class ResponseCacheTest {
    private static final long NOW = 1_800_000_000_000L;

    private final AtomicLong millis = new AtomicLong(NOW);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    private final CacheRules rules = new CacheRules(null, null);
    private final ResponseCache.Counts counts = new ResponseCache.Counts();
    private final ResponseCache cache =
            new ResponseCache(new PolicySpec.Cache(1000, 100_000L, null, null, null), clock, counts);

    private record Request(String method, String rawTarget, Headers fields) implements TestRequest {
        @Override
        public String host() {
            return "api.example";
        }

        @Override
        public String path() {
            return rawTarget;
        }

        @Override
        public String routeName() {
            return "route";
        }
    }

    private static RequestView get(String... fields) {
        return new Request("GET", "/a", Headers.of(fields));
    }

    /** {@code name: value; name: value} as fields. */
    private static Headers fields(String text) {
        Headers headers = new Headers();
        for (String line : text == null ? new String[0] : text.split(";")) {
            if (!line.isBlank())
                headers.add(
                        line.substring(0, line.indexOf(':')).strip(),
                        line.substring(line.indexOf(':') + 1).strip());
        }
        return headers;
    }

    private static String date(long seconds) {
        return HttpDates.format(NOW + seconds * 1000);
    }

    private void store(RequestView request, String body, String... fields) {
        Recording recording = ((Lookup.Fetch) cache.lookup(request, false, false)).recording();
        assertThat(recording.head(request, 200, Headers.of(fields))).isEqualTo(Then.KEEP);
        assertThat(recording.content(body.getBytes(StandardCharsets.UTF_8))).isTrue();
        recording.end();
    }

    private void assertHit(RequestView request, String body, long age) {
        assertThat(cache.lookup(request, false, false)).isInstanceOfSatisfying(Lookup.Hit.class, hit -> {
            assertThat(new String(hit.response().body(), StandardCharsets.UTF_8))
                    .isEqualTo(body);
            assertThat(hit.ageSeconds()).isEqualTo(age);
        });
    }

    @ParameterizedTest(name = "3: {0} | {1} | {2} | {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "GET | | 200 | Cache-Control: max-age=60 | true",
                "GET | | 200 | | true",
                "POST | | 200 | Cache-Control: max-age=60 | false",
                "HEAD | | 200 | Cache-Control: max-age=60 | false",
                "GET | Cache-Control: no-store | 200 | Cache-Control: max-age=60 | false",
                "GET | | 200 | Cache-Control: no-store | false",
                "GET | | 200 | Cache-Control: NO-STORE, max-age=60 | false",
                "GET | | 200 | Cache-Control: no-store, must-understand, max-age=60 | true",
                "GET | | 200 | Cache-Control: private | false",
                "GET | | 200 | Cache-Control: private=\"x\", max-age=60 | false",
                "GET | | 200 | Cache-Control: max-age=60; Set-Cookie: a=b | false",
                "GET | | 200 | Cache-Control: max-age=60; Vary: * | false",
                "GET | | 200 | Cache-Control: max-age=60; Vary: a, * | false",
                "GET | | 206 | Cache-Control: max-age=60 | false",
                "GET | | 304 | Cache-Control: max-age=60 | false",
                "GET | | 302 | | false",
                "GET | | 302 | Cache-Control: max-age=60 | true",
                "GET | | 302 | Cache-Control: public | true",
                "GET | | 500 | | false",
                "GET | | 404 | | true",
                "GET | | 299 | Cache-Control: max-age=60 | false",
                "GET | | 302 | Expires: Thu, 01 Dec 2033 16:00:00 GMT | true",
                "GET | Authorization: x | 200 | Cache-Control: max-age=60 | false",
                "GET | Authorization: x | 200 | Cache-Control: max-age=60, must-revalidate | true",
                "GET | Authorization: x | 200 | Cache-Control: public, max-age=60 | true",
                "GET | Authorization: x | 200 | Cache-Control: s-maxage=60 | true"
            })
    void storing(String method, String request, int status, String response, boolean storable) {
        assertThat(rules.storable(new Request(method, "/a", fields(request)), false, status, fields(response)))
                .isEqualTo(storable);
    }

    @Test
    void whatWasMadeForSomebodyKnownIsOnlyKeptIfItSaysSo() {
        assertThat(rules.storable(get("x-api-key", "k"), true, 200, fields("Cache-Control: max-age=60")))
                .isFalse();
        assertThat(rules.storable(get("x-api-key", "k"), true, 200, fields("Cache-Control: max-age=60, public")))
                .isTrue();
    }

    @ParameterizedTest(name = "4.2.1: {0} | {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "200 | Cache-Control: max-age=60 | 60",
                "200 | Cache-Control: max-age=\"60\" | 60",
                "200 | Cache-Control: max-age=60, s-maxage=90 | 90",
                "200 | Cache-Control: max-age=60, max-age=90 | 60",
                "200 | Cache-Control: max-age=-1 | 0",
                "200 | Cache-Control: max-age=1.5 | 0",
                "200 | Cache-Control: max-age | 0",
                "200 | Cache-Control: max-age=99999999999999999999 | 2147483647",
                "200 | Cache-Control: max-age=60; Expires: 0 | 60",
                "200 | Date: Fri, 15 Jan 2027 08:00:00 GMT; Expires: Fri, 15 Jan 2027 08:01:40 GMT | 100",
                "200 | Date: Fri, 15 Jan 2027 08:00:00 GMT; Expires: Fri, 15 Jan 2027 07:00:00 GMT | 0",
                "200 | Expires: 0 | 0",
                "200 | Expires: Friday, 15-Jan-27 08:01:40 GMT; Date: Fri Jan 15 08:00:00 2027 | 100",
                "200 | Expires: Fri, 15 Jan 2027 08:01:40 GMT; Expires: Fri, 15 Jan 2027 09:01:40 GMT | 0",
                "200 | Date: Fri, 15 Jan 2027 08:00:00 GMT; Last-Modified: Fri, 15 Jan 2027 07:00:00 GMT | 360",
                "200 | Date: Fri, 15 Jan 2027 08:00:00 GMT; Last-Modified: Fri, 15 Jan 1999 07:00:00 GMT | 86400",
                "302 | Date: Fri, 15 Jan 2027 08:00:00 GMT; Last-Modified: Fri, 15 Jan 1999 07:00:00 GMT | 0",
                "200 | | 0"
            })
    void lifetimes(int status, String response, long seconds) {
        assertThat(rules.lifetime(status, fields(response), NOW)).isEqualTo(seconds * 1000);
    }

    @Test
    void aPolicyGivesALifetimeToWhatHasNone() {
        CacheRules own = new CacheRules(Duration.ofSeconds(5), null);
        assertThat(own.lifetime(200, fields(""), NOW)).isEqualTo(5000);
        assertThat(own.lifetime(200, fields("Cache-Control: max-age=0"), NOW)).isZero();
        assertThat(own.lifetime(302, fields(""), NOW)).isZero();
    }

    @Test
    void agesAddUp() {
        assertThat(CacheRules.initialAge(Headers.of("Age", "30", "Date", date(-10)), NOW - 2000, NOW))
                .as("4.2.3: Age and delay")
                .isEqualTo(32_000);
        assertThat(CacheRules.initialAge(Headers.of("Age", "3", "Date", date(-10)), NOW - 2000, NOW))
                .as("apparent")
                .isEqualTo(10_000);
        assertThat(CacheRules.initialAge(Headers.of("Date", date(10)), NOW, NOW))
                .as("a clock ahead")
                .isZero();
        store(get(), "x", "Cache-Control", "max-age=60", "Age", "30");
        millis.addAndGet(29_000);
        assertHit(get(), "x", 59);
        millis.addAndGet(1_000);
        assertThat(cache.lookup(get(), false, false)).isInstanceOf(Lookup.Fetch.class);
    }

    @ParameterizedTest(name = "5.2.1: {0} | {1} at {2} s")
    @CsvSource(
            delimiter = '|',
            value = {
                "max-age=60 | | 59 | FRESH",
                "max-age=60 | | 60 | VALIDATE",
                "max-age=60 | no-cache | 1 | VALIDATE",
                "max-age=60 | max-age=10 | 10 | FRESH",
                "max-age=60 | max-age=10 | 11 | VALIDATE",
                "max-age=60 | min-fresh=20 | 39 | FRESH",
                "max-age=60 | min-fresh=20 | 41 | VALIDATE",
                "max-age=60 | max-stale | 9999 | FRESH",
                "max-age=60 | max-stale=10 | 70 | FRESH",
                "max-age=60 | max-stale=10 | 71 | VALIDATE",
                "max-age=60, must-revalidate | max-stale | 61 | VALIDATE",
                "max-age=60, proxy-revalidate | max-stale | 61 | VALIDATE",
                "s-maxage=60 | max-stale | 61 | VALIDATE",
                "max-age=60, no-cache | | 1 | VALIDATE",
                "max-age=60, no-cache=\"set-cookie\" | | 1 | FRESH",
                "max-age=60, stale-while-revalidate=10 | | 69 | STALE_WHILE_REVALIDATE",
                "max-age=60, stale-while-revalidate=10 | | 70 | VALIDATE",
                "max-age=60, stale-while-revalidate=10, must-revalidate | | 61 | VALIDATE",
                "max-age=60, stale-while-revalidate=10 | max-age=65 | 64 | VALIDATE"
            })
    void usingWhatIsStored(String stored, String request, long age, CacheRules.Use use) {
        StoredResponse response = new StoredResponse(
                200,
                Headers.of("cache-control", stored),
                new byte[0],
                java.util.Map.of(),
                0,
                NOW,
                rules.lifetime(200, Headers.of("cache-control", stored), NOW));
        RequestView asked = request == null ? get() : get("cache-control", request);
        assertThat(rules.use(response, asked, NOW + age * 1000)).isEqualTo(use);
    }

    @Test
    void pragmaCountsWhereThereIsNoCacheControl() {
        store(get(), "x", "Cache-Control", "max-age=60");
        assertThat(cache.lookup(get("pragma", "no-cache"), false, false)).isInstanceOf(Lookup.Fetch.class);
        assertHit(get("pragma", "no-cache", "cache-control", "max-age=100"), "x", 0);
    }

    @Test
    void variantsAreToldApartByTheFieldsTheyVaryBy() {
        store(get("accept-language", "de"), "hallo", "Cache-Control", "max-age=60", "Vary", "Accept-Language");
        assertThat(cache.lookup(get("accept-language", "en"), false, true)).isInstanceOf(Lookup.Fetch.class);
        store(
                get("accept-language", "fr", "cache-control", "no-cache"),
                "salut",
                "Cache-Control",
                "max-age=60",
                "Vary",
                "Accept-Language");
        assertHit(get("accept-language", "de"), "hallo", 0);
        assertHit(get("accept-language", "fr"), "salut", 0);
        assertThat(cache.lookup(get(), false, true))
                .as("4.1: absent is not empty")
                .isInstanceOf(Lookup.Fetch.class);
    }

    @Test
    void ofManyVariantsTheOldestGoes() {
        for (int i = 0; i <= ResponseCache.VARIANTS_MAX; i++) {
            store(get("x", "v" + i), "b" + i, "Cache-Control", "max-age=60", "Vary", "X");
        }
        assertThat(cache.lookup(get("x", "v0"), false, true)).isInstanceOf(Lookup.Fetch.class);
        assertHit(get("x", "v1"), "b1", 0);
    }

    @Test
    void whatIsStaleIsValidatedAndAnsweredFromHereWhenItStillHolds() {
        store(
                get(),
                "x",
                "Cache-Control",
                "max-age=10",
                "ETag",
                "\"1\"",
                "Last-Modified",
                date(-100),
                "X-Old",
                "a",
                "Content-Type",
                "text/plain");
        millis.addAndGet(20_000);
        Recording recording = ((Lookup.Fetch) cache.lookup(get(), false, false)).recording();
        assertThat(recording.validator()).isEqualTo("\"1\"");
        assertThat(recording.modified()).isEqualTo(date(-100));
        Then then = recording.head(
                get(),
                304,
                Headers.of(
                        "Cache-Control",
                        "max-age=99",
                        "X-Old",
                        "b",
                        "Content-Type",
                        "text/evil",
                        "Content-Length",
                        "0"));
        assertThat(then).isEqualTo(Then.SEND_STORED);
        assertThat(recording.stored().fields().all("x-old")).containsExactly("b");
        assertThat(recording.stored().fields().get("content-type")).isEqualTo("text/plain");
        millis.addAndGet(98_000);
        assertHit(get(), "x", 98);
    }

    @Test
    void aNewAnswerReplacesTheStaleOne() {
        store(get(), "old", "Cache-Control", "max-age=10", "ETag", "\"1\"");
        millis.addAndGet(20_000);
        store(get(), "new", "Cache-Control", "max-age=10", "ETag", "\"2\"");
        assertHit(get(), "new", 0);
    }

    @ParameterizedTest
    @CsvSource({
        "if-none-match, '\"1\"', true",
        "if-none-match, 'W/\"1\"', true",
        "if-none-match, '\"0\", \"1\"', true",
        "if-none-match, '*', true",
        "if-none-match, '\"2\"', false",
        "if-modified-since, 'Fri, 15 Jan 2027 08:00:00 GMT', true",
        "if-modified-since, 'Thu, 14 Jan 2027 08:00:00 GMT', false",
        "if-modified-since, 'nonsense', false"
    })
    void aClientThatHasItAlreadyIsToldSo(String name, String value, boolean notModified) {
        store(get(), "x", "Cache-Control", "max-age=10", "ETag", "\"1\"", "Last-Modified", date(-3600));
        assertThat(cache.lookup(get(name, value), false, false))
                .isInstanceOfSatisfying(
                        Lookup.Hit.class, hit -> assertThat(hit.notModified()).isEqualTo(notModified));
    }

    @Test
    void whileOneAsksTheOthersGetWhatIsStaleWhereThatIsAllowed() {
        store(get(), "x", "Cache-Control", "max-age=10, stale-while-revalidate=60", "ETag", "\"1\"");
        millis.addAndGet(20_000);
        Recording first = ((Lookup.Fetch) cache.lookup(get(), false, false)).recording();
        assertHit(get(), "x", 20);
        first.head(get(), 304, Headers.of("Cache-Control", "max-age=10"));
        assertHit(get(), "x", 0);
    }

    @Test
    void aFailedUpstreamIsStoodInForWhereThatIsAllowed() {
        store(get(), "x", "Cache-Control", "max-age=10, stale-if-error=60");
        millis.addAndGet(69_000);
        assertThat(fetch(get()).head(get(), 503, Headers.of())).isEqualTo(Then.SEND_STORED);
        assertThat(fetch(get()).failed(get())).isTrue();
        assertThat(fetch(get()).head(get(), 404, Headers.of("Cache-Control", "no-store")))
                .isEqualTo(Then.PASS);
        millis.addAndGet(2_000);
        assertThat(fetch(get()).failed(get())).isFalse();
        assertThat(fetch(get()).head(get(), 503, Headers.of())).isEqualTo(Then.PASS);
    }

    private Recording fetch(RequestView request) {
        return ((Lookup.Fetch) cache.lookup(request, false, true)).recording();
    }

    @Test
    void ofManyThatWantTheSameOneAsks() {
        Recording first = ((Lookup.Fetch) cache.lookup(get(), false, false)).recording();
        List<Lookup.Wait> waiting = new ArrayList<>();
        for (int i = 0; i < ResponseCache.WAITING_MAX; i++)
            waiting.add((Lookup.Wait) cache.lookup(get(), false, false));
        assertThat(cache.lookup(get(), false, false))
                .as("beyond the bound they ask themselves")
                .isInstanceOf(Lookup.Fetch.class);
        assertThat(first.head(get(), 200, Headers.of("Cache-Control", "max-age=60")))
                .isEqualTo(Then.KEEP);
        first.content("x".getBytes(StandardCharsets.UTF_8));
        assertThat(waiting.getFirst().stage().toCompletableFuture()).isNotDone();
        first.end();
        assertThat(waiting)
                .allSatisfy(one -> assertThat(one.stage().toCompletableFuture()).isCompleted());
        assertHit(get(), "x", 0);
        assertThat(counts.hits().sum()).isEqualTo(1);
        assertThat(counts.misses().sum()).isEqualTo(2);
    }

    @Test
    void whatCannotBeKeptIsNotWaitedFor() {
        Recording first = ((Lookup.Fetch) cache.lookup(get(), false, false)).recording();
        Lookup.Wait second = (Lookup.Wait) cache.lookup(get(), false, false);
        assertThat(first.head(get(), 200, Headers.of("Cache-Control", "no-store")))
                .isEqualTo(Then.PASS);
        assertThat(second.stage().toCompletableFuture()).isCompleted();
        assertThat(cache.lookup(get(), false, true)).isInstanceOf(Lookup.Fetch.class);
        assertThat(cache.lookup(get(), false, false)).isInstanceOf(Lookup.Fetch.class);
        assertThat(cache.lookup(get(), false, false))
                .as("remembered for a while")
                .isInstanceOf(Lookup.Fetch.class);
    }

    @Test
    void whatBreaksOffOrIsTooLargeIsNotKept() {
        Recording broken = fetch(get());
        broken.head(get(), 200, Headers.of("Cache-Control", "max-age=60"));
        broken.content(new byte[10]);
        broken.abort();
        broken.end();
        assertThat(cache.lookup(get(), false, true)).isInstanceOf(Lookup.Fetch.class);
        Recording large = fetch(get());
        large.head(get(), 200, Headers.of("Cache-Control", "max-age=60"));
        assertThat(large.content(new byte[1000])).isTrue();
        assertThat(large.content(new byte[1])).isFalse();
        large.end();
        assertThat(cache.lookup(get(), false, true)).isInstanceOf(Lookup.Fetch.class);
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void theBytesAreBounded() {
        for (int i = 0; i < 500; i++) {
            RequestView request = new Request("GET", "/many/" + i, Headers.of());
            Recording recording = fetch(request);
            recording.head(request, 200, Headers.of("Cache-Control", "max-age=60"));
            recording.content(new byte[900]);
            recording.end();
        }
        assertThat(cache.bytes()).isBetween(50_000L, 100_000L);
    }

    @Test
    void onlyIfCachedAsksNobody() {
        assertThat(cache.lookup(get("cache-control", "only-if-cached"), false, false))
                .isEqualTo(new Lookup.NotHere());
        store(get(), "x", "Cache-Control", "max-age=60");
        assertHit(get("cache-control", "only-if-cached"), "x", 0);
    }

    @Test
    void headIsAnsweredFromWhatGetBroughtAndOtherMethodsGoPast() {
        store(get(), "x", "Cache-Control", "max-age=60");
        assertHit(new Request("HEAD", "/a", Headers.of()), "x", 0);
        assertThat(cache.lookup(new Request("POST", "/a", Headers.of()), false, false))
                .isEqualTo(new Lookup.Past());
        assertThat(cache.lookup(get("range", "bytes=0-1"), false, false)).isEqualTo(new Lookup.Past());
    }

    @ParameterizedTest(name = "4.4: {0} {1} {2}")
    @CsvSource({
        "POST, 200, '', true",
        "PUT, 204, '', true",
        "DELETE, 302, '', true",
        "POST, 404, '', false",
        "POST, 500, '', false",
        "OPTIONS, 200, '', false",
    })
    void unsafeMethodsInvalidate(String method, int status, String ignored, boolean gone) {
        store(get(), "x", "Cache-Control", "max-age=60");
        cache.changed(new Request(method, "/a", Headers.of()), status, Headers.of());
        assertThat(cache.lookup(get(), false, true) instanceof Lookup.Fetch).isEqualTo(gone);
    }

    @ParameterizedTest
    @CsvSource({
        "/a, true",
        "http://api.example/a, true",
        "http://evil.example/a, false",
        "'http://[', false",
        "/b, false"
    })
    void whatTheAnswerPointsToIsInvalidatedOnTheSameHost(String location, boolean gone) {
        store(get(), "x", "Cache-Control", "max-age=60");
        cache.changed(new Request("POST", "/list", Headers.of()), 201, Headers.of("Location", location));
        assertThat(cache.lookup(get(), false, true) instanceof Lookup.Fetch).isEqualTo(gone);
    }

    @ParameterizedTest
    @CsvSource({
        ", , , , , true",
        "route, API.example, /a, /, red, true",
        ", , , /a, , true",
        ", , , /a/, , false",
        ", , , , blue, true",
        ", , , , ed, false",
        "other, , , , , false",
        ", other.example, , , , false",
        ", , /a/b, , , false",
        ", , , /ab, , false"
    })
    void whatIsKeptCanBePurged(
            @Nullable String route,
            @Nullable String host,
            @Nullable String path,
            @Nullable String prefix,
            @Nullable String tag,
            boolean gone) {
        store(get(), "x", "Cache-Control", "max-age=60", "Surrogate-Key", "green red", "Cache-Tag", "yellow, blue");
        assertThat(cache.purge(new Purge(route, host, path, prefix, tag))).isEqualTo(gone ? 1 : 0);
        assertThat(cache.lookup(get(), false, true) instanceof Lookup.Fetch).isEqualTo(gone);
    }

    @Test
    void whatWasAskedForBeforeAPurgeIsNotKeptAfterIt() {
        Lookup.Fetch fetch = (Lookup.Fetch) cache.lookup(get(), false, false);
        fetch.recording().head(get(), 200, Headers.of("Cache-Control", "max-age=60"));
        assertThat(cache.purge(new Purge(null, null, null, null, null))).isZero();
        fetch.recording().end();
        assertThat(cache.lookup(get(), false, true)).isInstanceOf(Lookup.Fetch.class);
    }
}
