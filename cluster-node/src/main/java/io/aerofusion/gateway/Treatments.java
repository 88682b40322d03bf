package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The treatments of one request's response, in the order in which they see it. Reused for the next request. */
final class Treatments {
    private final List<Treatment> all = new ArrayList<>(2);
    private Verdict.@Nullable Answer instead;
    private int insteadFrom;
    private boolean unsized;
    private boolean held;

    boolean isEmpty() {
        return all.isEmpty();
    }

    void add(Treatment treatment) {
        all.add(0, treatment);
    }

    boolean has(Class<? extends Treatment> kind) {
        for (int i = 0; i < all.size(); i++) if (kind.isInstance(all.get(i))) return true;
        return false;
    }

    /** Asks all of them about a head; whether another answer is to be sent, see {@link #instead}. */
    boolean head(Exchange x) {
        instead = null;
        insteadFrom = 0;
        unsized = false;
        held = false;
        for (int i = 0; i < all.size(); i++) {
            switch (all.get(i).head(x, x.status, x.response, x.responseLength, x.bodiless)) {
                case Treatment.Head.Pass pass -> {}
                case Treatment.Head.Unsized other -> unsized(x);
                case Treatment.Head.Held other -> {
                    unsized(x);
                    held = true;
                }
                case Treatment.Head.Instead other -> {
                    instead = other.answer();
                    insteadFrom = i + 1;
                    x.become(other.answer());
                }
            }
        }
        return instead != null;
    }

    /** Whether the head waits for the first piece of the content. */
    boolean held() {
        return held;
    }

    private void unsized(Exchange x) {
        unsized = true;
        x.responseLength = -1;
        x.response.remove("content-length");
    }

    /** The whole content of the other answer, treated by those who see it after the one that gave it. */
    ByteBuf instead() {
        Verdict.Answer answer = instead;
        return answer == null ? Unpooled.EMPTY_BUFFER : whole(answer.body(), insteadFrom);
    }

    /** A whole content, treated by all. */
    ByteBuf whole(byte[] body) {
        return whole(body, 0);
    }

    private ByteBuf whole(byte[] body, int from) {
        if (!unsized) return Unpooled.wrappedBuffer(body);
        ByteBuf first = content(Unpooled.wrappedBuffer(body), from);
        return Unpooled.wrappedBuffer(first, end(from));
    }

    ByteBuf content(ByteBuf content) {
        return content(content, 0);
    }

    private ByteBuf content(ByteBuf content, int from) {
        ByteBuf piece = content;
        for (int i = from; i < all.size(); i++) piece = all.get(i).content(piece);
        return piece;
    }

    ByteBuf flush() {
        ByteBuf held = Unpooled.EMPTY_BUFFER;
        for (int i = 0; i < all.size(); i++) {
            ByteBuf passed = held.isReadable() ? all.get(i).content(held) : held;
            held = join(passed, all.get(i).flush());
        }
        return held;
    }

    ByteBuf end() {
        return end(0);
    }

    private ByteBuf end(int from) {
        ByteBuf last = Unpooled.EMPTY_BUFFER;
        for (int i = from; i < all.size(); i++) {
            ByteBuf passed = last.isReadable() ? all.get(i).content(last) : last;
            last = join(passed, all.get(i).end());
        }
        return last;
    }

    private static ByteBuf join(ByteBuf first, ByteBuf second) {
        if (!first.isReadable()) {
            first.release();
            return second;
        }
        if (!second.isReadable()) {
            second.release();
            return first;
        }
        return Unpooled.wrappedBuffer(first, second);
    }

    Verdict.@Nullable Answer failed(RequestView request) {
        for (int i = 0; i < all.size(); i++) {
            Verdict.Answer answer = all.get(i).failed(request);
            if (answer != null) return answer;
        }
        return null;
    }

    void close() {
        for (int i = 0; i < all.size(); i++) all.get(i).close();
        all.clear();
        instead = null;
    }
}
