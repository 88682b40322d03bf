package io.aerofusion.load;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An endpoint behind the gateways of a {@link GatewaySoak}, in a process of its own because it is killed: {@code PORT DELAY_MS}. It answers
 * {@code GET} with {@value #BODY_BYTES} bytes ({@code .../large}: chunked, {@value #LARGE_BYTES}), anything else with the body of the
 * request, always with the request's {@code X-Id}; {@code /sized/N} with N bytes of a stated length; at {@code /ws} it sends every text back.
 */
public final class SoakUpstream {
    static final int BODY_BYTES = 1_000;
    static final int LARGE_BYTES = 100_000;
    static final String ID = "X-Id";
    static final String SIZED = "/sized/";
    private static final int REQUEST_BYTES_MAX = 1 << 20;

    private SoakUpstream() {}

    public static void main(String[] arguments) throws Exception {
        start(Integer.parseInt(arguments[0]), Duration.ofMillis(Long.parseLong(arguments[1])))
                .closeFuture()
                .sync();
    }

    private static Channel start(int port, Duration delay) throws InterruptedException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        return new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(REQUEST_BYTES_MAX))
                                .addLast(new WebSocketServerProtocolHandler("/ws"))
                                .addLast(new Texts())
                                .addLast(new Requests(delay));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .sync()
                .channel();
    }

    private static final class Texts extends SimpleChannelInboundHandler<TextWebSocketFrame> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, TextWebSocketFrame text) {
            context.writeAndFlush(text.retain());
        }
    }

    private static final class Requests extends SimpleChannelInboundHandler<FullHttpRequest> {
        private static final ByteBuf BODY = constant(BODY_BYTES);
        private static final ByteBuf LARGE = constant(LARGE_BYTES);

        private final Duration delay;

        Requests(Duration delay) {
            this.delay = delay;
        }

        private static ByteBuf constant(int bytes) {
            return Unpooled.unreleasableBuffer(
                            Unpooled.wrappedBuffer("x".repeat(bytes).getBytes(StandardCharsets.US_ASCII)))
                    .asReadOnly();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            FullHttpResponse response = answer(request);
            if (delay.isZero()) {
                context.writeAndFlush(response);
            } else {
                context.executor()
                        .schedule(() -> context.writeAndFlush(response), delay.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        private static ByteBuf sized(String uri) {
            return uri.startsWith(SIZED)
                    ? LARGE.slice(0, Math.min(LARGE_BYTES, Integer.parseInt(uri.substring(SIZED.length()))))
                    : BODY.duplicate();
        }

        private static FullHttpResponse answer(FullHttpRequest request) {
            boolean large = request.uri().endsWith("/large");
            ByteBuf body;
            if (request.content().isReadable()) {
                body = request.content().retain();
            } else {
                body = large ? LARGE.duplicate() : sized(request.uri());
            }
            FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
            String id = request.headers().get(ID);
            if (id != null) {
                response.headers().set(ID, id);
            }
            if (large) {
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            } else {
                HttpUtil.setContentLength(response, body.readableBytes());
            }
            return response;
        }
    }
}
