package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The content of an exchange's request on its way to the upstream: bounded, changed by a policy, kept for another try, copied
 * to mirrors. Belongs to its exchange and is reused with it.
 */
final class RequestContent {
    private final Exchange x;
    private final Replay replay = new Replay();
    private @Nullable BodyEdit edit;
    private @Nullable Shadow shadow;
    private boolean done;
    private long bytes;
    private long bytesMax;

    RequestContent(Exchange x) {
        this.x = x;
    }

    /** A request begins. */
    void reset(long bound) {
        bytesMax = bound;
        bytes = 0;
        done = false;
        edit = null;
        shadow = null;
    }

    void bound(long bound) {
        bytesMax = bound;
    }

    void edit(BodyEdit change) {
        edit = change;
    }

    void mirror(@Nullable Shadow copies) {
        shadow = copies;
    }

    /** Whether the request was read to its end. */
    boolean done() {
        return done;
    }

    /** The bytes of the content that were read. */
    long bytes() {
        return bytes;
    }

    /** Whether all that was sent can be sent again. */
    boolean repeatable() {
        return replay.complete();
    }

    /** What came so far goes to a connection that was just got. */
    void writeTo(UpstreamSide side) {
        replay.writeTo(side, done);
    }

    /** There is no content. */
    void none() {
        if (!done && shadow != null) shadow.originalEnded();
        done = true;
    }

    /** Takes ownership. */
    void content(ByteBuf content, @Nullable UpstreamSide to) {
        bytes += content.readableBytes();
        if (to == null) {
            content.release();
            return;
        }
        if (bytes > bytesMax) {
            content.release();
            x.refuse(Fault.BODY_TOO_LARGE);
            return;
        }
        if (edit == null) pass(content, to);
        else edited(edit, content, to);
    }

    /** The request is complete; false if it was refused instead. */
    boolean end(@Nullable Headers trailers, @Nullable UpstreamSide to) {
        done = true;
        if (edit != null && to != null && !edited(edit, null, to)) return false;
        replay.end(trailers);
        if (shadow != null) shadow.originalEnded();
        return true;
    }

    private void pass(ByteBuf content, UpstreamSide to) {
        replay.add(content);
        if (shadow != null) shadow.copy(content);
        to.content(content);
    }

    /** Passes on what a policy makes of a piece of the body, or of its end (null); false if the request was refused. */
    private boolean edited(BodyEdit change, @Nullable ByteBuf content, UpstreamSide to) {
        ByteBuf piece;
        try {
            piece = content == null ? change.end() : change.content(content);
        } catch (Treatment.Broken broken) {
            x.refuse(Fault.BODY_NOT_TREATED);
            return false;
        }
        if (piece.isReadable()) pass(piece, to);
        else piece.release();
        return true;
    }

    /** The exchange is over: gives back what is held. */
    void close() {
        replay.reset();
        if (shadow == null) return;
        if (!done) shadow.originalBroke();
        shadow = null;
    }
}
