package io.aerofusion.gateway.http1;

import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the content of an HTTP/1.x message body in the bytes of a connection.
 *
 * <p>The connection asks {@link #next} what comes: a piece of content, whose bytes it takes from the buffer as a slice, the
 * end, or nothing yet. Chunk sizes, extensions and line ends are read here and never passed on; the other side frames the
 * content anew. A size line or trailers that are not complete stay in the buffer, within bounds.
 */
public final class Body {
    /** What {@link #next} found. */
    public enum Found {
        /** Nothing until more bytes arrive. */
        MORE,
        /** {@link #length} bytes of content stand at the reader index. */
        CONTENT,
        /** The message is complete. */
        END,
        /** It cannot be read: see {@link #fault}. */
        FAULT
    }

    private enum State {
        DONE,
        LENGTH,
        UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILERS
    }

    /** Of one chunk-size line with its extensions. */
    private static final int SIZE_LINE_BYTES_MAX = 256;
    /** More hexadecimal digits than this overflow, or hide a number behind zeros. */
    private static final int SIZE_DIGITS_MAX = 15;

    private final Head head;
    private final Headers trailers = new Headers(256);

    private State state = State.DONE;
    private long left;
    private int length;
    private boolean trailing;
    private @Nullable Fault fault;

    /** Reads trailers with the bounds of {@code head}, which is not in the middle of a head while a body is read. */
    public Body(Head head) {
        this.head = head;
    }

    /** A message without a body follows. */
    public void none() {
        state = State.DONE;
        trailing = false;
    }

    /** A body of this many bytes follows. */
    public void length(long bytes) {
        trailing = false;
        left = bytes;
        state = bytes == 0 ? State.DONE : State.LENGTH;
    }

    /** A body in chunks follows (RFC 9112, section 7.1). */
    public void chunked() {
        trailing = false;
        state = State.CHUNK_SIZE;
    }

    void untilClose() {
        trailing = false;
        state = State.UNTIL_CLOSE;
    }

    /** Whether the connection's end is this body's end. */
    boolean endsWithConnection() {
        return state == State.UNTIL_CLOSE;
    }

    boolean done() {
        return state == State.DONE;
    }

    /** The bytes of content that {@link Found#CONTENT} announced. */
    public int length() {
        return length;
    }

    /** The trailers of the message that ended, or null. */
    @Nullable Headers trailers() {
        return trailing ? trailers : null;
    }

    /** Why the body cannot be read. */
    public Fault fault() {
        return fault == null ? Fault.CHUNK_INVALID : fault;
    }

    /** What comes next in {@code in}; the caller takes announced content before it asks again. */
    public Found next(ByteBuf in) {
        while (true) {
            int readable = in.readableBytes();
            switch (state) {
                case DONE -> {
                    return Found.END;
                }
                case LENGTH, CHUNK -> {
                    if (readable == 0) return Found.MORE;
                    length = (int) Math.min(readable, left);
                    left -= length;
                    if (left == 0) state = state == State.LENGTH ? State.DONE : State.CHUNK_END;
                    return Found.CONTENT;
                }
                case UNTIL_CLOSE -> {
                    if (readable == 0) return Found.MORE;
                    length = readable;
                    return Found.CONTENT;
                }
                case CHUNK_SIZE -> {
                    int line = sizeLine(in, readable);
                    if (line == 0) return Found.MORE;
                    if (line < 0) return wrong(Fault.CHUNK_INVALID);
                    in.skipBytes(line);
                    state = left == 0 ? State.TRAILERS : State.CHUNK;
                }
                case CHUNK_END -> {
                    if (readable < 2) {
                        return readable == 1 && in.getByte(in.readerIndex()) != '\r'
                                ? wrong(Fault.CHUNK_INVALID)
                                : Found.MORE;
                    }
                    if (in.readShort() != (('\r' << 8) | '\n')) return wrong(Fault.CHUNK_INVALID);
                    state = State.CHUNK_SIZE;
                }
                case TRAILERS -> {
                    if (readable < 2) return Found.MORE;
                    int end = trailers(in);
                    if (end == 0) return Found.MORE;
                    if (end < 0) return Found.FAULT;
                    state = State.DONE;
                }
            }
        }
    }

    /** Reads the size into {@code left}; the length of the line, 0 if it is not complete, -1 if it is wrong. */
    private int sizeLine(ByteBuf in, int readable) {
        int start = in.readerIndex();
        int limit = Math.min(readable, SIZE_LINE_BYTES_MAX);
        long size = 0;
        int at = 0;
        for (; at < limit; at++) {
            int digit = digit(in.getByte(start + at));
            if (digit < 0) break;
            if (at == SIZE_DIGITS_MAX) return -1;
            size = size << 4 | digit;
        }
        if (at == limit) return limit == SIZE_LINE_BYTES_MAX ? -1 : 0;
        if (at == 0) return -1;
        if (in.getByte(start + at) != '\r') {
            at = extensions(in, start, at, limit);
            if (at < 0) return -1;
            if (at == limit) return limit == SIZE_LINE_BYTES_MAX ? -1 : 0;
        }
        if (at + 1 >= readable) return 0;
        if (in.getByte(start + at + 1) != '\n') return -1;
        left = size;
        return at + 2;
    }

    /**
     * Passes over the chunk extensions (RFC 9112, 7.1.1), which nobody needs but whose end has to be found as every other parser finds it:
     * where the line's CR is, {@code limit} if they are not complete, -1 if they are wrong.
     */
    private static int extensions(ByteBuf in, int start, int at, int limit) {
        while (at < limit && in.getByte(start + at) != '\r') {
            at = blanks(in, start, at, limit);
            if (at == limit) return limit;
            if (in.getByte(start + at) != ';') return -1;
            at = blanks(in, start, at + 1, limit);
            int name = at;
            at = token(in, start, at, limit);
            if (at == limit) return limit;
            if (at == name) return -1;
            int value = blanks(in, start, at, limit);
            if (value == limit) return limit;
            if (in.getByte(start + value) != '=') continue;
            at = blanks(in, start, value + 1, limit);
            if (at == limit) return limit;
            int from = at;
            at = in.getByte(start + at) == '"' ? quoted(in, start, at + 1, limit) : token(in, start, at, limit);
            if (at < 0 || at == from) return -1;
        }
        return at;
    }

    private static int blanks(ByteBuf in, int start, int at, int limit) {
        while (at < limit && (in.getByte(start + at) == ' ' || in.getByte(start + at) == '\t')) at++;
        return at;
    }

    private static int token(ByteBuf in, int start, int at, int limit) {
        while (at < limit && Headers.isToken(in.getByte(start + at))) at++;
        return at;
    }

    /** Behind the closing quote, {@code limit} if there is none yet, -1 if what is quoted may not be. */
    private static int quoted(ByteBuf in, int start, int at, int limit) {
        for (; at < limit; at++) {
            byte b = in.getByte(start + at);
            if (b == '"') return at + 1;
            if (b == '\\' && ++at == limit) return limit;
            byte content = in.getByte(start + at);
            if ((content >= 0 && content < 0x20 && content != '\t') || content == 0x7f) return -1;
        }
        return limit;
    }

    /** The length of the trailers, which are then read; 0 if they are not complete, -1 if they are wrong. */
    private int trailers(ByteBuf in) {
        int end = head.length(in);
        if (end == 0) return 0;
        if (end < 0) {
            fault = Fault.HEADERS_TOO_LARGE;
            return -1;
        }
        trailers.head(end);
        in.readBytes(trailers.bytes(), 0, end);
        head.restart();
        Fault wrong = head.fields(trailers, 0, end);
        if (wrong != null) {
            fault = wrong;
            return -1;
        }
        for (int entry = trailers.next(0); entry >= 0; entry = trailers.next(entry + 1)) {
            if (!Fields.mayTrail(trailers.lowerCaseName(entry))) {
                fault = Fault.TRAILER_FORBIDDEN;
                return -1;
            }
        }
        trailing = trailers.size() > 0;
        return end;
    }

    private Found wrong(Fault why) {
        fault = why;
        return Found.FAULT;
    }

    private static int digit(byte b) {
        if (b >= '0' && b <= '9') return b - '0';
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }
}
