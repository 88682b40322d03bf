package io.aerofusion.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** Waits on a connection or a stream for the answer to a probe; this one for none, it only tells of the connection's end. */
class ProbeAnswer extends ChannelInboundHandlerAdapter {
    final CompletableFuture<Boolean> well;

    ProbeAnswer(CompletableFuture<Boolean> well) {
        this.well = well;
    }

    @Override
    public final void channelRead(ChannelHandlerContext context, Object message) {
        try {
            received(message);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    void received(Object message) {}

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        well.completeExceptionally(new IOException("the connection was closed without an answer"));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof Http2ResetFrame) {
            well.completeExceptionally(new IOException("the stream was reset"));
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        well.completeExceptionally(cause);
    }

    /** Waits for the head of the final answer. */
    static final class Head extends ProbeAnswer {
        private final Probe.Http probe;

        Head(Probe.Http probe, CompletableFuture<Boolean> well) {
            super(well);
            this.probe = probe;
        }

        @Override
        void received(Object message) {
            if (message instanceof HttpResponse response) {
                if (response.decoderResult().isFailure()) {
                    well.completeExceptionally(response.decoderResult().cause());
                } else {
                    head(response.status().code());
                }
            } else if (message instanceof Http2HeadersFrame frame
                    && frame.headers().status() != null) {
                head(Integer.parseInt(frame.headers().status().toString()));
            }
        }

        private void head(int status) {
            if (status >= 200) {
                well.complete(probe.expects(status));
            }
        }
    }

    /** Waits for the end of a call of gRPC's health service. */
    static final class Call extends ProbeAnswer {
        private final ByteBuf message = Unpooled.buffer(16, GrpcHealth.ANSWER_BYTES_MAX);

        Call(CompletableFuture<Boolean> well) {
            super(well);
        }

        @Override
        void received(Object frame) {
            if (frame instanceof Http2DataFrame data) {
                if (data.content().readableBytes() > message.maxWritableBytes()) {
                    well.complete(false);
                } else {
                    message.writeBytes(data.content());
                    if (data.isEndStream()) {
                        well.complete(false);
                    }
                }
            } else if (frame instanceof Http2HeadersFrame head && head.isEndStream()) {
                well.complete(ok(head.headers()) && GrpcHealth.serving(message));
            }
        }

        private static boolean ok(Http2Headers trailers) {
            CharSequence status = trailers.get("grpc-status");
            return status != null && "0".contentEquals(status);
        }
    }
}
