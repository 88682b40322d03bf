package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.route.Generation;
import io.aerofusion.route.HeaderMatch;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.RouteSpec.PathMatch;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The tables against the plainest way to match: look at every match of every route and take the best. */
class MatchPropertiesTest {
    private static final List<Door> DOORS = List.of(new Door("http", 80, false));
    private static final List<String> HOSTS =
            List.of("", "a.example", "b.example", "x.a.example", "*.example", "*.a.example", "*.other");
    private static final List<String> SEGMENTS = List.of("a", "b", "ab", "v1", "", "%2F");

    private static String path(SplittableRandom random) {
        StringBuilder path = new StringBuilder();
        int segments = 1 + random.nextInt(4);
        for (int i = 0; i < segments; i++) {
            path.append('/').append(SEGMENTS.get(random.nextInt(SEGMENTS.size())));
        }
        return path.toString();
    }

    private static RouteSpec.Match match(SplittableRandom random) {
        PathMatch.Type type = List.of(PathMatch.Type.values()).get(random.nextInt(3));
        String value = path(random).replaceAll("/{2,}", "/");
        if (type == PathMatch.Type.REGULAR_EXPRESSION) {
            value = value + ".*";
        }
        List<HeaderMatch> headers = new ArrayList<>();
        List<HeaderMatch> queries = new ArrayList<>();
        for (String name : List.of("h1", "h2")) {
            if (random.nextInt(4) == 0) {
                headers.add(new HeaderMatch(HeaderMatch.Type.EXACT, name, "1"));
            }
        }
        if (random.nextInt(4) == 0) {
            queries.add(new HeaderMatch(HeaderMatch.Type.EXACT, "q", "1"));
        }
        return new RouteSpec.Match(
                new PathMatch(type, value), headers, queries, random.nextInt(4) == 0 ? "POST" : null);
    }

    /** Routes that hold no match twice, so that they are accepted. */
    private static Compiled compiled(SplittableRandom random) {
        List<Resource> resources = new ArrayList<>();
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < 30; i++) {
            String host = HOSTS.get(random.nextInt(HOSTS.size()));
            List<RouteSpec.Match> matches = new ArrayList<>();
            for (int j = 0; j < 3; j++) {
                RouteSpec.Match match = match(random);
                String value = match.path().value();
                boolean prefix = match.path().type() == PathMatch.Type.PATH_PREFIX;
                Object key = List.of(
                        host,
                        match.path().type(),
                        prefix && value.endsWith("/") ? value.substring(0, value.length() - 1) : value,
                        match.headers(),
                        match.queryParams(),
                        String.valueOf(match.method()));
                if (seen.add(key)) {
                    matches.add(match);
                }
            }
            if (!matches.isEmpty()) {
                RouteSpec.Rule rule = new RouteSpec.Rule(matches, List.of(), List.of());
                RouteSpec spec = new RouteSpec(List.of(), host.isEmpty() ? List.of() : List.of(host), List.of(rule));
                Instant at = Instant.EPOCH.plusSeconds(random.nextInt(3));
                resources.add(new Resource(Kind.HTTP_ROUTE, "r" + i, Map.of(), at, spec));
            }
        }
        Outcome outcome = Documents.compile(DOORS, new Generation(1, resources));
        assertThat(outcome).isInstanceOf(Compiled.class);
        return (Compiled) outcome;
    }

    private static Asked request(SplittableRandom random) {
        List<String> hosts = List.of("a.example", "b.example", "x.a.example", "y.x.a.example", "z.other", "other", "");
        List<String> headers = new ArrayList<>();
        for (String name : List.of("h1", "h2")) {
            if (random.nextBoolean()) {
                headers.addAll(List.of(name, random.nextInt(4) == 0 ? "2" : "1"));
            }
        }
        return Asked.of(
                random.nextInt(3) == 0 ? "POST" : "GET",
                hosts.get(random.nextInt(hosts.size())),
                path(random) + (random.nextBoolean() ? "?q=1" : ""),
                headers.toArray(String[]::new));
    }

    private static boolean fits(Candidate candidate, String path) {
        String value = candidate.path();
        return switch (candidate.type()) {
            case EXACT -> path.equals(value);
            case PATH_PREFIX -> path.equals(value) || path.startsWith(value + "/");
            case REGULAR_EXPRESSION -> java.util.regex.Pattern.matches(value, path);
        };
    }

    private static Candidate plainly(Compiled compiled, Asked request) {
        for (Compiled.HostRoutes host : compiled.asked(0, request.host())) {
            Comparator<Candidate> order = Comparator.comparing(Candidate::type)
                    .thenComparingInt(candidate -> candidate.type() == PathMatch.Type.PATH_PREFIX
                            ? -candidate.path().length()
                            : 0)
                    .thenComparing(Candidate.PRECEDENCE);
            List<Candidate> found = host.all().stream()
                    .filter(candidate -> fits(candidate, request.path()))
                    .filter(candidate ->
                            candidate.conditions().stream().allMatch(condition -> condition.holds(request)))
                    .sorted(order)
                    .toList();
            if (!found.isEmpty()) {
                return found.getFirst();
            }
        }
        return null;
    }

    @Test
    void theTablesFindWhatThePlainestWayFinds() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        int found = 0;
        for (int round = 0; round < 60; round++) {
            Compiled compiled = compiled(random);
            for (int i = 0; i < 200; i++) {
                Asked request = request(random);
                Candidate candidate = compiled.match(0, request);
                assertThat(candidate).as("seed " + seed + ": " + request).isEqualTo(plainly(compiled, request));
                found += candidate == null ? 0 : 1;
            }
        }
        assertThat(found).isGreaterThan(1_000);
    }

    @Test
    void matchingMakesNoObjects() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: r}
                spec:
                  hostnames: ["*.example", a.example]
                  rules:
                  - matches: [{path: {value: /api/v1}, method: POST}, {path: {value: /api/v1}, queryParams: [{name: q, value: "1"}]}, {path: {value: /api}}]
                """);
        // the view's own getters are not what is measured: this one gives constants
        Fixed request = new Fixed("b.a.example", "/api/v1/orders/7", "x=2&q=1");
        Candidate expected = compiled.match(0, request);
        assertThat(expected.number()).isEqualTo(1);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        int met = 0;
        for (int i = 0; i < 10_000; i++) {
            met += expected.equals(compiled.match(0, request)) ? 1 : 0;
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(met).isEqualTo(10_000);
        assertThat(allocated).isLessThan(10_000);
    }
}
