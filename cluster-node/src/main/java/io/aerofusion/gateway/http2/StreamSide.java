package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Tunnel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One stream, a client's or an upstream's, as the side of an exchange. Content that nobody takes yet is held and keeps the stream's flow-control
 * window closed, so that it is never more than one window. A stream whose exchange switched protocols is one end of its tunnel.
 */
abstract class StreamSide implements Tunnel.End {
    private final StreamConnection<?> connection;
    /** Content that came and is not wanted yet. */
    final ArrayDeque<ByteBuf> held = new ArrayDeque<>();
    /** The stream, as long as it is open. */
    @Nullable Http2Stream stream;
    /** Whether the peer has ended its half of the stream. */
    boolean ended;

    private @Nullable Tunnel tunnel;
    private boolean tunnelReads;
    private boolean tunnelOver;
    /** Whether the tunnel's half of the stream is ended. */
    private boolean saidLast;

    StreamSide(StreamConnection<?> connection) {
        this.connection = connection;
    }

    /** Content of the exchange; the bytes that are taken at once, the others are when somebody wants them. */
    abstract int received(ByteBuf content, boolean end);

    /** The peer gave the stream up. */
    abstract void reset(long error);

    /** The stream is closed, in whichever way. */
    abstract void closed();

    /** The stream takes more, or no more. */
    abstract void exchangeWritable(boolean writable);

    final int data(ByteBuf data, boolean end) {
        ended |= end;
        return tunnel == null ? received(data, end) : tunnelled(tunnel, data);
    }

    final void writabilityChanged() {
        Tunnel current = tunnel;
        if (current == null) exchangeWritable(writable());
        else current.writable(this);
    }

    @Override
    public boolean writable() {
        Http2Stream current = stream;
        return current != null
                && connection.connection().remote().flowController().isWritable(current);
    }

    final ChannelHandlerContext context() {
        return connection.context();
    }

    final ChannelPromise promise() {
        return context().newPromise();
    }

    // ---- frames
    // ---------------------------------------------------------------------------------------------------------

    final void writeHeaders(int id, Http2Headers headers, boolean end) {
        connection.encoder().writeHeaders(context(), id, headers, 0, end, promise());
    }

    final void writeData(int id, ByteBuf content, boolean end) {
        connection.encoder().writeData(context(), id, content, 0, end, promise());
    }

    final void writeReset(int id, Http2Error error) {
        connection.resetStream(context(), id, error.code(), promise());
        connection.flush(context());
    }

    /** Gives the peer the window of content that was taken; whether that is worth a flush. */
    final boolean consume(int bytes) {
        Http2Stream current = stream;
        if (current == null) return false;
        try {
            return connection.connection().local().flowController().consumeBytes(current, bytes);
        } catch (Http2Exception closed) {
            return false;
        }
    }

    /** Holds content back; none of it is taken. */
    final int hold(ByteBuf content) {
        if (content.isReadable()) held.add(content.retain());
        return 0;
    }

    final void release() {
        for (ByteBuf piece = held.poll(); piece != null; piece = held.poll()) {
            consume(piece.readableBytes());
            piece.release();
        }
    }

    // ---- a tunnel
    // -------------------------------------------------------------------------------------------------------

    final boolean tunnels() {
        return tunnel != null;
    }

    /** Bytes go to the tunnel from now on, first those that came already. */
    public final void tunnel(Tunnel to) {
        tunnel = to;
        read(true);
        if (ended && held.isEmpty()) to.ended(this);
    }

    private int tunnelled(Tunnel to, ByteBuf data) {
        int length = data.readableBytes();
        if (tunnelOver) return length;
        if (!tunnelReads || !held.isEmpty()) return hold(data);
        if (length > 0) to.received(this, data.retain());
        to.receivedAll(this);
        if (ended) to.ended(this);
        return length;
    }

    @Override
    public final void read(boolean wanted) {
        tunnelReads = wanted;
        Tunnel to = tunnel;
        if (to == null || held.isEmpty()) return;
        boolean window = false;
        while (tunnelReads && !held.isEmpty()) {
            ByteBuf piece = held.remove();
            int length = piece.readableBytes();
            to.received(this, piece);
            window |= consume(length);
            to.receivedAll(this);
        }
        if (ended && held.isEmpty()) to.ended(this);
        if (window) connection.flush(context());
    }

    @Override
    public final void write(ByteBuf bytes) {
        Http2Stream current = stream;
        if (current == null || saidLast) bytes.release();
        else writeData(current.id(), bytes, false);
    }

    /** The peer ended its half by trailers. */
    final void tunnelEnds() {
        if (tunnel != null && held.isEmpty()) tunnel.ended(this);
    }

    @Override
    public final void endSending() {
        Http2Stream current = stream;
        if (saidLast || current == null) return;
        saidLast = true;
        writeData(current.id(), Unpooled.EMPTY_BUFFER, true);
        connection.flush(context());
    }

    /** Ends the tunnel's half of the stream; the other half is reset as soon as that is out. */
    @Override
    public final void end() {
        Http2Stream current = stream;
        if (tunnelOver || current == null) return;
        tunnelOver = true;
        release();
        int id = current.id();
        if (saidLast) {
            if (!ended) writeReset(id, Http2Error.CANCEL);
            return;
        }
        saidLast = true;
        ChannelPromise out = promise();
        connection.encoder().writeData(context(), id, Unpooled.EMPTY_BUFFER, 0, true, out);
        out.addListener(sent -> {
            if (current.equals(stream) && !ended) writeReset(id, Http2Error.CANCEL);
        });
        connection.flush(context());
    }

    @Override
    public final void cut() {
        Http2Stream current = stream;
        if (current != null) writeReset(current.id(), Http2Error.CANCEL);
    }

    /** The stream is closed: so is its tunnel. */
    final void tunnelClosed() {
        Tunnel over = tunnel;
        tunnel = null;
        tunnelOver = false;
        saidLast = false;
        if (over != null) over.closed(this);
    }
}
