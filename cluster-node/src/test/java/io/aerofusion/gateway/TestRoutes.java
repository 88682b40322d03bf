package io.aerofusion.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.route.BackendRef;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.Spec;
import io.aerofusion.route.UpstreamSpec;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Generations of tests. */
final class TestRoutes {
    private static final AtomicLong NUMBERS = new AtomicLong();

    private TestRoutes() {}

    /** Serves these resources from now on. */
    static void serve(Gateway gateway, List<Resource> resources) throws Exception {
        var generation = new Generation(NUMBERS.incrementAndGet(), resources);
        Outcome outcome = new Compiler(gateway.doors(), InstantSource.system(), List.of()).compile(generation);
        if (!(outcome instanceof Compiled compiled)) throw new AssertionError(outcome.toString());
        gateway.swap(compiled).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** Serves these documents, a YAML list in which {@code $0} stands for the port of the first address and so on. */
    static void yaml(Gateway gateway, String yaml, InetSocketAddress... addresses) throws Exception {
        String text = yaml;
        for (int i = 0; i < addresses.length; i++)
            text = text.replace(
                    "$" + i,
                    "address: " + addresses[i].getAddress().getHostAddress() + ", port: " + addresses[i].getPort());
        var resources = new ArrayList<Resource>();
        for (JsonNode document : new YAMLMapper().readTree(text)) {
            var read = ResourceCodec.read(document, Instant.EPOCH);
            if (!(read instanceof ResourceCodec.Read.Valid valid)) throw new AssertionError(read.toString());
            resources.add(valid.resource());
        }
        serve(gateway, resources);
    }

    /** Sends everything below a prefix to these endpoints. */
    static void all(Gateway gateway, String prefix, UpstreamSpec upstream) throws Exception {
        serve(gateway, List.of(resource(Kind.UPSTREAM, "test", upstream), route("test", prefix, "test")));
    }

    static void all(Gateway gateway, InetSocketAddress... addresses) throws Exception {
        all(gateway, "/", upstream(UpstreamSpec.Protocol.HTTP, addresses));
    }

    static Resource route(String name, String prefix, String upstream) {
        var match = new RouteSpec.Match(new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.PATH_PREFIX, prefix));
        var rule = new RouteSpec.Rule(List.of(match), List.of(), List.of(new BackendRef(upstream)));
        return resource(Kind.HTTP_ROUTE, name, new RouteSpec(List.of(), List.of(), List.of(rule)));
    }

    static Resource resource(Kind kind, String name, Spec spec) {
        return new Resource(kind, name, Map.of(), Instant.EPOCH, spec);
    }

    static UpstreamSpec upstream(UpstreamSpec.Protocol protocol, InetSocketAddress... addresses) {
        return UpstreamSpec.of(
                protocol,
                Arrays.stream(addresses)
                        .map(address ->
                                new UpstreamSpec.Endpoint(address.getAddress().getHostAddress(), address.getPort(), 1))
                        .toList());
    }

    /** An upstream of these times and nothing else. */
    static UpstreamSpec patient(Duration idle, Duration request, InetSocketAddress... addresses) {
        UpstreamSpec spec = upstream(UpstreamSpec.Protocol.HTTP, addresses);
        return new UpstreamSpec(
                spec.protocol(),
                spec.endpoints(),
                null,
                null,
                null,
                null,
                spec.loadBalancer(),
                null,
                null,
                new UpstreamSpec.Retry(2, List.of("connect-failure", "reset"), null),
                null,
                new UpstreamSpec.Timeout(Duration.ofSeconds(10), idle, request));
    }
}
