package io.aerofusion.gateway;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.http1.Http1Client;
import io.aerofusion.gateway.http1.RequestHead;
import io.aerofusion.gateway.upstream.Dice;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Timeline;
import io.aerofusion.gateway.upstream.UpstreamServices;
import io.aerofusion.gateway.upstream.UpstreamTable;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
    /** How long closing waits for the loops. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private final GatewaySettings settings;
    private final GatewayCounters counters = new GatewayCounters();
    private final Sockets sockets;
    private final EventLoopGroup group;
    private final Map<EventExecutor, Loop> loops = new HashMap<>();
    private final List<Channel> listeners = new ArrayList<>();
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final UpstreamTable upstreams;
    private volatile Router router = request -> null;
    private volatile boolean draining;

    private Gateway(GatewaySettings settings) {
        this.settings = settings;
        this.sockets = Sockets.of(settings.nativeTransport());
        this.group = sockets.group(settings.threads());
        for (EventExecutor executor : group) {
            var loop = new Loop((EventLoop) executor, this);
            loops.put(executor, loop);
            loop.start();
        }
        this.upstreams = new UpstreamTable(new UpstreamServices(
                Timeline.of(group.next()), Dice.FAIR, new HealthProber(this), settings.sources(), this::released));
    }

    /** Binds every listener, or none: what cannot be bound is thrown. */
    public static Gateway start(GatewaySettings settings) {
        var gateway = new Gateway(settings);
        try {
            for (Listener listener : settings.listeners()) gateway.bind(listener);
        } catch (RuntimeException failed) {
            gateway.close();
            throw failed;
        }
        return gateway;
    }

    private void bind(Listener listener) {
        int low = settings.bounds().writeBufferBytesMax() / 2;
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channelFactory(sockets::server)
                .option(ChannelOption.SO_BACKLOG, 4_096)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(low, low * 2))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(listener.host(), listener.port());
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

    private void accept(Channel channel) {
        if (connections.incrementAndGet() > settings.bounds().connectionsMax() || draining) {
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
        var request = new RequestHead("http", peer, settings.trustedProxy().test(peer.getAddress()), null);
        channel.pipeline().addLast(new Http1Client(loop, channel, request));
    }

    private void released(Endpoint endpoint) {
        for (Loop loop : loops.values())
            loop.eventLoop().execute(() -> loop.pools().release(endpoint));
    }

    /** The upstreams of the present generation. */
    UpstreamTable upstreams() {
        return upstreams;
    }

    EventLoopGroup group() {
        return group;
    }

    /** Where it listens, in the order of the settings. */
    public List<InetSocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    public GatewayCounters counters() {
        return counters;
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

    Router router() {
        return router;
    }

    void route(Router next) {
        router = next;
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
        draining = true;
        for (Channel listener : listeners) listener.close();
        for (Loop loop : loops.values()) loop.eventLoop().execute(loop::drain);
        var drained = new CompletableFuture<Void>();
        long end = settings.ticker().getAsLong() + atMost.toNanos();
        awaitDrained(drained, end);
        return drained;
    }

    private void awaitDrained(CompletableFuture<Void> drained, long end) {
        if (connections.get() == 0 || settings.ticker().getAsLong() - end >= 0) {
            for (Loop loop : loops.values()) loop.eventLoop().execute(loop::closeAll);
            drained.complete(null);
            return;
        }
        group.next().schedule(() -> awaitDrained(drained, end), Loop.SWEEP_MS, TimeUnit.MILLISECONDS);
    }

    /** Closes everything at once. */
    @Override
    public void close() {
        draining = true;
        upstreams.close();
        for (Channel listener : listeners) listener.close();
        for (Loop loop : loops.values()) loop.eventLoop().execute(loop::closeAll);
        group.shutdownGracefully(0, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_MAX.toMillis());
    }
}
