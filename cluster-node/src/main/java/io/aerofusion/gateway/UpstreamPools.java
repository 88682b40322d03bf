package io.aerofusion.gateway;

import io.aerofusion.gateway.http1.Http1Upstream;
import io.aerofusion.gateway.tls.TlsClient;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Failure;
import io.aerofusion.gateway.upstream.Refusal;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamCall;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import io.aerofusion.route.UpstreamSpec;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop to upstream endpoints. The one that was used last is used next, so that those a quiet time
 * leaves over become idle and are closed. A request waits for one that becomes free when its upstream may open no more; how
 * many may wait, the upstream says. No other loop ever sees any of this.
 */
final class UpstreamPools {
    private final Loop loop;
    private final Map<Endpoint, Pool> pools = new HashMap<>();

    UpstreamPools(Loop loop) {
        this.loop = loop;
    }

    /** Hands the exchange a connection to the call's endpoint, now or later, or tells it that there is none. */
    void acquire(UpstreamCall call, Exchange exchange, int attempt, boolean fresh) {
        Endpoint endpoint = call.endpoint();
        Pool pool = pools.get(endpoint);
        if (pool == null) {
            pool = new Pool(endpoint);
            pools.put(endpoint, pool);
        }
        pool.acquire(call.upstream(), exchange, attempt, fresh);
    }

    /** The endpoint left its upstream. */
    void release(Endpoint endpoint) {
        Pool pool = pools.remove(endpoint);
        if (pool != null) pool.closeIdle();
    }

    void sweep(long now) {
        for (Pool pool : pools.values()) pool.sweep(now);
        pools.values().removeIf(Pool::abandoned);
    }

    void close() {
        for (Pool pool : pools.values()) pool.closeIdle();
    }

    /** An exchange that waits for a connection. */
    private record Waiting(Exchange exchange, int attempt, Upstream upstream) {}

    private final class Pool implements Http1Upstream.Home {
        private final Endpoint endpoint;
        private final ArrayDeque<Http1Upstream> idle = new ArrayDeque<>();
        private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
        private int connections;
        private long idleNanos;

        Pool(Endpoint endpoint) {
            this.endpoint = endpoint;
        }

        void acquire(Upstream upstream, Exchange exchange, int attempt, boolean fresh) {
            idleNanos = upstream.settings().timeouts().idle().toNanos();
            if (!fresh) {
                for (Http1Upstream found = idle.pollLast(); found != null; found = idle.pollLast()) {
                    if (!found.usable()) continue;
                    loop.counters().upstreamReused.increment();
                    exchange.connected(attempt, found);
                    return;
                }
            }
            if (endpoint.tryConnect(connections == 0)) {
                connect(upstream, exchange, attempt);
            } else if (upstream.tryWait()) {
                waiting.add(new Waiting(exchange, attempt, upstream));
            } else {
                exchange.connectRefused(attempt, Refusal.TOO_MANY_PENDING);
            }
        }

        private void connect(Upstream upstream, Exchange exchange, int attempt) {
            UpstreamSettings upstreamSettings = upstream.settings();
            GatewaySettings settings = loop.settings();
            int low = settings.bounds().writeBufferBytesMax() / 2;
            connections++;
            ChannelFuture connecting = new Bootstrap()
                    .group(loop.eventLoop())
                    .channelFactory(loop.gateway().sockets()::client)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                            upstreamSettings.timeouts().connect().toMillis())
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(low, low * 2))
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            UpstreamSpec.Tls tls = upstreamSettings.transport().tls();
                            SslContext context = loop.gateway().context(upstreamSettings.transport());
                            if (tls != null && context != null) {
                                Target target = endpoint.target();
                                SslHandler handler = TlsClient.handler(
                                        context,
                                        tls,
                                        channel.alloc(),
                                        target.hostname(),
                                        target.socket().getPort());
                                handler.setHandshakeTimeoutMillis(
                                        upstreamSettings.timeouts().connect().toMillis());
                                channel.pipeline().addLast(handler);
                            }
                            channel.pipeline().addLast(new Http1Upstream(channel, Pool.this, settings.bounds()));
                        }
                    })
                    .connect(endpoint.target().socket());
            Channel channel = connecting.channel();
            channel.closeFuture().addListener(closed -> {
                connections--;
                endpoint.connectionClosed();
                serveWaiting();
            });
            connecting.addListener(done -> {
                if (!done.isSuccess()) {
                    channel.close();
                    exchange.connectFailed(attempt, fault(done.cause()), Failure.CONNECT);
                    return;
                }
                SslHandler tls = channel.pipeline().get(SslHandler.class);
                if (tls == null) {
                    opened(channel, exchange, attempt);
                    return;
                }
                tls.handshakeFuture().addListener(shaken -> {
                    if (shaken.isSuccess()) {
                        opened(channel, exchange, attempt);
                        return;
                    }
                    channel.close();
                    exchange.connectFailed(attempt, Fault.UPSTREAM_TLS_FAILED, Failure.CONNECT);
                });
            });
        }

        private void opened(Channel channel, Exchange exchange, int attempt) {
            loop.counters().upstreamOpened.increment();
            channel.closeFuture()
                    .addListener(closed -> loop.counters().upstreamClosed.increment());
            var connection = channel.pipeline().get(Http1Upstream.class);
            if (connection != null && !exchange.connected(attempt, connection)) free(connection);
        }

        private static Fault fault(@Nullable Throwable cause) {
            return cause instanceof ConnectTimeoutException
                    ? Fault.UPSTREAM_CONNECT_TIMEOUT
                    : Fault.UPSTREAM_CONNECT_FAILED;
        }

        @Override
        public void free(Http1Upstream connection) {
            for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
                next.upstream().waitEnded();
                if (next.exchange().connected(next.attempt(), connection)) return;
            }
            if (endpoint.removed() || idle.size() >= loop.settings().bounds().idlePerEndpointMax()) {
                connection.close();
                return;
            }
            connection.freeSince = loop.coarseNow();
            idle.addLast(connection);
        }

        @Override
        public void closed(Http1Upstream connection) {
            idle.remove(connection);
        }

        /** A place is free: opens a connection for whoever waits first. */
        private void serveWaiting() {
            for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
                if (next.exchange().awaits(next.attempt())) {
                    if (!endpoint.tryConnect(connections == 0)) return;
                    waiting.remove();
                    next.upstream().waitEnded();
                    connect(next.upstream(), next.exchange(), next.attempt());
                    return;
                }
                waiting.remove();
                next.upstream().waitEnded();
            }
        }

        void sweep(long now) {
            // who gave up waiting gives its place back
            while (!waiting.isEmpty()
                    && !waiting.peek().exchange().awaits(waiting.peek().attempt()))
                waiting.remove().upstream().waitEnded();
            for (Http1Upstream oldest = idle.peekFirst(); oldest != null; oldest = idle.peekFirst()) {
                if (now - oldest.freeSince < idleNanos) return;
                idle.pollFirst();
                oldest.close();
            }
        }

        /** Whether its endpoint left and it holds nothing: a late retry made it anew after the release. */
        boolean abandoned() {
            return endpoint.removed() && connections == 0 && waiting.isEmpty();
        }

        void closeIdle() {
            for (Http1Upstream connection : new ArrayDeque<>(idle)) connection.close();
        }
    }
}
