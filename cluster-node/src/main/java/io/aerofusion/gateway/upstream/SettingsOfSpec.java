package io.aerofusion.gateway.upstream;

import io.aerofusion.gateway.upstream.Balancing.HashOn;
import io.aerofusion.gateway.upstream.RetryPolicy.Condition;
import io.aerofusion.gateway.upstream.Transport.Protocol;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads settings out of resources; the only place where both are known. */
final class SettingsOfSpec {
    private static final UpstreamSpec.Tls TLS = new UpstreamSpec.Tls(null, null, null, true);

    private SettingsOfSpec() {}

    static UpstreamSettings settings(String name, UpstreamSpec spec, PolicySpec policy, UpstreamTimeouts node) {
        UpstreamSpec.Retry retry = policy.retry() == null ? spec.retry() : policy.retry();
        UpstreamSpec.HealthCheck health = spec.healthCheck();
        UpstreamSpec.CircuitBreaker breaker = spec.circuitBreaker();
        UpstreamSpec.RetryBudget budget = spec.retryBudget();
        return new UpstreamSettings(
                name,
                spec.source() instanceof UpstreamSpec.Platform ? Transport.HTTP : transport(spec),
                origin(spec.source()),
                balancing(spec.loadBalancer()),
                active(health == null ? null : health.active()),
                passive(health == null ? null : health.passive()),
                breaker == null
                        ? BreakerSettings.DEFAULT
                        : new BreakerSettings(
                                breaker.failureThreshold(), breaker.recovery(), breaker.successThreshold(), true),
                breaker == null
                        ? UpstreamLimits.DEFAULT
                        : new UpstreamLimits(
                                breaker.maxConnections(), breaker.maxPendingRequests(), breaker.maxParallelRequests()),
                retry == null ? RetryPolicy.DEFAULT : retry(retry),
                budget == null ? RetryShare.DEFAULT : new RetryShare(budget.percent(), budget.minRetriesPerSecond()),
                timeouts(
                        spec.timeout(),
                        policy.timeout() == null ? null : policy.timeout().request(),
                        node));
    }

    private static UpstreamTimeouts timeouts(
            UpstreamSpec.@Nullable Timeout stated, @Nullable Duration request, UpstreamTimeouts node) {
        UpstreamSpec.Timeout own = stated == null ? new UpstreamSpec.Timeout(null, null, null) : stated;
        return new UpstreamTimeouts(
                own.connect() == null ? node.connect() : own.connect(),
                own.idle() == null ? node.idle() : own.idle(),
                request != null ? request : own.request() == null ? node.request() : own.request());
    }

    private static Transport transport(UpstreamSpec spec) {
        UpstreamSpec.Tls tls = spec.tls() == null ? TLS : spec.tls();
        return switch (spec.protocol()) {
            case HTTP -> new Transport(Protocol.HTTP1, null);
            case H2C -> new Transport(Protocol.HTTP2, null);
            case HTTPS -> new Transport(Protocol.HTTP1, tls);
            case H2 -> new Transport(Protocol.HTTP2, tls);
            case GRPC -> new Transport(Protocol.HTTP2, spec.tls());
        };
    }

    private static Origin origin(UpstreamSpec.Source source) {
        return switch (source) {
            case UpstreamSpec.Endpoints listed ->
                new Origin.Listed(listed.endpoints().stream()
                        .map(endpoint -> new Origin.Address(endpoint.address(), endpoint.port(), endpoint.weight()))
                        .toList());
            case UpstreamSpec.Dns dns ->
                switch (dns.type()) {
                    case A ->
                        new Origin.DnsAddresses(
                                dns.hostname(),
                                Objects.requireNonNull(dns.port(), "a name of type A has a port"),
                                dns.refresh());
                    case SRV -> new Origin.DnsServices(dns.hostname(), dns.refresh());
                };
            case UpstreamSpec.Discovery discovery -> new Origin.Service(discovery.serviceName(), discovery.portName());
            case UpstreamSpec.Platform platform -> new Origin.Platform();
        };
    }

    private static Balancing balancing(UpstreamSpec.LoadBalancer balancer) {
        Balancing.Method method = switch (balancer.type()) {
            case POWER_OF_TWO_CHOICES -> Balancing.Method.POWER_OF_TWO_CHOICES;
            case ROUND_ROBIN -> Balancing.Method.ROUND_ROBIN;
            case LEAST_REQUEST -> Balancing.Method.LEAST_REQUEST;
            case CONSISTENT_HASH -> Balancing.Method.CONSISTENT_HASH;
        };
        UpstreamSpec.SlowStart slowStart = balancer.slowStart();
        return new Balancing(
                method, hashOn(balancer.consistentHash()), slowStart == null ? Duration.ZERO : slowStart.window());
    }

    private static HashOn hashOn(UpstreamSpec.@Nullable ConsistentHash hash) {
        if (hash == null) {
            return new HashOn(HashOn.Of.NOTHING, null);
        }
        return switch (hash.type()) {
            case HEADER -> new HashOn(HashOn.Of.HEADER, hash.name());
            case COOKIE -> new HashOn(HashOn.Of.COOKIE, hash.name());
            case SOURCE_IP -> new HashOn(HashOn.Of.SOURCE_IP, null);
        };
    }

    private static @Nullable ActiveCheck active(UpstreamSpec.@Nullable Active active) {
        return active == null
                ? null
                : new ActiveCheck(
                        probe(active),
                        active.interval(),
                        active.timeout(),
                        active.healthyThreshold(),
                        active.unhealthyThreshold());
    }

    private static Probe probe(UpstreamSpec.Active active) {
        UpstreamSpec.Grpc grpc = active.grpc();
        return switch (active.kind()) {
            case HTTP -> new Probe.Http(active.path(), Set.copyOf(active.expectedStatuses()));
            case GRPC -> new Probe.Grpc(grpc == null ? "" : grpc.service());
            case TCP -> new Probe.Connect();
        };
    }

    private static @Nullable PassiveCheck passive(UpstreamSpec.@Nullable Passive passive) {
        return passive == null
                ? null
                : new PassiveCheck(
                        passive.consecutive5xx(),
                        passive.baseEjectionTime(),
                        passive.maxEjectionPercent(),
                        passive.interval());
    }

    static RetryPolicy retry(UpstreamSpec.Retry retry) {
        Set<Condition> conditions = EnumSet.noneOf(Condition.class);
        Set<Integer> statuses = new HashSet<>();
        for (String on : retry.retryOn()) {
            switch (on) {
                case "connect-failure" -> {
                    conditions.add(Condition.CONNECT_FAILURE);
                    conditions.add(Condition.REFUSED_STREAM);
                }
                case "reset" -> conditions.add(Condition.RESET);
                case "gateway-error" -> conditions.add(Condition.GATEWAY_ERROR);
                case "5xx" -> conditions.add(Condition.SERVER_ERROR);
                case "cancelled" -> conditions.add(Condition.GRPC_CANCELLED);
                case "deadline-exceeded" -> conditions.add(Condition.GRPC_DEADLINE_EXCEEDED);
                case "internal" -> conditions.add(Condition.GRPC_INTERNAL);
                case "resource-exhausted" -> conditions.add(Condition.GRPC_RESOURCE_EXHAUSTED);
                case "unavailable" -> conditions.add(Condition.GRPC_UNAVAILABLE);
                default -> statuses.add(Integer.valueOf(on));
            }
        }
        UpstreamSpec.PerRetry perRetry = retry.perRetry();
        Duration perTry = perRetry == null || perRetry.timeout() == null ? Duration.ZERO : perRetry.timeout();
        UpstreamSpec.BackOff backOff = perRetry == null ? null : perRetry.backOff();
        return new RetryPolicy(
                retry.numRetries(),
                conditions,
                statuses,
                perTry,
                backOff == null ? RetryPolicy.BACK_OFF_BASE : backOff.baseInterval(),
                backOff == null ? RetryPolicy.BACK_OFF_MAX : backOff.maxInterval());
    }

    /** The Gateway API has codes, attempts and a pause; failures to connect or to answer are always retried then. */
    static RetryPolicy retry(RouteSpec.Retry retry, Duration perTry) {
        Duration base = retry.backoff() == null ? RetryPolicy.BACK_OFF_BASE : retry.backoff();
        int attempts = retry.attempts() == null ? RetryPolicy.DEFAULT.retries() : retry.attempts();
        return new RetryPolicy(
                Math.min(attempts, RetryPolicy.RETRIES_MAX),
                EnumSet.of(Condition.CONNECT_FAILURE, Condition.REFUSED_STREAM, Condition.RESET),
                retry.codes(),
                perTry,
                base,
                base.multipliedBy(10));
    }
}
