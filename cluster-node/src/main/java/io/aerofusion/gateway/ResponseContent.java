package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The content of an exchange's response on its way to the client, as policies treat it; what breaks there is told to the
 * caller, who refuses. Belongs to its exchange and is reused with it.
 */
final class ResponseContent {
    private final Exchange x;
    private final ClientSide client;
    private final Treatments treatments = new Treatments();
    /** Whether another answer than the upstream's was sent, so that the rest of that one is of no interest. */
    private boolean replaced;
    /** Whether the head was not sent yet though it is known: it goes before the first piece. */
    private boolean headHeld;

    private long bytes;

    ResponseContent(Exchange x, ClientSide client) {
        this.x = x;
        this.client = client;
    }

    /** A request begins. */
    void reset() {
        replaced = false;
        headHeld = false;
        bytes = 0;
    }

    Treatments treatments() {
        return treatments;
    }

    boolean untreated() {
        return treatments.isEmpty();
    }

    /** The bytes of the content that were passed on. */
    long bytes() {
        return bytes;
    }

    /** Lets policies see the head; whether it is to be sent. If not, {@link #instead} follows. */
    boolean head() {
        if (treatments.isEmpty()) return true;
        if (!treatments.head(x)) {
            headHeld = treatments.held();
            return true;
        }
        replaced = true;
        return false;
    }

    /** Whether the head is to be sent only with the first piece of the content. */
    boolean headHeld() {
        return headHeld;
    }

    /** The content of the answer that a treatment gave instead. */
    void instead() {
        send(x.bodiless ? Unpooled.EMPTY_BUFFER : treatments.instead());
    }

    /** The whole content of an answer of the gateway, treated. */
    void whole(byte[] body) {
        send(x.bodiless ? Unpooled.EMPTY_BUFFER : treatments.whole(body));
    }

    /** The whole content of an answer of the gateway as it is; takes ownership. */
    void untreated(ByteBuf content) {
        bytes = content.readableBytes();
        if (x.bodiless || bytes == 0) content.release();
        else client.content(content);
    }

    /** Takes ownership. */
    void content(ByteBuf content) {
        if (treatments.isEmpty()) {
            bytes += content.readableBytes();
            client.content(content);
        } else if (replaced) content.release();
        else send(treatments.content(content));
    }

    void flush() {
        if (!treatments.isEmpty() && !replaced && !x.bodiless) send(treatments.flush());
    }

    void end() {
        if (!treatments.isEmpty() && !replaced && !x.bodiless) send(treatments.end());
        sendHead();
    }

    /** What a treatment answers where the upstream fails, or null. */
    Verdict.@Nullable Answer failed() {
        return treatments.isEmpty() ? null : treatments.failed(x);
    }

    /** Sends content if there is any; takes ownership. */
    private void send(ByteBuf content) {
        if (!content.isReadable()) {
            content.release();
            return;
        }
        sendHead();
        bytes += content.readableBytes();
        client.content(content);
    }

    private void sendHead() {
        if (!headHeld) return;
        headHeld = false;
        x.sendHead();
    }

    /** The exchange is over: gives back what is held. */
    void close() {
        if (!treatments.isEmpty()) treatments.close();
    }
}
