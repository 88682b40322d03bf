package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an upstream must be, by itself. */
final class UpstreamChecks {
    static final int ENDPOINTS_MAX = 1000;
    static final int WEIGHT_MAX = 1000;
    /** Of a document that stands in the resource: every node holds it, and every change of the gateway carries it. */
    static final int DOCUMENT_LENGTH_MAX = 262_144;

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final Set<String> RETRY_ON = Set.of(
            "connect-failure",
            "reset",
            "5xx",
            "gateway-error",
            "cancelled",
            "deadline-exceeded",
            "internal",
            "resource-exhausted",
            "unavailable");

    private final Checks checks;

    UpstreamChecks(Checks checks) {
        this.checks = checks;
    }

    void check(UpstreamSpec upstream) {
        source(upstream);
        if (upstream.endpoints() != null) {
            endpoints(upstream.endpoints());
        }
        if (upstream.dns() != null) {
            dns(upstream.dns());
        }
        if (upstream.discovery() != null) {
            checks.text("/spec/discovery/serviceName", upstream.discovery().serviceName());
        }
        if (upstream.tls() != null) {
            tls(upstream.tls(), upstream.protocol());
        }
        balancer(upstream.loadBalancer());
        if (upstream.healthCheck() != null) {
            health(upstream.healthCheck(), upstream.protocol());
        }
        if (upstream.circuitBreaker() != null) {
            breaker(upstream.circuitBreaker());
        }
        if (upstream.retry() != null) {
            retry("/spec/retry", upstream.retry(), checks);
        }
        if (upstream.retryBudget() != null) {
            checks.range("/spec/retryBudget/percent", upstream.retryBudget().percent(), 0, 100);
            checks.range(
                    "/spec/retryBudget/minRetriesPerSecond",
                    upstream.retryBudget().minRetriesPerSecond(),
                    0,
                    10_000);
        }
        if (upstream.openapi() != null) {
            openapi(upstream.openapi());
        }
        UpstreamSpec.@Nullable Timeout timeout = upstream.timeout();
        if (timeout != null) {
            checks.range("/spec/timeout/connect", timeout.connect(), SHORTEST, Duration.ofMinutes(1));
            checks.range("/spec/timeout/idle", timeout.idle(), SHORTEST, LONGEST);
            checks.range("/spec/timeout/request", timeout.request(), Duration.ZERO, LONGEST);
        }
    }

    private void openapi(UpstreamSpec.OpenApi openapi) {
        String at = "/spec/openapi";
        checks.require(
                openapi.path() != null || openapi.document() != null,
                at,
                Problem.REQUIRED,
                "Name the path of the document, or write the document.");
        checks.require(
                openapi.path() == null || openapi.document() == null,
                at,
                Problem.NOT_TOGETHER,
                "Name only one of path and document.");
        String path = openapi.path();
        checks.require(
                path == null
                        || (path.startsWith("/")
                                && path.length() <= RouteChecks.PATH_LENGTH_MAX
                                && path.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '#')),
                at + "/path",
                Problem.INVALID,
                "A path begins with a slash and has no spaces and no #.");
        checks.range(at + "/refresh", openapi.refresh(), Duration.ofSeconds(10), LONGEST);
        JsonNode document = openapi.document();
        checks.require(
                document == null || document.isObject(), at + "/document", Problem.INVALID, "It is no JSON object.");
        checks.require(
                document == null || document.toString().length() <= DOCUMENT_LENGTH_MAX,
                at + "/document",
                Problem.OUT_OF_RANGE,
                "At most " + DOCUMENT_LENGTH_MAX + " characters; have the service serve it and name the path.");
    }

    private void source(UpstreamSpec upstream) {
        int sources = 0;
        for (Object source :
                new @Nullable Object[] {upstream.endpoints(), upstream.dns(), upstream.discovery(), upstream.platform()
                }) {
            sources += source == null ? 0 : 1;
        }
        checks.require(sources > 0, "/spec", Problem.REQUIRED, "Name endpoints, dns, discovery or platform.");
        checks.require(
                sources < 2, "/spec", Problem.NOT_TOGETHER, "Name only one of endpoints, dns, discovery and platform.");
    }

    private void endpoints(List<UpstreamSpec.Endpoint> endpoints) {
        checks.count("/spec/endpoints", endpoints, ENDPOINTS_MAX);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < endpoints.size(); i++) {
            UpstreamSpec.Endpoint endpoint = endpoints.get(i);
            String at = "/spec/endpoints/" + i;
            checks.text(at + "/address", endpoint.address());
            checks.require(
                    endpoint.address().matches("[A-Za-z0-9._:%\\[\\]-]*"),
                    at + "/address",
                    Problem.INVALID,
                    "Write a host name or an address, without a port.");
            checks.range(at + "/port", endpoint.port(), 1, 65535);
            checks.range(at + "/weight", endpoint.weight(), 0, WEIGHT_MAX);
            checks.require(
                    seen.add(endpoint.address() + "|" + endpoint.port()),
                    at,
                    Problem.DUPLICATE,
                    "This endpoint is there already.");
        }
    }

    private void dns(UpstreamSpec.Dns dns) {
        checks.text("/spec/dns/hostname", dns.hostname());
        checks.range("/spec/dns/port", dns.port(), 1, 65535);
        checks.range("/spec/dns/refresh", dns.refresh(), Duration.ofSeconds(1), LONGEST);
        checks.require(
                dns.type() == UpstreamSpec.Dns.RecordType.SRV || dns.port() != null,
                "/spec/dns/port",
                Problem.REQUIRED,
                "Records of addresses state no port: write it here.");
    }

    private void tls(UpstreamSpec.Tls tls, UpstreamSpec.Protocol protocol) {
        boolean encrypted = switch (protocol) {
            case HTTPS, H2, GRPC -> true;
            case HTTP, H2C -> false;
        };
        checks.require(
                encrypted, "/spec/tls", Problem.NOT_TOGETHER, "The protocol is without TLS: write HTTPS, H2 or GRPC.");
        if (tls.sni() != null) {
            checks.hostname("/spec/tls/sni", tls.sni(), false);
        }
        if (tls.caCertificates() != null) {
            checks.pem("/spec/tls/caCertificates", tls.caCertificates(), "CERTIFICATE");
        }
        if (tls.clientCertificateRef() != null) {
            checks.name("/spec/tls/clientCertificateRef", tls.clientCertificateRef());
        }
    }

    private void balancer(UpstreamSpec.LoadBalancer balancer) {
        UpstreamSpec.@Nullable ConsistentHash hash = balancer.consistentHash();
        boolean hashed = balancer.type() == UpstreamSpec.LoadBalancerType.CONSISTENT_HASH;
        checks.require(
                !hashed || hash != null, "/spec/loadBalancer/consistentHash", Problem.REQUIRED, "Say what is hashed.");
        checks.require(
                hashed || hash == null,
                "/spec/loadBalancer/consistentHash",
                Problem.NOT_TOGETHER,
                "It belongs to the type ConsistentHash.");
        if (hash != null && hash.type() != UpstreamSpec.ConsistentHash.Type.SOURCE_IP) {
            checks.token("/spec/loadBalancer/consistentHash/name", hash.name() == null ? "" : hash.name());
        }
        if (balancer.slowStart() != null) {
            checks.range(
                    "/spec/loadBalancer/slowStart/window",
                    balancer.slowStart().window(),
                    Duration.ZERO,
                    Duration.ofHours(1));
        }
    }

    private void health(UpstreamSpec.HealthCheck health, UpstreamSpec.Protocol protocol) {
        UpstreamSpec.@Nullable Active active = health.active();
        if (active != null) {
            String at = "/spec/healthCheck/active";
            checks.require(active.path().startsWith("/"), at + "/path", Problem.INVALID, "A path begins with a slash.");
            checks.value(at + "/path", active.path());
            checks.range(at + "/interval", active.interval(), Duration.ofMillis(100), Duration.ofHours(1));
            checks.range(at + "/timeout", active.timeout(), SHORTEST, Duration.ofMinutes(1));
            checks.range(at + "/healthyThreshold", active.healthyThreshold(), 1, 100);
            checks.range(at + "/unhealthyThreshold", active.unhealthyThreshold(), 1, 100);
            for (int i = 0; i < active.expectedStatuses().size(); i++) {
                checks.range(
                        at + "/expectedStatuses/" + i, active.expectedStatuses().get(i), 100, 599);
            }
            kind(at, active, protocol);
        }
        UpstreamSpec.@Nullable Passive passive = health.passive();
        if (passive != null) {
            String at = "/spec/healthCheck/passive";
            checks.range(at + "/consecutive5xx", passive.consecutive5xx(), 1, 1000);
            checks.range(at + "/baseEjectionTime", passive.baseEjectionTime(), SHORTEST, Duration.ofHours(1));
            checks.range(at + "/maxEjectionPercent", passive.maxEjectionPercent(), 0, 100);
            checks.range(at + "/interval", passive.interval(), SHORTEST, Duration.ofHours(1));
        }
    }

    private void kind(String at, UpstreamSpec.Active active, UpstreamSpec.Protocol protocol) {
        boolean http2 = switch (protocol) {
            case H2C, H2, GRPC -> true;
            case HTTP, HTTPS -> false;
        };
        checks.require(
                http2 || active.kind() != UpstreamSpec.CheckType.GRPC,
                at + "/type",
                Problem.NOT_TOGETHER,
                "A check by gRPC needs HTTP/2: the upstream's protocol must be GRPC, H2 or H2C.");
        UpstreamSpec.@Nullable Grpc grpc = active.grpc();
        if (grpc != null) {
            checks.require(
                    active.kind() == UpstreamSpec.CheckType.GRPC,
                    at + "/grpc",
                    Problem.NOT_TOGETHER,
                    "It belongs to the type GRPC.");
            checks.value(at + "/grpc/service", grpc.service());
        }
        checks.require(
                active.tcp() == null || active.kind() == UpstreamSpec.CheckType.TCP,
                at + "/tcp",
                Problem.NOT_TOGETHER,
                "It belongs to the type TCP.");
    }

    private void breaker(UpstreamSpec.CircuitBreaker breaker) {
        String at = "/spec/circuitBreaker";
        checks.range(at + "/failureThreshold", breaker.failureThreshold(), 1, 10_000);
        checks.range(at + "/recovery", breaker.recovery(), SHORTEST, Duration.ofHours(1));
        checks.range(at + "/successThreshold", breaker.successThreshold(), 1, 10_000);
        checks.range(at + "/maxConnections", breaker.maxConnections(), 1, 1_000_000);
        checks.range(at + "/maxPendingRequests", breaker.maxPendingRequests(), 0, 1_000_000);
        checks.range(at + "/maxParallelRequests", breaker.maxParallelRequests(), 1, 1_000_000);
    }

    static void retry(String at, UpstreamSpec.Retry retry, Checks checks) {
        checks.range(at + "/numRetries", retry.numRetries(), 0, 10);
        for (int i = 0; i < retry.retryOn().size(); i++) {
            String condition = retry.retryOn().get(i);
            checks.require(
                    RETRY_ON.contains(condition) || condition.matches("[45][0-9][0-9]"),
                    at + "/retryOn/" + i,
                    Problem.INVALID,
                    "Write connect-failure, reset, 5xx, gateway-error, a status from 400 on, or of gRPC cancelled,"
                            + " deadline-exceeded, internal, resource-exhausted or unavailable.");
        }
        UpstreamSpec.@Nullable PerRetry perRetry = retry.perRetry();
        if (perRetry != null) {
            checks.range(at + "/perRetry/timeout", perRetry.timeout(), SHORTEST, LONGEST);
            UpstreamSpec.@Nullable BackOff backOff = perRetry.backOff();
            if (backOff != null) {
                checks.range(
                        at + "/perRetry/backOff/baseInterval", backOff.baseInterval(), SHORTEST, Duration.ofMinutes(1));
                checks.range(
                        at + "/perRetry/backOff/maxInterval",
                        backOff.maxInterval(),
                        backOff.baseInterval(),
                        Duration.ofMinutes(1));
            }
        }
    }
}
