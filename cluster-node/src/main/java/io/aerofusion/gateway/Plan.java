package io.aerofusion.gateway;

import io.aerofusion.gateway.access.Observability;
import io.aerofusion.gateway.routing.Backends.Backend;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.gateway.routing.Filters;
import io.aerofusion.gateway.routing.Rewrite;
import io.aerofusion.gateway.upstream.RetryPolicy;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.usage.Tally;
import io.aerofusion.gateway.usage.Traffic;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What is done with the requests of one rule: its policies' steps, its filters, and where its backends' requests go. */
final class Plan {
    private final CompiledRule rule;
    private final List<Step> steps;
    private final Map<String, Upstream> upstreams;
    private final IdentityHashMap<Backend, Route> routes = new IdentityHashMap<>();
    private final @Nullable Backend only;
    private final long bodyBytesMax;
    private final long fieldBytesMax;
    private final long logThreshold;
    private final Traffic traffic;
    private final Tally tally;

    /**
     * @param bodyBytesMax the node's own bound; policies may say less
     * @param logThreshold the node's own, where no policy says another
     */
    Plan(
            CompiledRule rule,
            List<Step> steps,
            Map<String, Upstream> upstreams,
            long bodyBytesMax,
            long logThreshold,
            Traffic traffic) {
        this.traffic = traffic;
        this.tally = traffic.routes().of(rule.route());
        this.rule = rule;
        this.steps = List.copyOf(steps);
        this.upstreams = upstreams;
        List<Backend> backends = rule.backends().all();
        for (Backend backend : backends) {
            Upstream upstream = upstreams.get(backend.upstream());
            if (upstream != null) routes.put(backend, route(upstream));
        }
        this.only = backends.size() == 1 && backends.getFirst().weight() > 0 ? backends.getFirst() : null;
        var limits = rule.policy().spec().limits();
        Long stated = limits == null ? null : limits.bodyBytes();
        this.bodyBytesMax = stated == null ? bodyBytesMax : Math.min(stated, bodyBytesMax);
        Long fields = limits == null ? null : limits.headerBytes();
        this.fieldBytesMax = fields == null ? Long.MAX_VALUE : fields;
        var log = rule.policy().spec().accessLog();
        this.logThreshold = log == null ? logThreshold : Observability.threshold(100 * log.sample());
    }

    String name() {
        return rule.route();
    }

    /** The route's. */
    Tally tally() {
        return tally;
    }

    List<Step> steps() {
        return steps;
    }

    Filters filters() {
        return rule.filters();
    }

    long bodyBytesMax() {
        return bodyBytesMax;
    }

    /** The fields of a request, as {@link Exchange#fieldBytes} counts them. */
    long fieldBytesMax() {
        return fieldBytesMax;
    }

    /** The share of its successes that are logged, as {@link Observability#threshold} has it. */
    long logThreshold() {
        return logThreshold;
    }

    /** The upstream a mirror names, or null. */
    @Nullable Route mirror(String upstream) {
        Upstream found = upstreams.get(upstream);
        return found == null ? null : new Route(found, traffic.upstreams().of(upstream));
    }

    /** Picks a backend and makes the request what its upstream gets; null if there is none. */
    @Nullable Route forward(Exchange x, int prefixLength) {
        Filters filters = rule.filters();
        if (!filters.requestHeaders().isEmpty()) filters.requestHeaders().apply(x.request);
        Backend backend = only;
        if (backend == null)
            backend = rule.backends().pick(ThreadLocalRandom.current().nextInt());
        if (backend == null) return null;
        rewrite(x, filters.rewrite(), prefixLength);
        if (!backend.filters().equals(Filters.NONE)) {
            backend.filters().requestHeaders().apply(x.request);
            rewrite(x, backend.filters().rewrite(), prefixLength);
            x.backendFilters(backend.filters());
        }
        return routes.get(backend);
    }

    private static void rewrite(Exchange x, @Nullable Rewrite rewrite, int prefixLength) {
        if (rewrite == null) return;
        String host = rewrite.hostname();
        if (host != null) {
            x.request.set("host", host);
            x.authority = host;
        }
        x.upstreamTarget = rewrite.target(x.rawTarget, x.path, prefixLength);
    }

    private Route route(Upstream upstream) {
        RetryPolicy policy = retry(upstream.settings().retry());
        Duration request = rule.requestTimeout();
        Duration perTry = rule.timeouts() == null ? null : rule.timeouts().backendRequest();
        return new Route(
                upstream,
                policy,
                (request == null ? upstream.settings().timeouts().request() : request).toNanos(),
                (perTry == null ? policy.perTry() : perTry).toNanos(),
                traffic.upstreams().of(upstream.settings().name()));
    }

    /** The rule's own word before a policy's before the upstream's. */
    private RetryPolicy retry(RetryPolicy upstream) {
        RouteSpec.Retry own = rule.retry();
        if (own != null) return RetryPolicy.of(own, upstream.perTry());
        UpstreamSpec.Retry stated = rule.policy().spec().retry();
        return stated == null ? upstream : RetryPolicy.of(stated);
    }
}
