package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Deadline;
import io.aerofusion.gateway.Draining;
import io.aerofusion.gateway.Expiring;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.Loop;
import io.aerofusion.gateway.http1.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
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
public final class Http2Client extends StreamConnection<Http2ClientStream> implements Draining, Expiring {
    /** Pings, settings and priorities in a minute. */
    private static final int CONTROL_FRAMES_MAX = 1_000;
    /** CONTINUATION frames that hold next to nothing. */
    private static final int SMALL_CONTINUATIONS_MAX = 16;

    private static final int EMPTY_DATA_FRAMES_MAX = 10;
    /** What the ping says whose answer ends the wait for streams that a draining connection's client had opened already. */
    private static final long DRAIN_PING = 0x61_65_72_6f_64_72_6eL;

    final RequestHead request;
    final int listener;
    private final ArrayDeque<Http2ClientStream> free = new ArrayDeque<>();
    private final Deadline deadline;
    private int active;
    private int requests;
    private boolean greeted;
    private boolean draining;
    /** Whether a draining connection's client knows the last stream. */
    private boolean lastTold;
    /** The refusal that was counted last, before it is thrown. */
    private @Nullable Http2Exception counted;
    /** When the client took something of any stream last, by its window for the connection. */
    long windowMoved;

    private Http2Client(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Loop loop,
            RequestHead request,
            int listener) {
        super(decoder, encoder, settings, loop, CONTROL_FRAMES_MAX);
        this.request = request;
        this.listener = listener;
        this.deadline = loop.deadline(this);
    }

    /** The handler for a client's connection. */
    public static Http2Client of(Loop loop, RequestHead request, int listener) {
        return new Builder(loop, request, listener).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Client, Builder> {
        private final Loop loop;
        private final RequestHead request;
        private final int listener;
        private final ClientFrames frames = new ClientFrames();

        Builder(Loop loop, RequestHead request, int listener) {
            this.loop = loop;
            this.request = request;
            this.listener = listener;
            Bounds bounds = loop.settings().bounds();
            decoderEnforceMaxRstFramesPerWindow(bounds.resetsPerMinuteMax(), 60);
            decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_DATA_FRAMES_MAX);
            initialSettings(Http2Settings.defaultSettings()
                    .maxConcurrentStreams(bounds.streamsMax())
                    .connectProtocolEnabled(true)
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
            frames.of(client);
            return client;
        }
    }

    /** What a client sends. */
    private static final class ClientFrames extends Frames<Http2Client> {
        @Override
        void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
            connection().headers(streamId, headers, end);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext context, long data) {
            if (data == DRAIN_PING) connection().drainHeard();
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext context, int streamId, int increment) {
            Http2Client client = connection();
            if (streamId == 0) client.windowMoved = client.loop.coarseNow();
            else {
                Http2ClientStream side = client.side(streamId);
                if (side != null) side.windowMoved();
            }
        }
    }

    // ---- streams
    // --------------------------------------------------------------------------------------------------------

    private void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
        Http2ClientStream side = side(streamId);
        if (side != null) {
            if (!side.trailers(headers, end)) throw malformed(streamId, Fault.TRAILER_FORBIDDEN);
            return;
        }
        Http2Stream stream = connection().stream(streamId);
        if (stream == null) return;
        if (!draining) deadline.none();
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
        count(side(streamId), fault);
        counted = Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "%s", fault.detail());
        return counted;
    }

    /** Once, as what it is: a request under way ends with it, and not because its client went. */
    private void count(@Nullable Http2ClientStream side, Fault fault) {
        if (side == null || !side.malformed(fault))
            loop.counters().faults(fault).increment();
    }

    /** What the codec itself refuses of a request is counted, too. */
    @Override
    protected void onStreamError(
            ChannelHandlerContext context, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        if (!outbound && !error.equals(counted)) {
            Http2ClientStream side = side(error.streamId());
            if (error instanceof Http2Exception.HeaderListSizeException) count(side, Fault.HEADERS_TOO_LARGE);
            else if (error.error() == Http2Error.PROTOCOL_ERROR)
                count(side, side == null ? Fault.MALFORMED_HEADER : Fault.CONTENT_LENGTH_MISMATCH);
        }
        super.onStreamError(context, outbound, cause, error);
    }

    /** Who is sent away with GOAWAY for what it sent is counted: floods, and frames that make no sense. */
    @Override
    protected void onConnectionError(
            ChannelHandlerContext context, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        if (!outbound && error != null)
            loop.counters().faults(Fault.HTTP2_VIOLATED).increment();
        super.onConnectionError(context, outbound, cause, error);
    }

    /** A stream is over, its side can serve another. */
    void over(Http2ClientStream side) {
        active--;
        if (free.size() < loop.settings().bounds().streamsMax()) free.add(side);
        else side.discard();
        if (active == 0) rest();
    }

    private void rest() {
        if (lastTold) leave();
        else if (!draining)
            deadline.at(
                    loop.coarseNow() + loop.settings().timeouts().keepAlive().toNanos());
    }

    // ---- the connection
    // -------------------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        loop.opened(this);
        deadline.at(loop.coarseNow() + loop.settings().timeouts().head().toNanos());
        super.handlerAdded(added);
    }

    /** The client has said how it wants to speak: from now on it may be silent as long as an idle connection may. */
    @Override
    void settings(Http2Settings settings) {
        if (greeted) return;
        greeted = true;
        if (active == 0) rest();
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
    public void expired(long now) {
        if (draining && !lastTold) drainHeard();
        else leave();
    }

    /**
     * Ends the connection without losing a request (RFC 9113, 6.8): the client hears that it is to open no more streams, and those
     * it had opened before it heard that are served; its answer to a ping, or the time that an unwanted body lingers, tells that there are no more of
     * them. Then it hears which was the last, and the connection ends with the last stream. What is opened later is not answered, and by that
     * number the client knows that it can be sent again.
     */
    @Override
    public void drain() {
        if (draining || !opened()) return;
        draining = true;
        tellLast(Integer.MAX_VALUE);
        encoder().writePing(context(), false, DRAIN_PING, context().newPromise());
        flush(context());
        deadline.at(loop.coarseNow() + loop.settings().timeouts().linger().toNanos());
    }

    private void drainHeard() {
        if (!draining || lastTold) return;
        lastTold = true;
        deadline.none();
        tellLast(connection().remote().lastStreamCreated());
        flush(context());
        if (active == 0) rest();
    }

    private void tellLast(int streamId) {
        goAway(
                context(),
                streamId,
                Http2Error.NO_ERROR.code(),
                Unpooled.EMPTY_BUFFER,
                context().newPromise());
    }

    /** Closes through the codec, which says GOAWAY if that was not said yet. */
    private void leave() {
        context().channel().close();
    }

    @Override
    public void close() {
        context().channel().unsafe().close(context().newPromise());
    }
}
