package io.aerofusion.load;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.route.BackendRef;
import io.aerofusion.route.Generation;
import io.aerofusion.route.HeaderMatch;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** 10,000 routes on 500 hosts, without a gateway around them: how long compiling and matching takes, and what it costs in memory. */
final class RoutesBench {
    private static final int ROUTES = 10_000;
    private static final int HOSTS = 500;
    private static final int UPSTREAMS = 100;
    private static final int REQUESTS = 4_096;
    private static final int COMPILATIONS = 7;
    private static final int ROUNDS = 9;
    private static final int MATCHES = 2_000_000;

    private RoutesBench() {}

    static void run(Screen screen, List<String> arguments) {
        Generation generation = generation();
        Compiler compiler = new Compiler(List.of(new Door("http", 80, false)), InstantSource.system(), List.of());
        double[] millis = new double[COMPILATIONS];
        for (int i = 0; i < COMPILATIONS; i++) {
            long began = cpuNanos();
            compile(compiler, generation);
            millis[i] = (cpuNanos() - began) / 1e6;
        }
        long before = EntityBench.heapBytes();
        Compiled compiled = compile(compiler, generation);
        long heap = EntityBench.heapBytes() - before;
        List<Request> requests = requests();
        double[] nanos = new double[ROUNDS];
        long bytes = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long allocated = allocatedBytes();
            long began = cpuNanos();
            int met = matches(compiled, requests);
            nanos[round] = (cpuNanos() - began) / (double) MATCHES;
            bytes = allocatedBytes() - allocated;
            if (met != MATCHES) {
                throw new IllegalStateException(MATCHES - met + " requests were not matched");
            }
        }
        screen.table(List.of(
                new Screen.Row("routes, hosts", Screen.number(ROUTES) + ", " + Screen.number(HOSTS)),
                new Screen.Row("compile, first", text(millis[0], "ms")),
                new Screen.Row("compile, median", text(median(millis), "ms")),
                new Screen.Row("heap of the compiled generation, without the resources", Screen.bytes(heap)),
                new Screen.Row("match, median of " + ROUNDS + " rounds", text(median(nanos), "ns")),
                new Screen.Row(
                        "match, slowest round", text(Arrays.stream(nanos).max().orElse(0), "ns")),
                new Screen.Row("allocated per match, last round", text(bytes / (double) MATCHES, "bytes"))));
    }

    private static int matches(Compiled compiled, List<Request> requests) {
        int met = 0;
        for (int i = 0; i < MATCHES; i++) {
            Request request = requests.get(i & (REQUESTS - 1));
            Candidate found = compiled.match(0, request);
            if (found != null && found.rule().route().equals(request.route())) {
                met++;
            }
        }
        return met;
    }

    private static Compiled compile(Compiler compiler, Generation generation) {
        return switch (compiler.compile(generation)) {
            case Compiled compiled -> compiled;
            case Outcome.Refused refused ->
                throw new IllegalStateException(refused.problems().toString());
        };
    }

    private static Generation generation() {
        List<Resource> resources = new ArrayList<>();
        for (int i = 0; i < UPSTREAMS; i++) {
            UpstreamSpec spec = UpstreamSpec.of(
                    UpstreamSpec.Protocol.HTTP, List.of(new UpstreamSpec.Endpoint("127.0.0.1", 1 + i, 1)));
            resources.add(new Resource(Kind.UPSTREAM, "upstream-" + i, spec));
        }
        for (int i = 0; i < ROUTES; i++) {
            RouteSpec.Match plain =
                    new RouteSpec.Match(new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.PATH_PREFIX, path(i)));
            RouteSpec.Match canary = new RouteSpec.Match(
                    plain.path(), List.of(new HeaderMatch(HeaderMatch.Type.EXACT, "x-canary", "1")), List.of(), null);
            // one route in ten looks at a header first
            List<RouteSpec.Match> matches = i % 10 == 0 ? List.of(canary, plain) : List.of(plain);
            RouteSpec.Rule rule =
                    new RouteSpec.Rule(matches, List.of(), List.of(new BackendRef("upstream-" + i % UPSTREAMS)));
            resources.add(
                    new Resource(Kind.HTTP_ROUTE, name(i), new RouteSpec(List.of(), List.of(host(i)), List.of(rule))));
        }
        return new Generation(1, resources);
    }

    private static String name(int route) {
        return String.format(Locale.ROOT, "route-%05d", route);
    }

    private static String host(int route) {
        return "service-" + route % HOSTS + ".apps.example.com";
    }

    private static String path(int route) {
        return "/api/v" + route / HOSTS % 4 + "/resource-" + route / HOSTS;
    }

    private static List<Request> requests() {
        SplittableRandom random = new SplittableRandom(7);
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            int route = random.nextInt(ROUTES);
            requests.add(new Request(
                    host(route),
                    path(route) + "/items/" + random.nextInt(100_000),
                    Headers.of("user-agent", "bench", "accept", "*/*", "x-request-id", "0123456789abcdef"),
                    name(route)));
        }
        return requests;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String text(double value, String unit) {
        return String.format(Locale.ROOT, "%.1f %s", value, unit);
    }

    /** The thread's own processor time, so that a busy machine does not count. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    /** A request, and the route that has to take it. */
    private record Request(String host, String path, Headers fields, String route) implements RequestView {
        @Override
        public String method() {
            return "GET";
        }

        @Override
        public String rawTarget() {
            return path;
        }

        @Override
        public String query() {
            return "";
        }

        @Override
        public @Nullable String header(String lowerCaseName) {
            return fields.get(lowerCaseName);
        }

        @Override
        public List<String> headers(String lowerCaseName) {
            return fields.all(lowerCaseName);
        }

        @Override
        public InetAddress clientAddress() {
            return InetAddress.getLoopbackAddress();
        }

        @Override
        public @Nullable X509Certificate clientCertificate() {
            return null;
        }

        @Override
        public String routeName() {
            return "";
        }
    }
}
