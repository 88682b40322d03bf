package io.aerofusion.gateway;

import io.aerofusion.gateway.tls.TlsClient;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import io.aerofusion.route.UpstreamSpec;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens connections to endpoints on a loop, with TLS where the upstream wants it. */
final class Connector {
    private Connector() {}

    /**
     * Opens a connection.
     *
     * @param opened told when it can be used, TLS included
     * @param failed told when it cannot be made
     * @param closed told when it is closed, also after it could not be made
     */
    static void connect(
            Loop loop,
            Endpoint endpoint,
            UpstreamSettings upstream,
            Consumer<Channel> opened,
            Consumer<Fault> failed,
            Runnable closed) {
        connect(
                loop,
                () -> loop.gateway().sockets().client(endpoint.target().socket().getAddress()),
                endpoint,
                upstream,
                opened,
                failed,
                closed);
    }

    /** @param sockets makes one; throws {@link ChannelException} when the system gives none */
    static void connect(
            Loop loop,
            Supplier<Channel> sockets,
            Endpoint endpoint,
            UpstreamSettings upstream,
            Consumer<Channel> opened,
            Consumer<Fault> failed,
            Runnable closed) {
        Channel channel;
        try {
            channel = sockets.get();
        } catch (ChannelException none) {
            // No file is left, perhaps. The bootstrap would say so on a thread of its own, and never that it is closed.
            loop.eventLoop().execute(() -> {
                failed.accept(Fault.UPSTREAM_CONNECT_FAILED);
                closed.run();
            });
            return;
        }
        GatewaySettings settings = loop.settings();
        int low = settings.bounds().writeBufferBytesMax() / 2;
        ChannelFuture connecting = new Bootstrap()
                .group(loop.eventLoop())
                .channelFactory(() -> channel)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        upstream.timeouts().connect().toMillis())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(low, low * 2))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        secure(loop, endpoint, upstream, channel);
                    }
                })
                .connect(endpoint.target().socket());
        channel.closeFuture().addListener(gone -> closed.run());
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                channel.close();
                failed.accept(fault(done.cause()));
                return;
            }
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (tls == null) {
                use(loop, channel, opened);
                return;
            }
            tls.handshakeFuture().addListener(shaken -> {
                if (shaken.isSuccess()) {
                    use(loop, channel, opened);
                    return;
                }
                channel.close();
                failed.accept(Fault.UPSTREAM_TLS_FAILED);
            });
        });
    }

    private static void use(Loop loop, Channel channel, Consumer<Channel> opened) {
        loop.counters().upstreamOpened.increment();
        channel.closeFuture()
                .addListener(closed -> loop.counters().upstreamClosed.increment());
        opened.accept(channel);
    }

    private static void secure(Loop loop, Endpoint endpoint, UpstreamSettings upstream, Channel channel) {
        Target target = endpoint.target();
        var transport = target.transport(upstream.transport());
        UpstreamSpec.Tls tls = transport.tls();
        SslContext context = loop.gateway().context(transport);
        if (tls == null || context == null) return;
        SslHandler handler = TlsClient.handler(
                context,
                tls,
                channel.alloc(),
                target.hostname(),
                target.socket().getPort());
        handler.setHandshakeTimeoutMillis(upstream.timeouts().connect().toMillis());
        channel.pipeline().addLast(handler);
    }

    private static Fault fault(@Nullable Throwable cause) {
        return cause instanceof ConnectTimeoutException
                ? Fault.UPSTREAM_CONNECT_TIMEOUT
                : Fault.UPSTREAM_CONNECT_FAILED;
    }
}
