package io.aerofusion.gateway.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Probes endpoints the way the gateway talks to them: HTTP/1.1 or HTTP/2, with or without TLS, each on a connection of its own, which is
 * closed as soon as the head of the answer is there. So a check also tells whether connections are taken.
 */
final class NettyProber implements Prober {
    static final String USER_AGENT = "aerofusion-health-check";

    private final EventLoop loop;
    private final Function<Transport, SslContext> tls;

    /** @param tls the context for a transport that has TLS; with ALPN if the transport speaks HTTP/2 */
    NettyProber(EventLoop loop, Function<Transport, SslContext> tls) {
        this.loop = loop;
        this.tls = tls;
    }

    @Override
    public CompletionStage<Integer> probe(Transport transport, Target target, String path, Duration timeout) {
        CompletableFuture<Integer> status = new CompletableFuture<>();
        ChannelFuture connecting = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis(timeout))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        secure(channel, transport, target);
                        switch (transport.protocol()) {
                            case HTTP1 -> channel.pipeline().addLast(new HttpClientCodec(), new Head(status));
                            case HTTP2 ->
                                channel.pipeline()
                                        .addLast(
                                                Http2FrameCodecBuilder.forClient()
                                                        .build(),
                                                new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                                                new Head(status));
                        }
                    }
                })
                .connect(target.socket());
        Channel channel = connecting.channel();
        var limit = loop.schedule(
                () -> status.completeExceptionally(new TimeoutException("no answer in time")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        status.whenComplete((done, failure) -> {
            limit.cancel(false);
            channel.close();
        });
        connecting.addListener(connected -> {
            if (connected.isSuccess()) {
                ask(channel, transport, target, path, status);
            } else {
                status.completeExceptionally(connected.cause());
            }
        });
        return status;
    }

    @Override
    public CompletionStage<Void> reach(Target target, Duration timeout) {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis(timeout))
                .handler(new ChannelInboundHandlerAdapter())
                .connect(target.socket())
                .addListener((ChannelFuture connected) -> {
                    connected.channel().close();
                    if (connected.isSuccess()) {
                        reached.complete(null);
                    } else {
                        reached.completeExceptionally(connected.cause());
                    }
                });
        return reached;
    }

    private static int millis(Duration timeout) {
        return (int) Math.min(Integer.MAX_VALUE, timeout.toMillis() + 1);
    }

    private void secure(Channel channel, Transport transport, Target target) {
        if (transport.tls() != null) {
            String sni = transport.tls().sni() == null
                    ? target.hostname()
                    : transport.tls().sni();
            channel.pipeline()
                    .addLast(tls.apply(transport)
                            .newHandler(channel.alloc(), sni, target.socket().getPort()));
        }
    }

    private static void ask(
            Channel channel, Transport transport, Target target, String path, CompletableFuture<Integer> status) {
        String host = target.hostname().indexOf(':') < 0 ? target.hostname() : "[" + target.hostname() + "]";
        String authority = host + ":" + target.socket().getPort();
        switch (transport.protocol()) {
            case HTTP1 -> {
                HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path);
                request.headers()
                        .set(HttpHeaderNames.HOST, authority)
                        .set(HttpHeaderNames.USER_AGENT, USER_AGENT)
                        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
                channel.writeAndFlush(request).addListener(sent -> failIfNot(sent, status));
            }
            case HTTP2 -> {
                Http2Headers headers = new DefaultHttp2Headers()
                        .method("GET")
                        .scheme(transport.tls() == null ? "http" : "https")
                        .authority(authority)
                        .path(path)
                        .set("user-agent", USER_AGENT);
                new Http2StreamChannelBootstrap(channel)
                        .handler(new Head(status))
                        .open()
                        .addListener(opened -> {
                            failIfNot(opened, status);
                            if (opened.isSuccess()) {
                                ((Channel) opened.getNow())
                                        .writeAndFlush(new DefaultHttp2HeadersFrame(headers, true))
                                        .addListener(sent -> failIfNot(sent, status));
                            }
                        });
            }
        }
    }

    private static void failIfNot(io.netty.util.concurrent.Future<?> done, CompletableFuture<Integer> status) {
        if (!done.isSuccess()) {
            status.completeExceptionally(done.cause());
        }
    }

    /** Waits for the head of the final answer. */
    private static final class Head extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Integer> status;

        Head(CompletableFuture<Integer> status) {
            this.status = status;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpResponse response) {
                if (response.decoderResult().isFailure()) {
                    status.completeExceptionally(response.decoderResult().cause());
                } else {
                    head(response.status().code());
                }
            } else if (message instanceof Http2HeadersFrame frame
                    && frame.headers().status() != null) {
                head(Integer.parseInt(frame.headers().status().toString()));
            }
            ReferenceCountUtil.release(message);
        }

        private void head(int code) {
            if (code >= 200) {
                status.complete(code);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            status.completeExceptionally(new IOException("the connection was closed without an answer"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            status.completeExceptionally(cause);
        }
    }
}
