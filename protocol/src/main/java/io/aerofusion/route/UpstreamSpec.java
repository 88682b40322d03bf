package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service that requests are forwarded to: where its endpoints are and how they are treated. Exactly one source is present.
 *
 * @param timeout null if it states none: then those of each node hold
 * @param openapi what describes its API; null if nothing does
 */
public record UpstreamSpec(
        Protocol protocol,
        @Nullable List<Endpoint> endpoints,
        @Nullable Dns dns,
        @Nullable Discovery discovery,
        @Nullable Platform platform,
        @Nullable Tls tls,
        LoadBalancer loadBalancer,
        @Nullable HealthCheck healthCheck,
        @Nullable CircuitBreaker circuitBreaker,
        @Nullable Retry retry,
        @Nullable RetryBudget retryBudget,
        @Nullable Timeout timeout,
        @Nullable OpenApi openapi)
        implements Spec {
    public UpstreamSpec {
        protocol = Defaults.or(protocol, Protocol.HTTP);
        endpoints = endpoints == null ? null : Defaults.list(endpoints);
        loadBalancer = Defaults.or(loadBalancer, new LoadBalancer(LoadBalancerType.POWER_OF_TWO_CHOICES, null, null));
    }

    /** An upstream whose API is not described. */
    public UpstreamSpec(
            Protocol protocol,
            @Nullable List<Endpoint> endpoints,
            @Nullable Dns dns,
            @Nullable Discovery discovery,
            @Nullable Platform platform,
            @Nullable Tls tls,
            LoadBalancer loadBalancer,
            @Nullable HealthCheck healthCheck,
            @Nullable CircuitBreaker circuitBreaker,
            @Nullable Retry retry,
            @Nullable RetryBudget retryBudget,
            @Nullable Timeout timeout) {
        this(
                protocol,
                endpoints,
                dns,
                discovery,
                platform,
                tls,
                loadBalancer,
                healthCheck,
                circuitBreaker,
                retry,
                retryBudget,
                timeout,
                null);
    }

    /** An upstream of these endpoints, all else as by default. */
    public static UpstreamSpec of(Protocol protocol, List<Endpoint> endpoints) {
        return new UpstreamSpec(
                protocol,
                endpoints,
                null,
                null,
                null,
                null,
                new LoadBalancer(LoadBalancerType.POWER_OF_TWO_CHOICES, null, null),
                null,
                null,
                null,
                null,
                null);
    }

    /** Where the endpoints come from. An upstream that names no source has an empty list of endpoints. */
    @JsonIgnore
    public Source source() {
        if (dns != null) {
            return dns;
        }
        if (discovery != null) {
            return discovery;
        }
        if (platform != null) {
            return platform;
        }
        return new Endpoints(endpoints == null ? List.of() : endpoints);
    }

    /** What is spoken with the upstream. */
    public enum Protocol {
        /** HTTP/1.1 */
        @JsonProperty("HTTP")
        HTTP,
        /** HTTP/2 with prior knowledge */
        @JsonProperty("H2C")
        H2C,
        /** HTTP/1.1 over TLS */
        @JsonProperty("HTTPS")
        HTTPS,
        /** HTTP/2 over TLS */
        @JsonProperty("H2")
        H2,
        /** gRPC: HTTP/2, over TLS if {@code tls} is present */
        @JsonProperty("GRPC")
        GRPC
    }

    /** Where endpoints come from. */
    public sealed interface Source permits Endpoints, Dns, Discovery, Platform {}

    /** Endpoints that are listed. */
    public record Endpoints(List<Endpoint> endpoints) implements Source {
        public Endpoints {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** An endpoint: a host name or an address, a port, and its share of the requests. */
    public record Endpoint(String address, Integer port, Integer weight) {
        public Endpoint {
            address = Defaults.text(address);
            port = Defaults.or(port, 0);
            weight = Defaults.or(weight, 1);
        }
    }

    /**
     * Endpoints from DNS.
     *
     * @param port needed with {@code A}; with {@code SRV} the records state it
     * @param refresh how long an answer is kept; without it, its TTL within bounds
     */
    public record Dns(
            String hostname,
            @Nullable Integer port,
            RecordType type,
            @Nullable Duration refresh) implements Source {
        public Dns {
            hostname = Defaults.text(hostname);
            type = Defaults.or(type, RecordType.A);
        }

        /** Which records: addresses (A and AAAA), or services (SRV). */
        public enum RecordType {
            @JsonProperty("A")
            A,
            @JsonProperty("SRV")
            SRV
        }
    }

    /** Endpoints from the node's service discovery, for instance the Kubernetes API. */
    public record Discovery(String serviceName, @Nullable String portName) implements Source {
        public Discovery {
            serviceName = Defaults.text(serviceName);
        }
    }

    /**
     * The platform's API: of the node that the request came to, and of the other nodes when that cannot be used. How it is spoken to, the nodes
     * know: the protocol and its TLS have no effect.
     */
    public record Platform() implements Source {}

    /**
     * How TLS is spoken with the endpoints.
     *
     * @param sni the server name; without it, the endpoint's host name
     * @param caCertificates PEM; without them, those of the JDK
     * @param clientCertificateRef a Certificate that is shown to the endpoints
     * @param verify whether the endpoint's certificate and name are checked
     */
    public record Tls(
            @Nullable String sni,
            @Nullable String caCertificates,
            @Nullable String clientCertificateRef,
            Boolean verify) {
        public Tls {
            verify = Defaults.or(verify, true);
        }
    }

    /** How requests are spread over the endpoints. */
    public record LoadBalancer(
            LoadBalancerType type,
            @Nullable ConsistentHash consistentHash,
            @Nullable SlowStart slowStart) {
        public LoadBalancer {
            type = Defaults.or(type, LoadBalancerType.POWER_OF_TWO_CHOICES);
        }
    }

    /** The rule by which an endpoint is picked. */
    public enum LoadBalancerType {
        /** The less busy one of two picked at random (Mitzenmacher 2001). */
        @JsonProperty("PowerOfTwoChoices")
        POWER_OF_TWO_CHOICES,
        @JsonProperty("RoundRobin")
        ROUND_ROBIN,
        @JsonProperty("LeastRequest")
        LEAST_REQUEST,
        @JsonProperty("ConsistentHash")
        CONSISTENT_HASH
    }

    /** What is hashed: a header, a cookie ({@code name}), or the client's address. */
    public record ConsistentHash(Type type, @Nullable String name) {
        public ConsistentHash {
            type = Defaults.or(type, Type.SOURCE_IP);
        }

        /** Where the key comes from. */
        public enum Type {
            @JsonProperty("Header")
            HEADER,
            @JsonProperty("Cookie")
            COOKIE,
            @JsonProperty("SourceIP")
            SOURCE_IP
        }
    }

    /** A new or recovered endpoint's share grows during this time. */
    public record SlowStart(Duration window) {
        public SlowStart {
            window = Defaults.or(window, Duration.ZERO);
        }
    }

    /** How it is found out which endpoints serve. */
    public record HealthCheck(
            @Nullable Active active, @Nullable Passive passive) {}

    /**
     * Endpoints are asked.
     *
     * @param type what they are asked; without it, HTTP
     * @param path of the GET, for the type HTTP
     * @param expectedStatuses what a well endpoint answers, for the type HTTP
     * @param grpc for the type GRPC; without it, the health of the whole server is asked
     * @param tcp for the type TCP, which has nothing to say: a connection is made and closed
     */
    public record Active(
            @Nullable CheckType type,
            String path,
            Duration interval,
            Duration timeout,
            Integer healthyThreshold,
            Integer unhealthyThreshold,
            List<Integer> expectedStatuses,
            @Nullable Grpc grpc,
            @Nullable Tcp tcp) {
        public Active {
            path = Defaults.or(path, "/");
            interval = Defaults.or(interval, Duration.ofSeconds(5));
            timeout = Defaults.or(timeout, Duration.ofSeconds(1));
            healthyThreshold = Defaults.or(healthyThreshold, 2);
            unhealthyThreshold = Defaults.or(unhealthyThreshold, 3);
            expectedStatuses = Defaults.list(expectedStatuses, List.of(200));
        }

        /** Asked by a GET. */
        public Active(
                String path,
                Duration interval,
                Duration timeout,
                Integer healthyThreshold,
                Integer unhealthyThreshold,
                List<Integer> expectedStatuses) {
            this(null, path, interval, timeout, healthyThreshold, unhealthyThreshold, expectedStatuses, null, null);
        }

        /** What endpoints are asked. */
        @JsonIgnore
        public CheckType kind() {
            return Defaults.or(type, CheckType.HTTP);
        }
    }

    /** What an active check is made of. */
    public enum CheckType {
        /** A GET whose status counts */
        @JsonProperty("HTTP")
        HTTP,
        /** gRPC's health checking protocol */
        @JsonProperty("GRPC")
        GRPC,
        /** A connection */
        @JsonProperty("TCP")
        TCP
    }

    /** Which gRPC service's health is asked; empty for that of the whole server. */
    public record Grpc(String service) {
        public Grpc {
            service = Defaults.text(service);
        }
    }

    /** That a connection can be made is all that is asked. */
    public record Tcp() {}

    /** Endpoints are judged by their answers, and left out for a while. */
    public record Passive(
            Integer consecutive5xx, Duration baseEjectionTime, Integer maxEjectionPercent, Duration interval) {
        public Passive {
            consecutive5xx = Defaults.or(consecutive5xx, 5);
            baseEjectionTime = Defaults.or(baseEjectionTime, Duration.ofSeconds(30));
            maxEjectionPercent = Defaults.or(maxEjectionPercent, 50);
            interval = Defaults.or(interval, Duration.ofSeconds(3));
        }
    }

    /**
     * When an endpoint is spared, and what the upstream may bear at once. A WebSocket is a connection and a request for as long as it
     * lives, so that the defaults for both leave room for thousands.
     */
    public record CircuitBreaker(
            Integer failureThreshold,
            Duration recovery,
            Integer successThreshold,
            Integer maxConnections,
            Integer maxPendingRequests,
            Integer maxParallelRequests) {
        public CircuitBreaker {
            failureThreshold = Defaults.or(failureThreshold, 5);
            recovery = Defaults.or(recovery, Duration.ofSeconds(30));
            successThreshold = Defaults.or(successThreshold, 2);
            maxConnections = Defaults.or(maxConnections, 10_000);
            maxPendingRequests = Defaults.or(maxPendingRequests, 1024);
            maxParallelRequests = Defaults.or(maxParallelRequests, 50_000);
        }
    }

    /**
     * What is tried again.
     *
     * @param retryOn {@code connect-failure}, {@code reset}, {@code 5xx}, {@code gateway-error} (502, 503, 504), status codes, or a gRPC
     *     status: {@code cancelled}, {@code deadline-exceeded}, {@code internal}, {@code resource-exhausted}, {@code unavailable}
     */
    public record Retry(
            Integer numRetries,
            List<String> retryOn,
            @Nullable PerRetry perRetry) {
        public Retry {
            numRetries = Defaults.or(numRetries, 2);
            retryOn = Defaults.list(retryOn, List.of("connect-failure"));
        }
    }

    /** How long one try may take, and the pause before the next. */
    public record PerRetry(
            @Nullable Duration timeout, @Nullable BackOff backOff) {}

    /** A pause that doubles from {@code baseInterval} up to {@code maxInterval}, with jitter. */
    public record BackOff(Duration baseInterval, Duration maxInterval) {
        public BackOff {
            baseInterval = Defaults.or(baseInterval, Duration.ofMillis(25));
            maxInterval = Defaults.or(maxInterval, Duration.ofMillis(250));
        }
    }

    /** How much retries may add: a percentage of the requests, and so many a second in any case. */
    public record RetryBudget(Integer percent, Integer minRetriesPerSecond) {
        public RetryBudget {
            percent = Defaults.or(percent, 20);
            minRetriesPerSecond = Defaults.or(minRetriesPerSecond, 10);
        }
    }

    /**
     * How long is waited for a connection, how long an unused one is kept, and how long a whole request may take. What is null is what
     * each node has: {@code aerofusion.gateway.timeouts.connect}, {@code upstream-idle} and {@code request}.
     */
    public record Timeout(
            @Nullable Duration connect,
            @Nullable Duration idle,
            @Nullable Duration request) {}

    /**
     * The OpenAPI document of a service: it is asked for it, or it stands here.
     *
     * @param path where the service has it, in JSON or YAML
     * @param refresh after which it is asked again
     * @param document the document itself
     * @param listed whether users see the API; operators do in any case
     */
    public record OpenApi(
            @Nullable String path,
            Duration refresh,
            @Nullable JsonNode document,
            Boolean listed) {
        public static final Duration REFRESH = Duration.ofMinutes(5);

        public OpenApi {
            refresh = Defaults.or(refresh, REFRESH);
            document = document == null || document.isNull() || document.isMissingNode() ? null : document;
            listed = Defaults.or(listed, true);
        }
    }
}
