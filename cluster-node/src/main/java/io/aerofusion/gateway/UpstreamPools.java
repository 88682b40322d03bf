package io.aerofusion.gateway;

import io.aerofusion.gateway.http1.Http1Upstream;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop to upstream endpoints. The one that was used last is used next, so that those a quiet time
 * leaves over become idle and are closed. No other loop ever sees them.
 */
public final class UpstreamPools {
    private final Loop loop;
    private final Map<Peer, Pool> pools = new HashMap<>();

    UpstreamPools(Loop loop) {
        this.loop = loop;
    }

    /** Hands the exchange a connection, now or later, or tells it that there is none. */
    void acquire(Peer peer, Exchange exchange, int attempt, boolean fresh) {
        pools.computeIfAbsent(peer, Pool::new).acquire(exchange, attempt, fresh);
    }

    void sweep(long now) {
        for (Pool pool : pools.values()) pool.sweep(now);
    }

    void close() {
        for (Pool pool : pools.values()) pool.closeIdle();
    }

    private final class Pool implements Http1Upstream.Home {
        private final Peer peer;
        private final ArrayDeque<Http1Upstream> idle = new ArrayDeque<>();

        Pool(Peer peer) {
            this.peer = peer;
        }

        void acquire(Exchange exchange, int attempt, boolean fresh) {
            if (!fresh) {
                for (Http1Upstream found = idle.pollLast(); found != null; found = idle.pollLast()) {
                    if (!found.usable()) continue;
                    loop.counters().upstreamReused.increment();
                    exchange.connected(attempt, found);
                    return;
                }
            }
            connect(exchange, attempt);
        }

        private void connect(Exchange exchange, int attempt) {
            GatewaySettings settings = loop.settings();
            int low = settings.bounds().writeBufferBytesMax() / 2;
            ChannelFuture connecting = new Bootstrap()
                    .group(loop.eventLoop())
                    .channelFactory(loop.gateway().transport()::client)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                            settings.timeouts().connect().toMillis())
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(low, low * 2))
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new Http1Upstream(channel, Pool.this, settings.bounds()));
                        }
                    })
                    .connect(peer.address());
            connecting.addListener(done -> {
                if (!done.isSuccess()) {
                    exchange.connectFailed(attempt, fault(done.cause()));
                    return;
                }
                loop.counters().upstreamOpened.increment();
                var connection = connecting.channel().pipeline().get(Http1Upstream.class);
                if (connection != null && !exchange.connected(attempt, connection)) free(connection);
            });
        }

        private static Fault fault(@Nullable Throwable cause) {
            return cause instanceof ConnectTimeoutException
                    ? Fault.UPSTREAM_CONNECT_TIMEOUT
                    : Fault.UPSTREAM_CONNECT_FAILED;
        }

        @Override
        public void free(Http1Upstream connection) {
            if (idle.size() >= loop.settings().bounds().idlePerEndpointMax()) {
                connection.close();
                return;
            }
            connection.freeSince = loop.coarseNow();
            idle.addLast(connection);
        }

        @Override
        public void closed(Http1Upstream connection) {
            loop.counters().upstreamClosed.increment();
            if (!connection.usable()) idle.remove(connection);
        }

        void sweep(long now) {
            long kept = loop.settings().timeouts().upstreamIdle().toNanos();
            for (Http1Upstream oldest = idle.peekFirst(); oldest != null; oldest = idle.peekFirst()) {
                if (now - oldest.freeSince < kept) return;
                idle.pollFirst();
                oldest.close();
            }
        }

        void closeIdle() {
            for (Http1Upstream connection : new ArrayDeque<>(idle)) connection.close();
        }
    }
}
