package io.aerofusion.gateway;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.access.AccessLog;
import io.aerofusion.gateway.access.Observability;
import io.aerofusion.gateway.http1.Http1Client;
import io.aerofusion.gateway.http1.RequestHead;
import io.aerofusion.gateway.http2.Http2Client;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.tls.ServerCertificates;
import io.aerofusion.gateway.tls.ServerTls;
import io.aerofusion.gateway.tls.ServerTls.Session;
import io.aerofusion.gateway.tls.TlsClient;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Transport;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import io.aerofusion.gateway.upstream.UpstreamState;
import io.aerofusion.gateway.upstream.UpstreamTable;
import io.aerofusion.gateway.upstream.UpstreamTimeouts;
import io.aerofusion.gateway.usage.Traffic;
import io.aerofusion.gateway.usage.Usage;
import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.UpstreamSpec;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running data path: its listeners and its event loops.
 *
 * <p>A connection belongs to one loop for its life, and everything a request of it needs lives on that loop: the parser, the
 * exchange, the connections to upstreams. A generation is swapped by one volatile write; a request takes the one it finds
 * when its head is complete and keeps it.
 */
public final class Gateway implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    /** How long a new generation waits for the endpoints of its upstreams. */
    static final Duration KNOWN_MAX = Duration.ofSeconds(2);
    /** How long closing waits for the loops. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private final GatewaySettings settings;
    private final GatewayCounters counters = new GatewayCounters();
    private final Traffic traffic;
    private final @Nullable AccessLog accessLog;
    private final long traceThreshold;
    private final long logThreshold;
    private final Sockets sockets;
    private final EventLoopGroup group;
    private final Map<EventExecutor, Loop> loops = new HashMap<>();
    private final List<Channel> listeners = new ArrayList<>();
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final UpstreamTable upstreams;
    private final TlsClient tlsClient = new TlsClient();
    private final AtomicLong swaps = new AtomicLong();
    private final Object takingOver = new Object();
    private volatile @Nullable Serving serving;
    private volatile boolean closed;

    private Gateway(GatewaySettings settings) {
        this.settings = settings;
        this.traffic = new Traffic(settings.threads());
        Observability observability = settings.observability();
        this.accessLog = observability.accessLog() == null ? null : new AccessLog(observability.accessLog());
        this.traceThreshold = Observability.threshold(observability.traceSamplePercent());
        this.logThreshold = Observability.threshold(observability.samplePercent());
        this.sockets = Sockets.of(settings.transport());
        this.group = sockets.group(settings.threads());
        for (EventExecutor executor : group) {
            var loop = new Loop((EventLoop) executor, this, loops.size());
            loops.put(executor, loop);
            loop.start();
        }
        this.upstreams = UpstreamTable.start(
                settings.discovery(),
                settings.platform(),
                transport -> Objects.requireNonNull(context(transport)),
                this::released,
                settings.nameServers());
    }

    /** Binds every listener, or none: what cannot be bound is thrown. */
    public static Gateway start(GatewaySettings settings) {
        var gateway = new Gateway(settings);
        try {
            for (int i = 0; i < settings.listeners().size(); i++) gateway.bind(i);
        } catch (RuntimeException failed) {
            gateway.close();
            throw failed;
        }
        return gateway;
    }

    private void bind(int index) {
        Listener listener = settings.listeners().get(index);
        for (int i = 0; i < index; i++) {
            Listener bound = settings.listeners().get(i);
            // several host names on one port: the generation's tables tell them apart
            if (listener.port() != 0
                    && bound.port() == listener.port()
                    && bound.host().equals(listener.host())) {
                addresses.add(addresses.get(i));
                return;
            }
        }
        int low = settings.bounds().writeBufferBytesMax() / 2;
        var local = new InetSocketAddress(listener.host(), listener.port());
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channelFactory(() -> sockets.server(local.getAddress()))
                .option(ChannelOption.SO_BACKLOG, 4_096)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(low, low * 2))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel, index);
                    }
                })
                .bind(local);
        if (!bound.awaitUninterruptibly(CLOSE_MAX.toMillis())) {
            throw new IllegalStateException("Binding " + listener + " took too long");
        }
        if (!bound.isSuccess()) {
            throw new IllegalStateException(
                    "Cannot bind listener " + listener.name() + " to " + listener.host() + ":" + listener.port(),
                    bound.cause());
        }
        listeners.add(bound.channel());
        addresses.add((InetSocketAddress) bound.channel().localAddress());
    }

    private void accept(Channel channel, int listener) {
        if (connections.incrementAndGet() > settings.bounds().connectionsMax() || closed) {
            connections.decrementAndGet();
            counters.connectionsRefused.increment();
            channel.close();
            return;
        }
        counters.connectionsOpened.increment();
        channel.closeFuture().addListener(closed -> {
            connections.decrementAndGet();
            counters.connectionsClosed.increment();
        });
        Loop loop = loops.get(channel.eventLoop());
        if (loop == null) throw new IllegalStateException("a connection on a foreign loop");
        var peer = (InetSocketAddress) channel.remoteAddress();
        if (peer == null) {
            // it was closed before it was accepted
            channel.close();
            return;
        }
        if (settings.listeners().get(listener).protocol() == Protocol.HTTP) {
            speak(channel, loop, peer, listener, null);
            return;
        }
        channel.pipeline()
                .addLast(new ServerTls(
                        this::certificates,
                        settings.timeouts().head().toMillis(),
                        (ready, session) -> speak(ready, loop, peer, listener, session)));
    }

    private void speak(Channel channel, Loop loop, InetSocketAddress peer, int listener, @Nullable Session session) {
        var request = new RequestHead(
                peer, settings.trustedProxy().test(peer.getAddress()), session, settings.forwardedField());
        if (session == null) {
            channel.pipeline().addLast("http1", new Http1Client(loop, channel, request, listener, bytes -> {
                channel.pipeline().replace("http1", null, Http2Client.of(loop, request, listener));
                channel.pipeline().fireChannelRead(bytes);
            }));
        } else if (session.http2()) channel.pipeline().addLast(Http2Client.of(loop, request, listener));
        else channel.pipeline().addLast(new Http1Client(loop, channel, request, listener, null));
    }

    private ServerCertificates certificates() {
        Serving current = serving;
        return current == null ? ServerCertificates.NONE : current.certificates();
    }

    /** The TLS context for connections to an upstream; null if it is spoken to in the clear. */
    @Nullable SslContext context(Transport transport) {
        UpstreamSpec.Tls tls = transport.tls();
        if (tls == null) return null;
        Serving current = serving;
        String reference = tls.clientCertificateRef();
        CertificateSpec own = reference == null || current == null
                ? null
                : current.compiled().certificates().get(reference);
        return tlsClient.context(tls, transport.protocol() == Transport.Protocol.HTTP2, transport.anyName(), own);
    }

    /** Gets a document of an upstream of the present generation; never fails. */
    public CompletionStage<DocumentFetch.Fetched> fetch(DocumentFetch.Wanted wanted) {
        Upstream upstream = upstreams.get(wanted.upstream());
        return new DocumentFetch(group.next(), sockets, this::context).get(upstream, wanted);
    }

    private void released(Endpoint endpoint) {
        for (Loop loop : loops.values())
            loop.eventLoop().execute(() -> loop.pools().release(endpoint));
    }

    /** Where it listens, in the order of the settings. */
    public List<InetSocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    public GatewayCounters counters() {
        return counters;
    }

    /** What became of the requests of each route, upstream and consumer since the start; read without stopping anything. */
    public Usage usage() {
        return traffic.usage();
    }

    /** Entries of the access log that were dropped because they came faster than they could be written. */
    public long accessLogDropped() {
        return accessLog == null ? 0 : accessLog.dropped();
    }

    Traffic traffic() {
        return traffic;
    }

    @Nullable AccessLog accessLog() {
        return accessLog;
    }

    /** Traces whose 31 random bits lie below it are marked to be recorded. */
    long traceThreshold() {
        return traceThreshold;
    }

    /** Successful requests whose 31 random bits lie below it are logged. */
    long logThreshold() {
        return logThreshold;
    }

    /** Client connections that are open. */
    public int connections() {
        return connections.get();
    }

    GatewaySettings settings() {
        return settings;
    }

    Sockets sockets() {
        return sockets;
    }

    /** The generation that is served, or null before the first. */
    @Nullable Serving serving() {
        return serving;
    }

    /** The number of the generation that is served; 0 before the first. */
    public long generation() {
        Serving current = serving;
        return current == null ? 0 : current.compiled().generation().number();
    }

    /**
     * Serves this generation from now on: requests whose head is complete later go by it, those under way by the one they began
     * with. What is known of upstreams that stay (connections, health, breakers, counts) stays.
     *
     * @return completed when it is served: as soon as the endpoints of its upstreams are known, or after {@link #KNOWN_MAX}. When
     *     another generation overtakes it, that one is served instead.
     */
    public synchronized CompletionStage<Void> swap(Compiled compiled) {
        long order = swaps.incrementAndGet();
        Timeouts times = settings.timeouts();
        var node = new UpstreamTimeouts(times.connect(), times.upstreamIdle(), times.request());
        var named = new ArrayList<UpstreamSettings>();
        compiled.upstreams()
                .forEach((name, spec) -> named.add(UpstreamSettings.of(
                        name, spec, compiled.upstreamPolicy(name).spec(), node)));
        Map<String, Upstream> found = upstreams.swap(named);
        count(compiled);
        Serving current = serving;
        var next = new Serving(
                compiled,
                ServerCertificates.of(
                        compiled.certificates(), current == null ? ServerCertificates.NONE : current.certificates()),
                found,
                settings.listeners(),
                settings.policies().of(compiled),
                settings.bounds().bodyBytesMax(),
                logThreshold,
                traffic);
        return upstreams.known(KNOWN_MAX).thenRun(() -> serve(next, order));
    }

    /**
     * Unless another generation has overtaken it. Whoever tells the last endpoints comes here, with the lock of the upstreams, which
     * {@link #swap} takes within its own: so not under that one.
     */
    private void serve(Serving next, long order) {
        synchronized (takingOver) {
            if (swaps.get() == order) serving = next;
        }
    }

    private void count(Compiled compiled) {
        Set<String> routes = new HashSet<>();
        compiled.rules().forEach(rule -> routes.add(rule.route()));
        Set<String> consumers = new HashSet<>();
        for (Resource resource : compiled.generation().resources())
            if (resource.kind() == Kind.CONSUMER) consumers.add(resource.name());
        traffic.retain(routes, compiled.upstreams().keySet(), consumers);
    }

    /** The listeners as a {@link io.aerofusion.gateway.routing.Compiler} needs them, with the ports they were bound to. */
    public List<Door> doors() {
        var doors = new ArrayList<Door>();
        for (int i = 0; i < addresses.size(); i++) {
            Listener listener = settings.listeners().get(i);
            doors.add(new Door(
                    listener.name(),
                    addresses.get(i).getPort(),
                    listener.hostname(),
                    listener.protocol() == Protocol.HTTPS));
        }
        return doors;
    }

    /** How the upstreams are now. */
    public List<UpstreamState> upstreamStates() {
        return upstreams.states();
    }

    void failed(Throwable cause) {
        LOG.warn("A policy failed", cause);
    }

    /**
     * Accepts no more connections, lets every request under way finish and closes its connection with it.
     *
     * @return completed when no connection is left, at the latest after {@code atMost}, when the rest is cut
     */
    public CompletionStage<Void> drain(Duration atMost) {
        for (Channel listener : listeners) listener.close();
        for (Loop loop : loops.values()) loop.eventLoop().execute(loop::drain);
        var drained = new CompletableFuture<Void>();
        long end = settings.ticker().getAsLong() + atMost.toNanos();
        awaitDrained(drained, end);
        return drained;
    }

    private void awaitDrained(CompletableFuture<Void> drained, long end) {
        if (connections.get() == 0 || settings.ticker().getAsLong() - end >= 0) {
            closed = true;
            for (Loop loop : loops.values()) loop.eventLoop().execute(loop::closeAll);
            drained.complete(null);
            return;
        }
        group.next().schedule(() -> awaitDrained(drained, end), Loop.SWEEP_MS, TimeUnit.MILLISECONDS);
    }

    /** Closes everything at once. */
    @Override
    public void close() {
        closed = true;
        upstreams.close();
        // Awaited while the loops run: io_uring lets go of a port only when its accept has been taken back, and a loop
        // that ends does not wait.
        for (Channel listener : listeners) listener.close().awaitUninterruptibly(CLOSE_MAX.toMillis());
        for (Loop loop : loops.values()) loop.eventLoop().execute(loop::closeAll);
        group.shutdownGracefully(0, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_MAX.toMillis());
        if (accessLog != null) accessLog.close();
    }
}
