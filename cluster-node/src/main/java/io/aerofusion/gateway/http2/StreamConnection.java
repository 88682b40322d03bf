package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * A connection of HTTP/2, a client's or an upstream's: its streams are sides of exchanges, which hear of their frames, of their end and of
 * their room.
 */
abstract class StreamConnection<S extends StreamSide> extends Http2ConnectionHandler {
    /** Bytes of content in flight from the peer over all its streams. */
    private static final int WINDOW = 1 << 20;

    private static final int FIRST_WINDOW = 65_535;
    private static final long MINUTE = 60_000_000_000L;

    final Loop loop;
    final Http2Connection.PropertyKey streamKey;
    private final int controlFramesMax;
    private @Nullable ChannelHandlerContext context;
    private int controlFrames;
    private long minute;

    /** @param controlFramesMax pings, settings and priorities in a minute */
    StreamConnection(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Loop loop,
            int controlFramesMax) {
        super(decoder, encoder, settings);
        this.loop = loop;
        this.controlFramesMax = controlFramesMax;
        this.minute = loop.coarseNow();
        this.streamKey = connection().newKey();
        connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                S side = stream.removeProperty(streamKey);
                if (side != null) side.closed();
                streamClosed();
            }

            @Override
            public void onGoAwayReceived(int lastStreamId, long error, ByteBuf debug) {
                goAwayReceived(lastStreamId);
            }
        });
        encoder.flowController().listener(stream -> {
            S side = stream.getProperty(streamKey);
            if (side != null) side.writabilityChanged();
        });
    }

    /** How the peer wants to be spoken to, at the beginning of the connection or later. */
    abstract void settings(Http2Settings settings);

    /** One stream less. */
    void streamClosed() {}

    /** The peer takes no stream after this one. */
    void goAwayReceived(int lastStreamId) {}

    /** The exchange's side of a stream, if it has one. */
    final @Nullable S side(int streamId) {
        Http2Stream stream = connection().stream(streamId);
        return stream == null ? null : stream.getProperty(streamKey);
    }

    /** One more frame that is about the connection: each is answered, or work of another kind. */
    final void controlFrame() throws Http2Exception {
        long now = loop.coarseNow();
        if (now - minute > MINUTE) {
            minute = now;
            controlFrames = 0;
        }
        if (++controlFrames > controlFramesMax)
            throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "Too many control frames.");
    }

    final ChannelHandlerContext context() {
        if (context == null) throw new IllegalStateException("no connection");
        return context;
    }

    /** Whether it was ever opened. */
    final boolean opened() {
        return context != null;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        context = added;
        super.handlerAdded(added);
        Http2Stream whole = connection().connectionStream();
        decoder().flowController().incrementWindowSize(whole, WINDOW - FIRST_WINDOW);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) throws Exception {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) super.exceptionCaught(failed, cause);
        else failed.channel().close();
    }

    /** The peer's frames, as far as they are about exchanges; the codec wants them before there is a connection. */
    abstract static class Frames<C extends StreamConnection<?>> extends Http2FrameAdapter {
        private @Nullable C connection;

        final void of(C made) {
            connection = made;
        }

        final C connection() {
            if (connection == null) throw new IllegalStateException("a frame before the connection");
            return connection;
        }

        abstract void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception;

        @Override
        public final void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end)
                throws Http2Exception {
            headers(streamId, headers, end);
        }

        @Override
        public final void onHeadersRead(
                ChannelHandlerContext context, int streamId, Http2Headers headers, int padding, boolean end)
                throws Http2Exception {
            headers(streamId, headers, end);
        }

        @Override
        public final int onDataRead(
                ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean end) {
            StreamSide side = connection().side(streamId);
            return padding + (side == null ? data.readableBytes() : side.data(data, end));
        }

        @Override
        public final void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
            connection().controlFrame();
        }

        @Override
        public final void onPriorityRead(
                ChannelHandlerContext context, int streamId, int dependency, short weight, boolean exclusive)
                throws Http2Exception {
            connection().controlFrame();
        }

        @Override
        public final void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) throws Http2Exception {
            connection().controlFrame();
            connection().settings(settings);
        }

        @Override
        public final void onRstStreamRead(ChannelHandlerContext context, int streamId, long error) {
            StreamSide side = connection().side(streamId);
            if (side != null) side.reset(error);
        }
    }
}
