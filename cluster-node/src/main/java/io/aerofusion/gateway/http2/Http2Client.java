package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Deadline;
import io.aerofusion.gateway.Draining;
import io.aerofusion.gateway.Expiring;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.Loop;
import io.aerofusion.gateway.http1.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A client's HTTP/2 connection: each stream is the client's side of one exchange.
 *
 * <p>Netty's codec reads frames, header compression and flow control; this class bounds what a client may make us do: streams
 * at once, streams reset in a minute (rapid reset, CVE-2023-44487), CONTINUATION frames (by the bound on heads), pings,
 * settings and other control frames. Who exceeds a bound gets GOAWAY with ENHANCE_YOUR_CALM. Content that the upstream does not
 * take stays in the stream and keeps its flow-control window closed, which holds at most one window per stream.
 */
public final class Http2Client extends Http2ConnectionHandler implements Draining, Expiring {
    /** Bytes of content in flight from one client over all its streams. */
    static final int CONNECTION_WINDOW = 1 << 20;
    /** Pings, settings and priorities in a minute. */
    private static final int CONTROL_FRAMES_MAX = 1_000;
    /** CONTINUATION frames that hold next to nothing. */
    private static final int SMALL_CONTINUATIONS_MAX = 16;

    private static final int EMPTY_DATA_FRAMES_MAX = 10;
    private static final long MINUTE = 60_000_000_000L;

    final Loop loop;
    final RequestHead request;
    final int listener;
    final Http2Connection.PropertyKey streamKey;
    private final ArrayDeque<Http2ClientStream> free = new ArrayDeque<>();
    private final Deadline deadline;
    private @Nullable ChannelHandlerContext context;
    private int active;
    private int controlFrames;
    private int requests;
    private long minute;
    private boolean draining;

    private Http2Client(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Loop loop,
            RequestHead request,
            int listener) {
        super(decoder, encoder, settings);
        this.loop = loop;
        this.request = request;
        this.listener = listener;
        this.streamKey = connection().newKey();
        this.deadline = loop.deadline(this);
        this.minute = loop.coarseNow();
        connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                Http2ClientStream side = stream.removeProperty(streamKey);
                if (side != null) side.closed();
            }
        });
        encoder.flowController().listener(stream -> {
            Http2ClientStream side = stream.getProperty(streamKey);
            if (side != null) side.writabilityChanged();
        });
    }

    /** The handler for a client's connection. */
    public static Http2Client of(Loop loop, RequestHead request, int listener) {
        return new Builder(loop, request, listener).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Client, Builder> {
        private final Loop loop;
        private final RequestHead request;
        private final int listener;
        private final Frames frames = new Frames();

        Builder(Loop loop, RequestHead request, int listener) {
            this.loop = loop;
            this.request = request;
            this.listener = listener;
            Bounds bounds = loop.settings().bounds();
            decoderEnforceMaxRstFramesPerWindow(bounds.resetsPerMinuteMax(), 60);
            decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_DATA_FRAMES_MAX);
            initialSettings(Http2Settings.defaultSettings()
                    .maxConcurrentStreams(bounds.streamsMax())
                    .maxHeaderListSize(bounds.headBytesMax()));
            var connection = new DefaultHttp2Connection(true);
            var encoder = new DefaultHttp2ConnectionEncoder(connection, new DefaultHttp2FrameWriter());
            var reader = new DefaultHttp2FrameReader(
                    new DefaultHttp2HeadersDecoder(true, bounds.headBytesMax()), SMALL_CONTINUATIONS_MAX);
            codec(
                    new DefaultHttp2ConnectionDecoder(
                            connection,
                            encoder,
                            new StrictFrames(reader, connection),
                            Http2PromisedRequestVerifier.ALWAYS_VERIFY,
                            true,
                            true,
                            true),
                    encoder);
            gracefulShutdownTimeoutMillis(loop.settings().timeouts().request().toMillis());
            frameListener(frames);
        }

        @Override
        protected Http2Client build() {
            return super.build();
        }

        @Override
        protected Http2Client build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            var client = new Http2Client(decoder, encoder, settings, loop, request, listener);
            frames.client = client;
            return client;
        }
    }

    /** Frames of the client, as far as they are about exchanges. */
    private static final class Frames extends Http2FrameAdapter {
        private @Nullable Http2Client client;

        private Http2Client client() {
            if (client == null) throw new IllegalStateException("a frame before the connection");
            return client;
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
            client().headers(streamId, headers, end);
        }

        @Override
        public int onDataRead(ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean end)
                throws Http2Exception {
            Http2ClientStream side = client().side(streamId);
            return side == null ? data.readableBytes() + padding : side.received(data, end) + padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int streamId, long error) {
            Http2ClientStream side = client().side(streamId);
            if (side != null) side.reset();
        }

        @Override
        public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
            client().controlFrame();
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) throws Http2Exception {
            client().controlFrame();
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext context, int streamId, int dependency, short weight, boolean exclusive)
                throws Http2Exception {
            client().controlFrame();
        }
    }

    // ---- streams
    // --------------------------------------------------------------------------------------------------------

    private @Nullable Http2ClientStream side(int streamId) {
        Http2Stream stream = connection().stream(streamId);
        return stream == null ? null : stream.getProperty(streamKey);
    }

    private void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
        Http2ClientStream side = side(streamId);
        if (side != null) {
            if (!side.trailers(headers, end)) throw malformed(streamId, Fault.TRAILER_FORBIDDEN);
            return;
        }
        Http2Stream stream = connection().stream(streamId);
        if (stream == null) return;
        deadline.none();
        active++;
        requests++;
        side = free.poll();
        if (side == null) side = new Http2ClientStream(this);
        stream.setProperty(streamKey, side);
        Fault fault = side.begin(stream, headers, end);
        if (fault != null) throw malformed(streamId, fault);
        if (requests == loop.settings().bounds().requestsPerConnectionMax()) drain();
    }

    /** A malformed request is an error of its stream (RFC 9113, 8.1.1); the connection goes on. */
    private Http2Exception malformed(int streamId, Fault fault) {
        loop.counters().faults(fault).increment();
        return Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "%s", fault.detail());
    }

    private void controlFrame() throws Http2Exception {
        long now = loop.coarseNow();
        if (now - minute > MINUTE) {
            minute = now;
            controlFrames = 0;
        }
        if (++controlFrames > CONTROL_FRAMES_MAX)
            throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "Too many control frames.");
    }

    /** A stream is over, its side can serve another. */
    void over(Http2ClientStream side) {
        active--;
        if (free.size() < loop.settings().bounds().streamsMax()) free.add(side);
        else side.discard();
        if (active == 0) rest();
    }

    private void rest() {
        if (draining && context != null) context.close();
        else
            deadline.at(
                    loop.coarseNow() + loop.settings().timeouts().keepAlive().toNanos());
    }

    ChannelHandlerContext context() {
        if (context == null) throw new IllegalStateException("no connection");
        return context;
    }

    // ---- the connection
    // -------------------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        context = added;
        loop.opened(this);
        rest();
        super.handlerAdded(added);
        Http2Stream whole = connection().connectionStream();
        decoder().flowController().incrementWindowSize(whole, CONNECTION_WINDOW - 65_535);
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) throws Exception {
        super.channelInactive(gone);
        for (Http2ClientStream side : free) side.discard();
        free.clear();
        deadline.close();
        loop.closed(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) throws Exception {
        if (io.netty.handler.codec.http2.Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null)
            super.exceptionCaught(failed, cause);
        else failed.channel().close();
    }

    @Override
    public void expired(long now) {
        context().close();
    }

    @Override
    public void drain() {
        draining = true;
        if (active == 0) {
            context().close();
            return;
        }
        goAway(
                context(),
                connection().remote().lastStreamCreated(),
                Http2Error.NO_ERROR.code(),
                Unpooled.EMPTY_BUFFER,
                context().newPromise());
        flush(context());
    }

    @Override
    public void close() {
        context().channel().unsafe().close(context().newPromise());
    }
}
