package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.BreakerPhase;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.gateway.upstream.Transport;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamState.EndpointState;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gets one document of an upstream from one of its healthy endpoints, the way the gateway talks to it, on a connection of its own that is
 * closed afterwards. It counts as no request of a client: neither for breakers nor for balancing. Follows no redirects.
 */
public final class DocumentFetch {
    private static final String USER_AGENT = "aerofusion-openapi";
    private static final String ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.1";

    /**
     * What is asked for.
     *
     * @param path and query
     * @param etag of what is known already; empty for nothing
     * @param bytesMax the longest content that is read
     * @param timeout for all of it
     */
    public record Wanted(String upstream, String path, String etag, int bytesMax, Duration timeout) {}

    /** What came of it. */
    public sealed interface Fetched {
        /** The document; {@code etag} is empty if there is none. */
        @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
        record Document(byte[] content, String etag) implements Fetched {}

        /** It is what the ETag stands for. */
        record Unchanged() implements Fetched {}

        /** There is none; {@code why} is a sentence, without addresses. */
        record Failed(String why) implements Fetched {}
    }

    private final EventLoop loop;
    private final Sockets sockets;
    private final Function<Transport, @Nullable SslContext> tls;

    /** @param tls the context for a transport; null if it is spoken to in the clear */
    DocumentFetch(EventLoop loop, Sockets sockets, Function<Transport, @Nullable SslContext> tls) {
        this.loop = loop;
        this.sockets = sockets;
        this.tls = tls;
    }

    /** Asks one of its healthy endpoints, of the first priority that has one. */
    CompletionStage<Fetched> get(@Nullable Upstream upstream, Wanted wanted) {
        List<EndpointState> healthy = new ArrayList<>();
        if (upstream != null) {
            for (EndpointState endpoint : upstream.state().endpoints()) {
                if (endpoint.healthy()
                        && endpoint.ejectedFor().isZero()
                        && endpoint.weight() > 0
                        && endpoint.breaker() != BreakerPhase.OPEN) healthy.add(endpoint);
            }
        }
        if (upstream == null || healthy.isEmpty())
            return CompletableFuture.completedFuture(new Fetched.Failed("No endpoint is healthy."));
        int first = healthy.stream().mapToInt(EndpointState::priority).min().orElse(0);
        healthy.removeIf(endpoint -> endpoint.priority() > first);
        Target chosen =
                healthy.get(ThreadLocalRandom.current().nextInt(healthy.size())).target();
        return connect(chosen, chosen.transport(upstream.settings().transport()), wanted);
    }

    private CompletionStage<Fetched> connect(Target endpoint, Transport transport, Wanted wanted) {
        var fetched = new CompletableFuture<Fetched>();
        InetSocketAddress address = endpoint.socket();
        SslContext context = tls.apply(transport);
        boolean http2 = transport.protocol() == Transport.Protocol.HTTP2;
        ChannelFuture connecting = new Bootstrap()
                .group(loop)
                .channelFactory(() -> sockets.client(address.getAddress()))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(60_000, wanted.timeout().toMillis() + 1))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (context != null && transport.tls() != null)
                            channel.pipeline()
                                    .addLast(io.aerofusion.gateway.tls.TlsClient.handler(
                                            context,
                                            transport.tls(),
                                            channel.alloc(),
                                            endpoint.hostname(),
                                            address.getPort()));
                        if (http2)
                            channel.pipeline()
                                    .addLast(
                                            Http2FrameCodecBuilder.forClient().build(),
                                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                        else channel.pipeline().addLast(new HttpClientCodec());
                        if (!http2) addReply(channel, wanted, fetched);
                    }
                })
                .connect(address);
        Channel channel = connecting.channel();
        var limit = loop.schedule(
                () -> fetched.complete(new Fetched.Failed("The service did not answer in time.")),
                wanted.timeout().toMillis(),
                TimeUnit.MILLISECONDS);
        fetched.whenComplete((done, failure) -> {
            limit.cancel(false);
            channel.close();
        });
        connecting.addListener(connected -> {
            if (!connected.isSuccess()) fetched.complete(unreachable());
            else if (http2) overStream(channel, request(endpoint, address, wanted, transport), wanted, fetched);
            else channel.writeAndFlush(request(endpoint, address, wanted, transport));
        });
        return fetched;
    }

    private static void overStream(
            Channel channel, FullHttpRequest request, Wanted wanted, CompletableFuture<Fetched> fetched) {
        new Http2StreamChannelBootstrap(channel)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(false));
                        addReply(stream, wanted, fetched);
                    }
                })
                .open()
                .addListener(opened -> {
                    if (opened.isSuccess()) ((Channel) opened.getNow()).writeAndFlush(request);
                    else {
                        request.release();
                        fetched.complete(unreachable());
                    }
                });
    }

    private static void addReply(Channel channel, Wanted wanted, CompletableFuture<Fetched> fetched) {
        channel.pipeline().addLast(new HttpObjectAggregator(wanted.bytesMax()), new Reply(wanted, fetched));
    }

    private static FullHttpRequest request(
            Target endpoint, InetSocketAddress address, Wanted wanted, Transport transport) {
        String name = endpoint.hostname();
        String host = (name.indexOf(':') < 0 ? name : "[" + name + "]") + ":" + address.getPort();
        var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, wanted.path());
        request.headers()
                .set(HttpHeaderNames.HOST, host)
                .set(HttpHeaderNames.USER_AGENT, USER_AGENT)
                .set(HttpHeaderNames.ACCEPT, ACCEPT);
        if (!wanted.etag().isEmpty()) request.headers().set(HttpHeaderNames.IF_NONE_MATCH, wanted.etag());
        if (transport.protocol() == Transport.Protocol.HTTP2)
            request.headers()
                    .set(
                            HttpConversionUtil.ExtensionHeaderNames.SCHEME.text(),
                            transport.tls() == null ? "http" : "https");
        else request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return request;
    }

    private static Fetched unreachable() {
        return new Fetched.Failed("The service cannot be reached.");
    }

    private static final class Reply extends SimpleChannelInboundHandler<FullHttpResponse> {
        private final Wanted wanted;
        private final CompletableFuture<Fetched> fetched;

        Reply(Wanted wanted, CompletableFuture<Fetched> fetched) {
            this.wanted = wanted;
            this.fetched = fetched;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            int status = response.status().code();
            if (response.decoderResult().isFailure())
                fetched.complete(new Fetched.Failed("The service's answer cannot be read."));
            else if (status == 304 && !wanted.etag().isEmpty()) fetched.complete(new Fetched.Unchanged());
            else if (status == 200)
                fetched.complete(new Fetched.Document(
                        ByteBufUtil.getBytes(response.content()),
                        response.headers().get(HttpHeaderNames.ETAG, "")));
            else fetched.complete(new Fetched.Failed("The service answers " + status + "."));
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            fetched.complete(new Fetched.Failed("The service closed the connection without an answer."));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fetched.complete(
                    cause instanceof TooLongFrameException
                            ? new Fetched.Failed("The document is larger than " + wanted.bytesMax() + " bytes.")
                            : unreachable());
        }
    }
}
