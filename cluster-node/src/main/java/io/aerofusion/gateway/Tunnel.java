package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;

/**
 * The two connections of an exchange that switched protocols (RFC 9110, 7.8), both on one event loop: bytes pass from one to
 * the other, each side is read only while the other takes what it is sent, and when one side ends both do.
 */
public final class Tunnel implements Expiring {
    private final Channel client;
    private final Channel upstream;
    private final Deadline deadline;
    private final long idleNanos;
    private final Loop loop;
    private final Runnable finished;
    private boolean closed;

    Tunnel(Loop loop, Channel client, Channel upstream, long idleNanos, Runnable finished) {
        this.loop = loop;
        this.client = client;
        this.upstream = upstream;
        this.idleNanos = idleNanos;
        this.finished = finished;
        this.deadline = loop.deadline(this);
        touch();
    }

    /** Bytes that one side received; takes ownership. */
    public void received(Channel from, ByteBuf bytes) {
        Channel to = other(from);
        touch();
        to.write(bytes, to.voidPromise());
    }

    /** One side has no more to read for now. */
    public void receivedAll(Channel from) {
        Channel to = other(from);
        to.flush();
        if (!to.isWritable()) from.config().setAutoRead(false);
    }

    /** One side takes bytes again. */
    public void writable(Channel side) {
        Channel other = other(side);
        if (side.isWritable()) {
            touch();
            other.config().setAutoRead(true);
        }
    }

    /** One side is closed. */
    public void closed(Channel side) {
        close();
    }

    @Override
    public void expired(long now) {
        close();
    }

    /** Closes both sides. */
    public void close() {
        if (closed) return;
        closed = true;
        deadline.close();
        client.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        upstream.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        finished.run();
    }

    private Channel other(Channel side) {
        return side.equals(client) ? upstream : client;
    }

    private void touch() {
        deadline.at(loop.coarseNow() + idleNanos);
    }
}
