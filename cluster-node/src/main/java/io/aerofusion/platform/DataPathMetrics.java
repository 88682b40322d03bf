package io.aerofusion.platform;

import akka.actor.Cancellable;
import akka.actor.typed.ActorSystem;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewayCounters;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.upstream.UpstreamState;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import kamon.Kamon;
import kamon.tag.TagSet;

/** Publishes what the gateway's data path counts: it counts in adders of its own, and is read here every few seconds. */
final class DataPathMetrics {
    private static final Duration EVERY = Duration.ofSeconds(5);

    private final Gateway gateway;
    private final GuardState guards;
    private final Map<String, Long> published = new HashMap<>();

    private DataPathMetrics(Gateway gateway, GuardState guards) {
        this.gateway = gateway;
        this.guards = guards;
    }

    /** Publishes until the system ends. */
    static void start(ActorSystem<?> system, Gateway gateway, GuardState guards) {
        DataPathMetrics metrics = new DataPathMetrics(gateway, guards);
        Cancellable timer = system.scheduler()
                .scheduleAtFixedRate(Duration.ZERO, EVERY, metrics::publish, system.executionContext());
        system.getWhenTerminated().thenRun(timer::cancel);
    }

    private synchronized void publish() {
        GatewayCounters counters = gateway.counters();
        gauge("generation", "Generation that is served", TagSet.Empty(), gateway.generation());
        gauge("connections", "Client connections that are open", TagSet.Empty(), gateway.connections());
        count("connections.opened", "Client connections", TagSet.Empty(), counters.connectionsOpened.sum());
        count(
                "connections.refused",
                "Client connections beyond the bound",
                TagSet.Empty(),
                counters.connectionsRefused.sum());
        count("requests", "Requests that were answered", TagSet.Empty(), counters.requestsFinished.sum());
        for (int status = 1; status <= 5; status++) {
            count(
                    "responses",
                    "Responses by class of their status",
                    TagSet.of("status", status + "xx"),
                    counters.responses(status).sum());
        }
        counters.faults()
                .forEach((code, total) -> count(
                        "faults",
                        "Requests that the gateway answered or ended with a fault",
                        TagSet.of("fault", code),
                        total));
        count("retries", "Requests that were sent again", TagSet.Empty(), counters.retries.sum());
        count("upstream.opened", "Connections to upstreams", TagSet.Empty(), counters.upstreamOpened.sum());
        count(
                "upstream.reused",
                "Requests that found an idle connection",
                TagSet.Empty(),
                counters.upstreamReused.sum());
        count("bytes.in", "Bytes from clients", TagSet.Empty(), counters.bytesFromClients.sum());
        count("bytes.out", "Bytes to clients", TagSet.Empty(), counters.bytesToClients.sum());
        count(
                "cache.hits",
                "Requests that were answered from a cache",
                TagSet.Empty(),
                guards.cached().hits().sum());
        count(
                "cache.misses",
                "Requests that could have been answered from a cache and were not",
                TagSet.Empty(),
                guards.cached().misses().sum());
        count(
                "limit.owner.silent",
                "Requests decided by the node's share of a cluster-wide limit, because its owner did not answer",
                TagSet.Empty(),
                guards.limits().onShareCount());
        gateway.upstreamStates().forEach(this::publish);
    }

    private void publish(UpstreamState upstream) {
        TagSet tags = TagSet.of("upstream", upstream.name());
        gauge("upstream.active", "Requests at an upstream", tags, upstream.active());
        gauge("upstream.pending", "Requests that wait for an upstream", tags, upstream.pending());
        gauge(
                "upstream.healthy",
                "Endpoints that are healthy and not ejected",
                tags,
                upstream.endpoints().stream()
                        .filter(endpoint ->
                                endpoint.healthy() && endpoint.ejectedFor().isZero())
                        .count());
        count("upstream.requests", "Requests to an upstream", tags, upstream.requests());
        count("upstream.refused", "Requests that an upstream's limits refused", tags, upstream.refused());
        count("upstream.retries", "Requests sent again to an upstream", tags, upstream.retries());
        count("upstream.ejections", "Endpoints that were ejected", tags, upstream.ejections());
        count("upstream.breaker.openings", "How often a breaker opened", tags, upstream.breakerOpenings());
    }

    private static void gauge(String name, String help, TagSet tags, long value) {
        Kamon.gauge("aerofusion.gateway." + name, help).withTags(tags).update((double) value);
    }

    /** Counts what came since the last time; an upstream that was replaced begins anew. */
    private void count(String name, String help, TagSet tags, long total) {
        Long before = published.put(name + tags, total);
        long more = before == null || before > total ? total : total - before;
        Kamon.counter("aerofusion.gateway." + name, help).withTags(tags).increment(more);
    }
}
