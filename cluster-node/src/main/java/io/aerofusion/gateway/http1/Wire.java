package io.aerofusion.gateway.http1;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;

/** The fixed pieces of HTTP/1.1 messages, as bytes, and how buffers are joined. */
final class Wire {
    static final byte[] HTTP_1_1 = bytes(" HTTP/1.1\r\n");
    static final byte[] CHUNKED = bytes("transfer-encoding: chunked\r\n");
    static final byte[] CLOSE = bytes("connection: close\r\n");
    static final byte[] KEEP_ALIVE = bytes("connection: keep-alive\r\n");
    static final byte[] CONNECTION_UPGRADE = bytes("connection: upgrade\r\n");
    static final byte[] CONNECTION_TE = bytes("connection: te\r\nte: trailers\r\n");
    static final byte[] CONTENT_LENGTH = bytes("content-length: ");
    static final byte[] LAST_CHUNK = bytes("0\r\n\r\n");
    static final byte[] LAST_CHUNK_TRAILERS = bytes("0\r\n");
    static final byte[] PREFACE = bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    static final int CRLF = ('\r' << 8) | '\n';

    private static final byte[] HEX = bytes("0123456789abcdef");
    private static final byte[][] STATUS_LINES = new byte[600][];

    static {
        for (int status = 100; status < 600; status++) {
            HttpResponseStatus known = HttpResponseStatus.valueOf(status);
            String reason = known.reasonPhrase().indexOf('(') >= 0 ? "" : known.reasonPhrase();
            STATUS_LINES[status] = bytes("HTTP/1.1 " + status + " " + reason + "\r\n");
        }
    }

    private Wire() {}

    /** The status line; the reason is ours, so that nobody else's bytes stand there. */
    static byte[] statusLine(int status) {
        return STATUS_LINES[status];
    }

    /** How many of the first unread bytes are those of the preface of HTTP/2. */
    static int preface(ByteBuf in) {
        int length = Math.min(in.readableBytes(), PREFACE.length);
        int at = 0;
        while (at < length && in.getByte(in.readerIndex() + at) == PREFACE[at]) at++;
        return at;
    }

    /** Writes a chunk's size line. */
    static void writeChunkSize(ByteBuf out, int size) {
        int digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(size)) / 4);
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out.writeByte(HEX[size >>> shift & 15]);
        out.writeShort(CRLF);
    }

    /** Writes a number in decimal. */
    static void writeNumber(ByteBuf out, long number) {
        if (number >= 10) writeNumber(out, number / 10);
        out.writeByte('0' + (int) (number % 10));
    }

    /**
     * The unread bytes of both, in one buffer. Pieces of content that were passed on keep their own hold on the memory, so what
     * is left of a buffer is copied rather than grown in place; it is at most a head or a chunk's size line, or what was read ahead.
     */
    static ByteBuf join(ByteBuf pending, ByteBuf more) {
        if (!pending.isReadable()) {
            pending.release();
            return more;
        }
        int length = pending.readableBytes() + more.readableBytes();
        ByteBuf joined = pending;
        if (pending.refCnt() > 1 || pending.writableBytes() < more.readableBytes()) {
            joined = pending.alloc().directBuffer(Math.max(length, Math.min(length * 2, 65_536)));
            joined.writeBytes(pending);
            pending.release();
        }
        joined.writeBytes(more);
        more.release();
        return joined;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
