package io.aerofusion.gateway;

import io.aerofusion.gateway.access.Observability;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.gateway.upstream.EndpointSource;
import io.aerofusion.gateway.upstream.ServiceLookup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * How the data path is set up.
 *
 * @param listeners where it listens
 * @param threads event loops; one per core is right
 * @param transport how it reads and writes sockets
 * @param bounds how much of everything
 * @param timeouts how long for everything
 * @param trustedProxy whose {@code X-Forwarded-*} and {@code Forwarded} fields are believed; those of all others are replaced
 * @param ticker nanoseconds that only go forward
 * @param clock the time of day
 * @param discovery finds the endpoints of upstreams that name a service
 * @param nameServers who is asked for upstreams whose endpoints are names, in this order; empty for those of the system
 * @param platform where the platform's own API is, for upstreams that name it; each target says how it is spoken to
 * @param policies makes the steps of a generation's rules
 * @param observability what is told of requests one by one
 * @param forwardedField whether upstreams get {@code Forwarded} (RFC 7239) beside {@code X-Forwarded-*}
 */
public record GatewaySettings(
        List<Listener> listeners,
        int threads,
        Transport transport,
        Bounds bounds,
        Timeouts timeouts,
        Predicate<InetAddress> trustedProxy,
        LongSupplier ticker,
        InstantSource clock,
        ServiceLookup discovery,
        List<InetSocketAddress> nameServers,
        EndpointSource platform,
        Policies policies,
        Observability observability,
        boolean forwardedField) {
    public GatewaySettings {
        listeners = List.copyOf(listeners);
        nameServers = List.copyOf(nameServers);
        if (listeners.isEmpty()) throw new IllegalArgumentException("a gateway needs a listener");
        if (threads < 1 || threads > 1024) throw new IllegalArgumentException("threads must be 1 to 1024: " + threads);
    }

    /** These listeners, and the defaults for the rest. */
    public static GatewaySettings of(List<Listener> listeners) {
        return new GatewaySettings(
                listeners,
                Runtime.getRuntime().availableProcessors(),
                Transport.AUTO,
                Bounds.DEFAULT,
                Timeouts.DEFAULT,
                address -> false,
                System::nanoTime,
                InstantSource.system(),
                (name, port) -> CompletableFuture.failedStage(new IllegalStateException("no service discovery")),
                List.of(),
                EndpointSource.fixed(List.of()),
                compiled -> rule -> List.of(),
                Observability.SILENT,
                false);
    }

    public GatewaySettings withThreads(int count) {
        return with(change -> change.threads = count);
    }

    public GatewaySettings withTransport(Transport wanted) {
        return with(change -> change.transport = wanted);
    }

    public GatewaySettings withBounds(Bounds changed) {
        return with(change -> change.bounds = changed);
    }

    public GatewaySettings withTimeouts(Timeouts changed) {
        return with(change -> change.timeouts = changed);
    }

    public GatewaySettings withTrustedProxy(Predicate<InetAddress> trusted) {
        return with(change -> change.trustedProxy = trusted);
    }

    public GatewaySettings withTicker(LongSupplier nanos) {
        return with(change -> change.ticker = nanos);
    }

    public GatewaySettings withUpstreams(ServiceLookup found, EndpointSource own) {
        return with(change -> {
            change.discovery = found;
            change.platform = own;
        });
    }

    public GatewaySettings withNameServers(List<InetSocketAddress> asked) {
        return with(change -> change.nameServers = asked);
    }

    public GatewaySettings withPolicies(Policies made) {
        return with(change -> change.policies = made);
    }

    public GatewaySettings withObservability(Observability told) {
        return with(change -> change.observability = told);
    }

    public GatewaySettings withForwardedField(boolean wanted) {
        return with(change -> change.forwardedField = wanted);
    }

    private GatewaySettings with(Consumer<Change> made) {
        var change = new Change(this);
        made.accept(change);
        return change.settings();
    }

    /** Settings on their way to others: the one place that copies them all. */
    private static final class Change {
        private final List<Listener> listeners;
        private int threads;
        private Transport transport;
        private Bounds bounds;
        private Timeouts timeouts;
        private Predicate<InetAddress> trustedProxy;
        private LongSupplier ticker;
        private final InstantSource clock;
        private ServiceLookup discovery;
        private List<InetSocketAddress> nameServers;
        private EndpointSource platform;
        private Policies policies;
        private Observability observability;
        private boolean forwardedField;

        Change(GatewaySettings from) {
            listeners = from.listeners;
            threads = from.threads;
            transport = from.transport;
            bounds = from.bounds;
            timeouts = from.timeouts;
            trustedProxy = from.trustedProxy;
            ticker = from.ticker;
            clock = from.clock;
            discovery = from.discovery;
            nameServers = from.nameServers;
            platform = from.platform;
            policies = from.policies;
            observability = from.observability;
            forwardedField = from.forwardedField;
        }

        GatewaySettings settings() {
            return new GatewaySettings(
                    listeners,
                    threads,
                    transport,
                    bounds,
                    timeouts,
                    trustedProxy,
                    ticker,
                    clock,
                    discovery,
                    nameServers,
                    platform,
                    policies,
                    observability,
                    forwardedField);
        }
    }

    /** Makes the steps that guard the rules of a generation, once per generation. */
    @FunctionalInterface
    public interface Policies {
        /** The steps by rule; asked for each rule at once, then no more. */
        Function<CompiledRule, List<Step>> of(Compiled compiled);
    }

    /** How clients are spoken to on a listener. */
    public enum Protocol {
        /** Plain TCP: HTTP/1.1, and HTTP/2 with prior knowledge. */
        HTTP,
        /** TLS with the generation's certificates: HTTP/1.1 and HTTP/2 by ALPN. */
        HTTPS
    }

    /**
     * One door.
     *
     * @param name what a route's {@code parentRefs[].sectionName} refers to
     * @param host the address to bind
     * @param port the port to bind; 0 lets the system choose
     * @param hostname which hosts it serves: empty for all, {@code *.example.com} for those below
     */
    public record Listener(String name, String host, int port, String hostname, Protocol protocol) {
        /** Serves every host. */
        public Listener(String name, String host, int port, Protocol protocol) {
            this(name, host, port, "", protocol);
        }
    }

    /**
     * How much of everything. What exceeds a bound is refused and counted, nothing grows without one.
     *
     * @param connectionsMax client connections at once; a further one is closed at once
     * @param targetBytesMax of a request target; 414
     * @param headBytesMax of a request's or response's head and of its trailers; 431, or 502 for an upstream's
     * @param fieldsMax field lines in one head; 431, or 502
     * @param bodyBytesMax of a request body; 413. Long.MAX_VALUE for no bound
     * @param readAheadBytesMax bytes of a pipelined or paused client that are held before its socket is no longer read
     * @param writeBufferBytesMax bytes that wait for a slow reader before the other side is no longer read
     * @param idlePerEndpointMax idle keep-alive connections to one endpoint, per event loop; a further one is closed
     * @param requestsPerConnectionMax after which a client's connection is closed
     * @param streamsMax concurrent HTTP/2 streams on one connection; more are refused
     * @param resetsPerMinuteMax streams a client may reset in a minute before its connection is closed (rapid reset)
     * @param lingerBytesMax bytes of an unwanted request body that are discarded so that the client can read the refusal
     */
    public record Bounds(
            int connectionsMax,
            int targetBytesMax,
            int headBytesMax,
            int fieldsMax,
            long bodyBytesMax,
            int readAheadBytesMax,
            int writeBufferBytesMax,
            int idlePerEndpointMax,
            int requestsPerConnectionMax,
            int streamsMax,
            int resetsPerMinuteMax,
            long lingerBytesMax) {
        public static final Bounds DEFAULT = new Bounds(
                65_536, 8_192, 32_768, 100, Long.MAX_VALUE, 65_536, 65_536, 256, 100_000, 100, 200, 1_048_576);

        public Bounds {
            if (headBytesMax < 1_024 || headBytesMax > 1 << 20)
                throw new IllegalArgumentException("headBytesMax must be 1 KiB to 1 MiB: " + headBytesMax);
            if (targetBytesMax < 64 || targetBytesMax > headBytesMax)
                throw new IllegalArgumentException("targetBytesMax must be 64 to headBytesMax: " + targetBytesMax);
            if (fieldsMax < 1
                    || connectionsMax < 1
                    || bodyBytesMax < 0
                    || readAheadBytesMax < 1
                    || writeBufferBytesMax < 1_024
                    || idlePerEndpointMax < 0
                    || requestsPerConnectionMax < 1
                    || streamsMax < 1
                    || resetsPerMinuteMax < 1
                    || lingerBytesMax < 0)
                throw new IllegalArgumentException("a bound of the gateway is too small: " + this);
        }
    }

    /**
     * How long for everything; checked every 50 ms, so a timeout may come that much later.
     *
     * @param head from the first byte of a request (or from accepting the connection) to the end of its head; 408
     * @param bodyIdle between two pieces of a request body; 408
     * @param keepAlive an idle client connection stays open
     * @param request from the head of the request to the end of the response, where neither route nor upstream sets one, and how long
     *     policies may take in any case; 504
     * @param sendIdle a client may take nothing of a waiting response; then it is cut
     * @param connect to reach an upstream endpoint, where the upstream sets none; 504
     * @param upstreamIdle an idle upstream connection is kept, where the upstream sets none
     * @param tunnelIdle an upgraded connection (WebSocket), or a response of events or gRPC, may carry nothing in either direction
     * @param linger an unwanted request body is discarded so that the client can read the refusal
     */
    public record Timeouts(
            Duration head,
            Duration bodyIdle,
            Duration keepAlive,
            Duration request,
            Duration sendIdle,
            Duration connect,
            Duration upstreamIdle,
            Duration tunnelIdle,
            Duration linger) {
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(75),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                Duration.ofSeconds(60),
                Duration.ofMinutes(10),
                Duration.ofSeconds(2));

        public Timeouts {
            for (Duration each :
                    List.of(head, bodyIdle, keepAlive, request, sendIdle, connect, upstreamIdle, tunnelIdle, linger))
                if (each.isNegative())
                    throw new IllegalArgumentException("a timeout of the gateway is negative: " + each);
        }
    }
}
