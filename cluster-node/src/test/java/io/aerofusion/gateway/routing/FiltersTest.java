package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.Headers;
import io.aerofusion.route.Filter;
import io.aerofusion.route.NamedValue;
import io.aerofusion.route.UpstreamSpec;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiltersTest {
    private static final Door HTTP = new Door("http", 80, false);

    private static Filter.PathModifier prefix(String replacement) {
        return new Filter.PathModifier(Filter.PathModifier.Replacement.REPLACE_PREFIX_MATCH, null, replacement);
    }

    /** The table of the Gateway API's documentation, and what it leaves open. */
    @ParameterizedTest
    @CsvSource({
        "/foo/bar, /foo, /xyz, /xyz/bar",
        "/foo/bar, /foo, /xyz/, /xyz/bar",
        "/foo/bar, /foo/, /xyz, /xyz/bar",
        "/foo/bar, /foo/, /xyz/, /xyz/bar",
        "/foo, /foo, /xyz, /xyz",
        "/foo/, /foo, /xyz, /xyz/",
        "/foo/bar, /foo, '', /bar",
        "/foo/, /foo, '', /",
        "/foo, /foo, '', /",
        "/foo/, /foo, /, /",
        "/foo, /foo, /, /",
        "/foo, /foo, /xyz/, /xyz/",
        "/, /, /xyz, /xyz/",
        "/a, /, /xyz, /xyz/a",
        "/foo/b%7Cc, /foo, /x, /x/b%7Cc",
        "/foo/b|c?d=/foo, /foo, /x, /x/b|c?d=/foo",
        "/f%6fo/b, /foo, /x, /x/b",
        "/foo?a=b, /foo, /x, /x?a=b"
    })
    void aPrefixIsReplacedByTheRulesForSlashes(String target, String matched, String replacement, String expected) {
        Rewrite rewrite = new Rewrite(new Filter.UrlRewrite(null, prefix(replacement)));
        String path = Asked.get("x", target).path();
        int length = matched.endsWith("/") ? matched.length() - 1 : matched.length();
        assertThat(rewrite.target(target, path, length)).isEqualTo(expected);
    }

    @Test
    void aWholePathIsReplacedAndTheQueryStays() {
        Rewrite rewrite = new Rewrite(new Filter.UrlRewrite(
                "other.example",
                new Filter.PathModifier(Filter.PathModifier.Replacement.REPLACE_FULL_PATH, "/one", null)));
        assertThat(rewrite.target("/a/b?c", "/a/b", 2)).isEqualTo("/one?c");
        assertThat(rewrite.hostname()).isEqualTo("other.example");
        assertThat(new Rewrite(new Filter.UrlRewrite("o", null)).target("/a//b?", "/a//b", 0))
                .isEqualTo("/a//b?");
    }

    @ParameterizedTest
    @CsvSource({
        // door, scheme, host, port -> location
        "80, , , , http://here/a?b",
        "8080, , , , http://here:8080/a?b",
        "443, , , , https://here/a?b",
        "8443, , , , https://here:8443/a?b",
        "80, https, , , https://here/a?b",
        "8080, https, , , https://here/a?b",
        "443, http, , , http://here/a?b",
        "8080, http, , , http://here/a?b",
        "80, https, , 8443, https://here:8443/a?b",
        "80, https, , 443, https://here/a?b",
        "443, , there, 80, https://there:80/a?b",
        "8080, , there, 80, http://there/a?b"
    })
    void aRedirectLeavesOutThePortThatTheSchemeImplies(
            int doorPort, String scheme, String host, Integer port, String location) {
        Door door = new Door("d", doorPort, doorPort == 443 || doorPort == 8443);
        Redirect redirect = new Redirect(new Filter.RequestRedirect(scheme, host, null, port, null));
        assertThat(redirect.location(door, "here", "/a?b", "/a", 0)).isEqualTo(location);
        assertThat(redirect.status()).isEqualTo(302);
    }

    @Test
    void aRedirectReplacesThePathToo() {
        Redirect redirect = new Redirect(new Filter.RequestRedirect(null, null, prefix("/new"), null, 308));
        assertThat(redirect.location(HTTP, "here", "/old/x?y", "/old/x", 4)).isEqualTo("http://here/new/x?y");
        assertThat(redirect.status()).isEqualTo(308);
    }

    @Test
    void headersAreSetAddedAndRemoved() {
        Headers headers = Headers.of("A", "1", "a", "2", "B", "3", "C", "4");
        HeaderChange.of(new Filter.HeaderModifier(
                        List.of(new NamedValue("A", "x")),
                        List.of(new NamedValue("b", "5"), new NamedValue("D", "6")),
                        List.of("c")))
                .apply(headers);
        assertThat(headers.all("a")).containsExactly("x");
        assertThat(headers.all("b")).containsExactly("3", "5");
        assertThat(headers.all("c")).isEmpty();
        assertThat(headers.all("d")).containsExactly("6");
        assertThat(HeaderChange.NONE.isEmpty()).isTrue();
    }

    @Test
    void backendsGetTheirShares() {
        UpstreamSpec spec = UpstreamSpec.of(UpstreamSpec.Protocol.HTTP, List.of());
        Backends backends = new Backends(List.of(
                new Backends.Backend("a", spec, 70, Filters.NONE),
                new Backends.Backend("none", spec, 0, Filters.NONE),
                new Backends.Backend("b", spec, 30, Filters.NONE)));
        SplittableRandom random = new SplittableRandom(7);
        Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < 10_000; i++) {
            counts.merge(backends.pick(random.nextInt()).upstream(), 1, Integer::sum);
        }
        assertThat(counts).containsOnlyKeys("a", "b");
        assertThat(counts.get("a")).isBetween(6_800, 7_200);
        assertThat(backends.pick(0).upstream()).isEqualTo("a");
        assertThat(backends.pick(-1).upstream()).isEqualTo("b");
    }

    @Test
    void withoutAnyShareThereIsNoBackend() {
        UpstreamSpec spec = UpstreamSpec.of(UpstreamSpec.Protocol.HTTP, List.of());
        assertThat(new Backends(List.of()).pick(5)).isNull();
        assertThat(new Backends(List.of(new Backends.Backend("a", spec, 0, Filters.NONE))).pick(5))
                .isNull();
    }

    @Test
    void aMirrorTakesItsShare() {
        SplittableRandom random = new SplittableRandom(7);
        Mirror fifth = new Mirror("m", 1, 5);
        long copied = random.ints(10_000).filter(fifth::chosen).count();
        assertThat(copied).isBetween(1_850L, 2_150L);
        assertThat(random.ints(1000).filter(new Mirror("m", 0, 100)::chosen).count())
                .isZero();
        assertThat(random.ints(1000).filter(new Mirror("m", 100, 100)::chosen).count())
                .isEqualTo(1000);
    }

    private static Cors cors(List<String> origins, boolean credentials, List<String> methods, List<String> headers) {
        return new Cors(new Filter.Cors(origins, credentials, methods, headers, List.of("x-total"), 600));
    }

    private static Asked preflight(String origin, String method, String headers) {
        return Asked.of(
                "OPTIONS",
                "x",
                "/",
                "origin",
                origin,
                "access-control-request-method",
                method,
                "access-control-request-headers",
                headers);
    }

    @Test
    void aPreflightIsAnsweredForOriginsThatAreAllowed() {
        Cors cors =
                cors(List.of("https://a.example", "https://*.b.example"), true, List.of("GET", "PUT"), List.of("x-a"));
        Headers answer = cors.preflight(preflight("https://x.y.b.example", "PUT", "x-a"));
        assertThat(answer.get("access-control-allow-origin")).isEqualTo("https://x.y.b.example");
        assertThat(answer.get("access-control-allow-credentials")).isEqualTo("true");
        assertThat(answer.get("access-control-allow-methods")).isEqualTo("GET, PUT");
        assertThat(answer.get("access-control-allow-headers")).isEqualTo("x-a");
        assertThat(answer.get("access-control-max-age")).isEqualTo("600");
        assertThat(answer.get("vary")).contains("origin");
        for (String other : List.of(
                "https://b.example",
                "http://x.b.example",
                "https://x.b.example:444",
                "https://a.example.evil",
                "https://evil/.b.example",
                "https://evil.example#.b.example",
                "null")) {
            assertThat(cors.preflight(preflight(other, "PUT", "x-a")).contains("access-control-allow-origin"))
                    .as(other)
                    .isFalse();
        }
    }

    @Test
    void onlyAPreflightIsAnswered() {
        Cors cors = cors(List.of("*"), false, List.of("*"), List.of("*"));
        assertThat(cors.preflight(Asked.of("OPTIONS", "x", "/", "origin", "https://a")))
                .isNull();
        assertThat(cors.preflight(Asked.of("OPTIONS", "x", "/", "access-control-request-method", "PUT")))
                .isNull();
        assertThat(cors.preflight(Asked.get("x", "/", "origin", "https://a", "access-control-request-method", "PUT")))
                .isNull();
    }

    @Test
    void aStarIsNeverSentTogetherWithCredentials() {
        Cors with = cors(List.of("*"), true, List.of("*"), List.of("*"));
        Headers answer = with.preflight(preflight("https://a", "PATCH", "x-1, x-2"));
        assertThat(answer.get("access-control-allow-origin")).isEqualTo("https://a");
        assertThat(answer.get("access-control-allow-methods")).isEqualTo("PATCH");
        assertThat(answer.get("access-control-allow-headers")).isEqualTo("x-1, x-2");
        Cors without = cors(List.of("*"), false, List.of("GET"), List.of());
        Headers open = without.preflight(preflight("https://a", "GET", "x-1"));
        assertThat(open.get("access-control-allow-origin")).isEqualTo("*");
        assertThat(open.contains("access-control-allow-credentials")).isFalse();
        assertThat(open.contains("access-control-allow-headers")).isFalse();
    }

    @Test
    void anAnswersOwnWordsOnCorsAreReplaced() {
        Cors cors = cors(List.of("https://a"), true, List.of("GET"), List.of());
        Headers response = Headers.of("access-control-allow-origin", "*", "access-control-expose-headers", "all");
        cors.answered(Asked.get("x", "/", "origin", "https://a"), response);
        assertThat(response.all("access-control-allow-origin")).containsExactly("https://a");
        assertThat(response.all("access-control-expose-headers")).containsExactly("x-total");
        Headers refused = Headers.of("access-control-allow-origin", "*");
        cors.answered(Asked.get("x", "/", "origin", "https://b"), refused);
        assertThat(refused.contains("access-control-allow-origin")).isFalse();
        assertThat(refused.get("vary")).isEqualTo("origin");
        Headers same = Headers.of("a", "b");
        cors.answered(Asked.get("x", "/"), same);
        assertThat(same.size()).isEqualTo(1);
    }
}
