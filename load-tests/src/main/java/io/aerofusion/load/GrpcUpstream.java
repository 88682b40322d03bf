package io.aerofusion.load;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The gRPC upstream of the comparison: sends the message of every unary call back, with the status in the trailers: {@code PORT}. */
public final class GrpcUpstream {
    private static final int PREFIX_BYTES = 5;
    private static final int STREAMS_MAX = 1_000;
    private static final int WINDOW_BYTES = 1 << 20;

    private GrpcUpstream() {}

    public static void main(String[] arguments) throws InterruptedException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forServer()
                                        .initialSettings(new Http2Settings()
                                                .maxConcurrentStreams(STREAMS_MAX)
                                                .initialWindowSize(WINDOW_BYTES))
                                        .build())
                                .addLast(new Http2MultiplexHandler(new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        stream.pipeline().addLast(new Call());
                                    }
                                }));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }

    /** A message of so many bytes as gRPC frames it. */
    static byte[] message(int bytes) {
        ByteBuf framed = Unpooled.buffer(PREFIX_BYTES + bytes);
        framed.writeByte(0).writeInt(bytes).writeZero(bytes);
        return framed.array();
    }

    private static final class Call extends ChannelInboundHandlerAdapter {
        private static final Http2Headers HEAD =
                new DefaultHttp2Headers().status("200").set("content-type", "application/grpc");
        private static final Http2Headers STATUS = new DefaultHttp2Headers().set("grpc-status", "0");

        private @Nullable ByteBuf message;

        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            if (!(frame instanceof Http2DataFrame data)) {
                ReferenceCountUtil.release(frame);
                return;
            }
            ByteBuf content = data.content();
            ByteBuf before = message;
            message = before == null ? content : Unpooled.wrappedBuffer(before, content);
            if (data.isEndStream()) {
                ByteBuf whole = message;
                message = null;
                context.write(new DefaultHttp2HeadersFrame(HEAD));
                context.write(new DefaultHttp2DataFrame(whole));
                context.writeAndFlush(new DefaultHttp2HeadersFrame(STATUS, true));
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (message != null) {
                message.release();
            }
        }
    }
}
