package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Loop;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;

/**
 * A connection to an upstream endpoint that speaks HTTP/2: many exchanges at once, each a stream. It takes the first when the endpoint's SETTINGS
 * are there, since they say how many it takes at once (one way more for a new connection, none for a request), and no new ones after
 * GOAWAY; those the endpoint says it did not process are sent again elsewhere.
 */
public final class Http2Upstream extends StreamConnection<Http2UpstreamStream> {
    /** Streams at once, whatever the endpoint allows. */
    private static final int STREAMS_MAX = 256;
    /** After this many streams a new connection is made, long before the identifiers run out. */
    private static final int STREAM_ID_MAX = Integer.MAX_VALUE / 2;

    private static final int RESETS_A_MINUTE_MAX = 10_000;
    /** Pings and settings; gRPC's servers ping with every window of content to measure the way. */
    private static final int CONTROL_FRAMES_A_MINUTE_MAX = 100_000;

    private final Runnable settled;
    private final Runnable streamFree;
    private boolean isSettled;
    private boolean takesUpgrades;
    private boolean goingAway;
    private int lastKnown = Integer.MAX_VALUE;

    /** When it had a stream last, by the loop's ticker; the pool's. */
    public long usedAt;

    private Http2Upstream(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Loop loop,
            Runnable settled,
            Runnable streamFree) {
        super(decoder, encoder, settings, loop, CONTROL_FRAMES_A_MINUTE_MAX);
        this.streamFree = streamFree;
        this.settled = settled;
    }

    @Override
    void streamClosed() {
        streamFree.run();
    }

    @Override
    void goAwayReceived(int lastStreamId) {
        goingAway = true;
        lastKnown = lastStreamId;
    }

    /** Whether the endpoint said that it did not process this stream. */
    boolean unseen(int streamId) {
        return streamId > lastKnown;
    }

    /**
     * The handler for a connection.
     *
     * @param settled runs once the endpoint has said how it wants to be spoken to; before that it is not usable
     * @param streamFree runs whenever a stream of it ended
     */
    public static Http2Upstream of(Loop loop, Runnable settled, Runnable streamFree) {
        return new Builder(loop, settled, streamFree).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Upstream, Builder> {
        private final Loop loop;
        private final Runnable settled;
        private final Runnable streamFree;
        private final UpstreamFrames frames = new UpstreamFrames();

        Builder(Loop loop, Runnable settled, Runnable streamFree) {
            this.loop = loop;
            this.settled = settled;
            this.streamFree = streamFree;
            server(false);
            initialSettings(Http2Settings.defaultSettings()
                    .pushEnabled(false)
                    .maxHeaderListSize(loop.settings().bounds().headBytesMax()));
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
            var upstream = new Http2Upstream(decoder, encoder, settings, loop, settled, streamFree);
            frames.of(upstream);
            return upstream;
        }
    }

    /** What an endpoint sends. */
    private static final class UpstreamFrames extends Frames<Http2Upstream> {
        @Override
        void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
            Http2UpstreamStream side = connection().side(streamId);
            if (side != null && !side.headers(headers, end))
                throw Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "a malformed response");
        }
    }

    @Override
    void settings(Http2Settings settings) {
        if (Boolean.TRUE.equals(settings.connectProtocolEnabled())) takesUpgrades = true;
        if (isSettled) return;
        isSettled = true;
        settled.run();
    }

    /** Whether it takes another stream. */
    public boolean usable() {
        return isSettled
                && context().channel().isActive()
                && !goingAway
                && active() < STREAMS_MAX
                && connection().local().canOpenStream()
                && connection().local().lastStreamCreated() < STREAM_ID_MAX;
    }

    /** Whether it takes streams that become tunnels (extended CONNECT, RFC 8441). */
    public boolean takesUpgrades() {
        return takesUpgrades;
    }

    /** Whether it will never take another stream and has none any more. */
    public boolean spent() {
        return active() == 0 && (goingAway || connection().local().lastStreamCreated() >= STREAM_ID_MAX);
    }

    /** Whether its connection is gone. */
    public boolean closed() {
        return !opened() || !context().channel().isOpen();
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
        if (opened()) context().close();
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
}
