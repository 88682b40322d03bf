package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What was sent of a request's body, held by reference so that the request can be sent again; given up when it exceeds a
 * bound, after which the request is tried no more.
 */
final class Replay {
    /** Bytes of a body that are held. */
    static final int BYTES_MAX = 65_536;

    private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>(2);
    private final Headers trailers = new Headers(64);
    private int bytes;
    private boolean complete = true;

    /** Takes note of a piece before it is sent. */
    void add(ByteBuf piece) {
        bytes += piece.readableBytes();
        if (!complete || bytes > BYTES_MAX) {
            clear();
            complete = false;
            return;
        }
        pieces.add(piece.retainedDuplicate());
    }

    void end(@Nullable Headers sent) {
        if (sent != null) trailers.addAll(sent);
    }

    /** Whether all that was sent can be sent again. */
    boolean complete() {
        return complete;
    }

    /** Sends all of it again, and the end of the request if that was sent. */
    void writeTo(UpstreamSide side, boolean ended) {
        for (ByteBuf piece : pieces) side.content(piece.retainedDuplicate());
        if (ended) side.end(trailers.size() == 0 ? null : trailers);
    }

    /** Gives up what is held, for the next request. */
    void reset() {
        clear();
        complete = true;
    }

    private void clear() {
        for (ByteBuf piece = pieces.poll(); piece != null; piece = pieces.poll()) piece.release();
        trailers.clear();
        bytes = 0;
    }
}
