package io.aerofusion.gateway.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
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
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Probes endpoints the way the gateway talks to them: HTTP/1.1 or HTTP/2, with or without TLS, each on a connection of its own, which is
 * closed as soon as the answer is known. So a check also tells whether connections are taken.
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
    public CompletionStage<Boolean> probe(Transport transport, Target target, Probe probe, Duration timeout) {
        return switch (probe) {
            case Probe.Http get -> ask(transport, target, timeout, well -> new ProbeAnswer.Head(get, well), get(get));
            case Probe.Grpc call -> ask(transport, target, timeout, ProbeAnswer.Call::new, call(call, timeout));
            case Probe.Connect connect -> reach(target, timeout).thenApply(reached -> true);
        };
    }

    /** What is written to the endpoint, once the connection or the stream is there. */
    private interface Question {
        ChannelFuture write(Channel to, Transport transport, String authority);
    }

    private CompletionStage<Boolean> ask(
            Transport transport,
            Target target,
            Duration timeout,
            Function<CompletableFuture<Boolean>, ProbeAnswer> answer,
            Question question) {
        CompletableFuture<Boolean> well = new CompletableFuture<>();
        ChannelFuture connecting = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis(timeout))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        secure(channel, transport, target);
                        switch (transport.protocol()) {
                            case HTTP1 -> channel.pipeline().addLast(new HttpClientCodec(), answer.apply(well));
                            case HTTP2 ->
                                channel.pipeline()
                                        .addLast(
                                                Http2FrameCodecBuilder.forClient()
                                                        .build(),
                                                new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                                                new ProbeAnswer(well));
                        }
                    }
                })
                .connect(target.socket());
        Channel channel = connecting.channel();
        var limit = loop.schedule(
                () -> well.completeExceptionally(new TimeoutException("no answer in time")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        well.whenComplete((done, failure) -> {
            limit.cancel(false);
            channel.close();
        });
        connecting.addListener(connected -> {
            if (!connected.isSuccess()) {
                well.completeExceptionally(connected.cause());
                return;
            }
            switch (transport.protocol()) {
                case HTTP1 -> write(question, channel, transport, target, well);
                case HTTP2 ->
                    new Http2StreamChannelBootstrap(channel)
                            .handler(answer.apply(well))
                            .open()
                            .addListener(opened -> {
                                failIfNot(opened, well);
                                if (opened.isSuccess()) {
                                    write(question, (Channel) opened.getNow(), transport, target, well);
                                }
                            });
            }
        });
        return well;
    }

    private static void write(
            Question question, Channel to, Transport transport, Target target, CompletableFuture<Boolean> well) {
        String host = target.hostname().indexOf(':') < 0 ? target.hostname() : "[" + target.hostname() + "]";
        question.write(to, transport, host + ":" + target.socket().getPort())
                .addListener(sent -> failIfNot(sent, well));
    }

    private static Question get(Probe.Http probe) {
        return (to, transport, authority) -> switch (transport.protocol()) {
            case HTTP1 -> {
                HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, probe.path());
                request.headers()
                        .set(HttpHeaderNames.HOST, authority)
                        .set(HttpHeaderNames.USER_AGENT, USER_AGENT)
                        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
                yield to.writeAndFlush(request);
            }
            case HTTP2 ->
                to.writeAndFlush(new DefaultHttp2HeadersFrame(
                        new DefaultHttp2Headers()
                                .method("GET")
                                .scheme(scheme(transport))
                                .authority(authority)
                                .path(probe.path())
                                .set("user-agent", USER_AGENT),
                        true));
        };
    }

    private static Question call(Probe.Grpc probe, Duration timeout) {
        return (to, transport, authority) -> switch (transport.protocol()) {
            case HTTP1 -> to.newFailedFuture(new IOException("gRPC needs HTTP/2"));
            case HTTP2 -> {
                to.write(new DefaultHttp2HeadersFrame(GrpcHealth.head(scheme(transport), authority, timeout), false));
                yield to.writeAndFlush(
                        new DefaultHttp2DataFrame(GrpcHealth.request(to.alloc(), probe.service()), true));
            }
        };
    }

    private static String scheme(Transport transport) {
        return transport.tls() == null ? "http" : "https";
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
                    if (connected.isSuccess()) {
                        reached.complete(null);
                        connected.channel().close();
                    } else { // closed already, or never opened
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

    private static void failIfNot(io.netty.util.concurrent.Future<?> done, CompletableFuture<Boolean> well) {
        if (!done.isSuccess()) {
            well.completeExceptionally(done.cause());
        }
    }
}
