package io.aerofusion.gateway.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

/**
 * Gathers what is written to a connection into as few buffers as pay off: heads, chunk lines and small pieces of content are
 * copied side by side (copying 2 KiB costs less than one more entry of a gathering write), larger pieces pass by reference.
 */
final class Sender {
    private static final int COPY_BYTES_MAX = 2_048;
    private static final int BUFFER_BYTES = 4_096;

    private final Channel channel;
    private ByteBuf open = io.netty.buffer.Unpooled.EMPTY_BUFFER;
    private boolean unflushed;

    Sender(Channel channel) {
        this.channel = channel;
    }

    /** The buffer to write to next, with room for at least this much. */
    ByteBuf room(int bytes) {
        if (open.writableBytes() >= bytes) return open;
        push();
        open = channel.alloc().directBuffer(Math.max(BUFFER_BYTES, bytes));
        return open;
    }

    /** Sends content; takes ownership. */
    void content(ByteBuf content) {
        int length = content.readableBytes();
        if (length <= COPY_BYTES_MAX) {
            room(length).writeBytes(content);
            content.release();
            return;
        }
        push();
        channel.write(content, channel.voidPromise());
        unflushed = true;
    }

    /** Sends content as one chunk; takes ownership. */
    void chunk(ByteBuf content) {
        int length = content.readableBytes();
        if (length == 0) {
            // an empty chunk would end the body
            content.release();
            return;
        }
        Wire.writeChunkSize(room(12 + Math.min(length, COPY_BYTES_MAX) + 2), length);
        content(content);
        room(2).writeShort(Wire.CRLF);
    }

    void flush() {
        push();
        if (unflushed) {
            unflushed = false;
            channel.flush();
        }
    }

    /** Forgets what was not flushed: the connection is gone. */
    void release() {
        if (open.isReadable() || open.capacity() > 0) open.release();
        open = io.netty.buffer.Unpooled.EMPTY_BUFFER;
    }

    private void push() {
        if (open.isReadable()) {
            channel.write(open, channel.voidPromise());
            unflushed = true;
        } else if (open.capacity() > 0) {
            open.release();
        }
        open = io.netty.buffer.Unpooled.EMPTY_BUFFER;
    }
}
