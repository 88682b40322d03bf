package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
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
 * A connection to an upstream endpoint that speaks HTTP/2: many exchanges at once, each a stream. It takes no new ones after
 * GOAWAY; those the endpoint says it did not process are sent again elsewhere.
 */
public final class Http2Upstream extends Http2ConnectionHandler {
    /** Streams at once, whatever the endpoint allows. */
    private static final int STREAMS_MAX = 256;
    /** After this many streams a new connection is made, long before the identifiers run out. */
    private static final int STREAM_ID_MAX = Integer.MAX_VALUE / 2;

    private static final int RESETS_A_MINUTE_MAX = 10_000;

    final Http2Connection.PropertyKey streamKey;
    private @Nullable ChannelHandlerContext context;
    private boolean goingAway;
    private int lastKnown = Integer.MAX_VALUE;

    /** When it had a stream last, by the loop's ticker; the pool's. */
    public long usedAt;

    private Http2Upstream(
            Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings, Runnable free) {
        super(decoder, encoder, settings);
        this.streamKey = connection().newKey();
        connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                Http2UpstreamStream side = stream.removeProperty(streamKey);
                if (side != null) side.closed(stream.id() > lastKnown);
                free.run();
            }

            @Override
            public void onGoAwayReceived(int lastStreamId, long error, ByteBuf debug) {
                goingAway = true;
                lastKnown = lastStreamId;
            }
        });
        encoder.flowController().listener(stream -> {
            Http2UpstreamStream side = stream.getProperty(streamKey);
            if (side != null) side.writabilityChanged();
        });
    }

    /** The handler for a connection; {@code free} runs whenever a stream of it ended. */
    public static Http2Upstream of(Bounds bounds, Runnable free) {
        return new Builder(bounds, free).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Upstream, Builder> {
        private final Runnable free;
        private final Frames frames = new Frames();

        Builder(Bounds bounds, Runnable free) {
            this.free = free;
            server(false);
            initialSettings(
                    Http2Settings.defaultSettings().pushEnabled(false).maxHeaderListSize(bounds.headBytesMax()));
            validateHeaders(true);
            decoderEnforceMaxRstFramesPerWindow(RESETS_A_MINUTE_MAX, 60);
            frameListener(frames);
        }

        @Override
        protected Http2Upstream build() {
            return super.build();
        }

        @Override
        protected Http2Upstream build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            var upstream = new Http2Upstream(decoder, encoder, settings, free);
            frames.upstream = upstream;
            return upstream;
        }
    }

    /** Frames of the endpoint, as far as they are about exchanges. */
    private static final class Frames extends Http2FrameAdapter {
        private @Nullable Http2Upstream upstream;

        private @Nullable Http2UpstreamStream side(int streamId) {
            if (upstream == null) return null;
            Http2Stream stream = upstream.connection().stream(streamId);
            return stream == null ? null : stream.getProperty(upstream.streamKey);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end)
                throws Http2Exception {
            onHeadersRead(context, streamId, headers, padding, end);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context, int streamId, Http2Headers headers, int padding, boolean end)
                throws Http2Exception {
            Http2UpstreamStream side = side(streamId);
            if (side != null && !side.headers(headers, end))
                throw Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "a malformed response");
        }

        @Override
        public int onDataRead(ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean end) {
            Http2UpstreamStream side = side(streamId);
            return padding + (side == null ? data.readableBytes() : side.received(data, end));
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int streamId, long error) {
            Http2UpstreamStream side = side(streamId);
            if (side != null) side.reset(error);
        }
    }

    /** Whether it takes another stream. */
    public boolean usable() {
        ChannelHandlerContext current = context;
        return current != null
                && current.channel().isActive()
                && !goingAway
                && active() < STREAMS_MAX
                && connection().local().canOpenStream()
                && connection().local().lastStreamCreated() < STREAM_ID_MAX;
    }

    /** Whether its connection is gone. */
    public boolean closed() {
        return context == null || !context.channel().isOpen();
    }

    /** Streams under way. */
    public int active() {
        return connection().numActiveStreams();
    }

    /** A stream for an exchange. */
    public Http2UpstreamStream stream() {
        return new Http2UpstreamStream(this);
    }

    /** Closes it. */
    public void close() {
        if (context != null) context.close();
    }

    ChannelHandlerContext context() {
        if (context == null) throw new IllegalStateException("no connection");
        return context;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        context = added;
        super.handlerAdded(added);
        decoder()
                .flowController()
                .incrementWindowSize(connection().connectionStream(), Http2Client.CONNECTION_WINDOW - 65_535);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext read) throws Exception {
        connection().forEachActiveStream(stream -> {
            Http2UpstreamStream side = stream.getProperty(streamKey);
            if (side != null) side.receivedAll();
            return true;
        });
        super.channelReadComplete(read);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) throws Exception {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) super.exceptionCaught(failed, cause);
        else failed.channel().close();
    }
}
