package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * What a policy does with the response to one request: keeps it, changes it, sends another instead. A step adds it with
 * {@link RequestEdit#treat}; of several the one added last sees the response first. Called on the request's event loop.
 */
public interface Treatment {
    /** What becomes of the response's head. */
    sealed interface Head {
        /** It goes on, its fields maybe changed. */
        Head PASS = new Pass();
        /** It goes on, and its content will have another length. */
        Head UNSIZED = new Unsized();
        /** As {@link #UNSIZED}, with the first piece of the content that goes on: until then it may still turn out to be refused. */
        Head HELD = new Held();

        /** Use {@link #PASS}. */
        record Pass() implements Head {}

        /** Use {@link #UNSIZED}. */
        record Unsized() implements Head {}

        /** Use {@link #HELD}. */
        record Held() implements Head {}

        /** This is sent instead; what the upstream still sends is let go of. */
        record Instead(Verdict.Answer answer) implements Head {}
    }

    /** What breaks a response that cannot be passed on as it is: it is refused with 502, or cut when it has begun, see {@link Head#HELD}. */
    final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        public Broken(String what) {
            super(what, null, false, false);
        }
    }

    /**
     * The final response's head is here, before the changes of filters and policies. May change {@code response}.
     *
     * @param length of the content, or -1 when it is not known
     * @param bodiless whether there is no content by definition
     */
    Head head(RequestView request, int status, Headers response, long length, boolean bodiless);

    /** Takes a piece of the content; gives what goes on, maybe nothing. */
    default ByteBuf content(ByteBuf content) {
        return content;
    }

    /** What was held back of a response whose end is not in sight. */
    default ByteBuf flush() {
        return Unpooled.EMPTY_BUFFER;
    }

    /** The content is complete; the last piece of it. */
    default ByteBuf end() {
        return Unpooled.EMPTY_BUFFER;
    }

    /** The upstream failed before it answered: what is sent instead of the error, or null. */
    default Verdict.@Nullable Answer failed(RequestView request) {
        return null;
    }

    /** The request is over, whether its response was complete or not. */
    default void close() {}
}
