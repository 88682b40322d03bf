package io.aerofusion.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a client's frames and refuses HEADERS on streams that cannot have any: Netty ignores them on closed streams, as it
 * must for streams that it reset itself, and so misses those that the client had ended (RFC 9113, 5.1) or never opened (5.1.1). Refuses
 * requests with several lengths of their content.
 */
final class StrictFrames implements Http2FrameReader {
    /** Streams that are remembered after they closed: a power of two. */
    private static final int REMEMBERED = 256;

    private final Http2FrameReader reader;
    private final Http2Connection connection;
    private final int[] opened = new int[REMEMBERED];
    private final boolean[] ended = new boolean[REMEMBERED];
    private @Nullable Http2FrameListener checked;
    private @Nullable Http2FrameListener checking;

    StrictFrames(Http2FrameReader reader, Http2Connection connection) {
        this.reader = reader;
        this.connection = connection;
    }

    @Override
    public void readFrame(ChannelHandlerContext context, ByteBuf in, Http2FrameListener listener)
            throws Http2Exception {
        Http2FrameListener present = checked;
        if (present == null || !listener.equals(checking)) {
            checking = listener;
            present = new Checked(listener);
            checked = present;
        }
        reader.readFrame(context, in, present);
    }

    @Override
    public Configuration configuration() {
        return reader.configuration();
    }

    @Override
    public void close() {
        reader.close();
    }

    private static int slot(int streamId) {
        return streamId >>> 1 & REMEMBERED - 1;
    }

    private void headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
        int slot = slot(streamId);
        if (connection.stream(streamId) == null
                && streamId <= connection.remote().lastStreamCreated()) {
            if (opened[slot] != streamId)
                throw Http2Exception.connectionError(
                        Http2Error.PROTOCOL_ERROR, "HEADERS on a stream that was skipped.");
            if (ended[slot])
                throw Http2Exception.connectionError(Http2Error.STREAM_CLOSED, "HEADERS on a stream that had ended.");
            return;
        }
        if (opened[slot] == streamId && ended[slot])
            throw Http2Exception.streamError(
                    streamId, Http2Error.STREAM_CLOSED, "HEADERS after the end of the request.");
        if (opened[slot] != streamId) {
            opened[slot] = streamId;
            ended[slot] = false;
        }
        ended[slot] |= end;
        if (headers.contains(HttpHeaderNames.CONTENT_LENGTH) && severalLengths(headers))
            throw Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "More than one Content-Length.");
    }

    /** Netty makes one length of several that are the same; over HTTP/1.1 they are refused, too. */
    private static boolean severalLengths(Http2Headers headers) {
        List<CharSequence> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
        return lengths.size() > 1 || AsciiString.contains(lengths.getFirst(), ",");
    }

    private void ended(int streamId) {
        int slot = slot(streamId);
        if (opened[slot] == streamId) ended[slot] = true;
    }

    private final class Checked extends Http2FrameListenerDecorator {
        Checked(Http2FrameListener listener) {
            super(listener);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context, int streamId, Http2Headers headers, int padding, boolean end)
                throws Http2Exception {
            headers(streamId, headers, end);
            super.onHeadersRead(context, streamId, headers, padding, end);
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
            headers(streamId, headers, end);
            super.onHeadersRead(context, streamId, headers, dependency, weight, exclusive, padding, end);
        }

        @Override
        public int onDataRead(ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean end)
                throws Http2Exception {
            if (end) ended(streamId);
            return super.onDataRead(context, streamId, data, padding, end);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int streamId, long error) throws Http2Exception {
            ended(streamId);
            super.onRstStreamRead(context, streamId, error);
        }
    }
}
