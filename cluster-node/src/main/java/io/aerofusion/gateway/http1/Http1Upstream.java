package io.aerofusion.gateway.http1;

import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.Tunnel;
import io.aerofusion.gateway.UpstreamSide;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an upstream endpoint that speaks HTTP/1.1: one exchange at a time, between them it rests in its pool.
 *
 * <p>It goes back to the pool only when request and response are both complete, the response's end was stated rather than
 * told by closing, and not a byte follows it; in every other case it is closed, because what comes next could not be told
 * from the rest of this response.
 */
public final class Http1Upstream extends ChannelInboundHandlerAdapter implements UpstreamSide {
    /** Where the connection rests. */
    public interface Home {
        /** It is free. */
        void free(Http1Upstream connection);

        /** It is closed. */
        void closed(Http1Upstream connection);
    }

    /** Interim responses to one request; more are a fault of the upstream. */
    private static final int INTERIM_MAX = 32;

    private final Channel channel;
    private final Home home;
    private final Head head;
    private final Body body;
    private final Sender out;

    private @Nullable Exchange exchange;
    private final Tunnel.Connection end;
    private @Nullable Tunnel tunnel;
    private @Nullable String key;
    private @Nullable ByteBuf pending;
    private boolean advancing;
    private boolean flowing = true;
    private boolean chunkedRequest;
    private boolean requestEnded;
    private boolean headRequest;
    private boolean answered;
    private boolean headDone;
    private boolean keepAlive;
    private int interim;
    private int requests;
    /** When it became free, by the loop's ticker; the pool's. */
    public long freeSince;

    public Http1Upstream(Channel channel, Home home, Bounds bounds) {
        this.channel = channel;
        this.end = new Tunnel.Connection(channel);
        this.home = home;
        this.head = new Head(bounds.headBytesMax(), bounds.targetBytesMax(), bounds.fieldsMax());
        this.body = new Body(head);
        this.out = new Sender(channel);
    }

    /** Whether it can serve a request. */
    public boolean usable() {
        return channel.isActive() && exchange == null && tunnel == null;
    }

    /** Closes it. */
    public void close() {
        channel.close();
    }

    // ---- the request
    // ----------------------------------------------------------------------------------------------------

    @Override
    public void head(Exchange x) {
        exchange = x;
        flowing = true;
        answered = false;
        headDone = false;
        requestEnded = false;
        interim = 0;
        requests++;
        headRequest = x.method.equals("HEAD");
        chunkedRequest = x.requestLength < 0;
        Headers fields = x.request;
        ByteBuf to = out.room(fields.bytes().length + x.upstreamTarget.length() + 256);
        ascii(to, x.method);
        to.writeByte(' ');
        ascii(to, x.upstreamTarget);
        to.writeBytes(Wire.HTTP_1_1);
        fields.writeTo(to);
        if (chunkedRequest) to.writeBytes(Wire.CHUNKED);
        if (x.upgrade != null) {
            to.writeBytes(Wire.CONNECTION_UPGRADE);
            ascii(to, "upgrade: ");
            ascii(to, x.upgrade);
            to.writeShort(Wire.CRLF);
            key = x.keyless ? writeKey(to) : null;
        } else if (x.acceptsTrailers) to.writeBytes(Wire.CONNECTION_TE);
        to.writeShort(Wire.CRLF);
    }

    @Override
    public void content(ByteBuf content) {
        if (chunkedRequest) out.chunk(content);
        else out.content(content);
    }

    @Override
    public void end(@Nullable Headers trailers) {
        requestEnded = true;
        if (!chunkedRequest) return;
        if (trailers == null) {
            out.room(8).writeBytes(Wire.LAST_CHUNK);
            return;
        }
        ByteBuf to = out.room(trailers.bytes().length + 16);
        to.writeBytes(Wire.LAST_CHUNK_TRAILERS);
        trailers.writeTo(to);
        to.writeShort(Wire.CRLF);
    }

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public boolean writable() {
        return channel.isWritable();
    }

    @Override
    public boolean reused() {
        return requests > 1;
    }

    @Override
    public void cancel() {
        if (exchange == null) return;
        exchange = null;
        channel.close();
    }

    @Override
    public void tunnel(Tunnel to) {
        tunnel = to;
        exchange = null;
        ByteBuf early = pending;
        pending = null;
        if (early != null && early.isReadable()) {
            to.received(end, early);
            to.receivedAll(end);
        } else if (early != null) early.release();
    }

    private static String writeKey(ByteBuf to) {
        String made = WebSocketHandshake.key();
        ascii(to, "sec-websocket-key: ");
        ascii(to, made);
        to.writeShort(Wire.CRLF);
        return made;
    }

    private static void ascii(ByteBuf to, String text) {
        for (int i = 0; i < text.length(); i++) to.writeByte(text.charAt(i));
    }

    // ---- the response
    // ---------------------------------------------------------------------------------------------------

    @Override
    public void readResponse(boolean wanted) {
        if (flowing == wanted) return;
        flowing = wanted;
        channel.config().setAutoRead(wanted);
        if (wanted) advance();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (tunnel != null) {
            tunnel.received(end, in);
            return;
        }
        if (exchange == null) {
            // nobody asked: whatever this is must not become the answer to the next request
            in.release();
            channel.close();
            return;
        }
        answered = true;
        pending = pending == null ? in : Wire.join(pending, in);
        advance();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (tunnel != null) tunnel.receivedAll(end);
        else if (exchange != null && headDone) exchange.responseFlush();
    }

    private void advance() {
        if (advancing) return;
        advancing = true;
        try {
            boolean more = true;
            while (more && exchange != null) more = headDone ? content(exchange) : head();
        } finally {
            advancing = false;
        }
        if (pending != null && !pending.isReadable()) {
            pending.release();
            pending = null;
        }
        if (pending != null && exchange == null && tunnel == null) {
            pending.release();
            pending = null;
        }
    }

    /** Reads a head; whether to go on. */
    private boolean head() {
        ByteBuf in = pending;
        Exchange x = exchange;
        if (in == null || x == null || !in.isReadable()) return false;
        int length = head.length(in);
        if (length == 0) return false;
        Fault fault = length < 0 ? Fault.UPSTREAM_MALFORMED : head.response(in, length, x.response);
        if (fault != null) return fail(fault);
        int status = head.status();
        if (status == 101) return switched(x);
        if (status < 200) {
            if (++interim > INTERIM_MAX) return fail(Fault.UPSTREAM_MALFORMED);
            head.dropHopByHop(x.response);
            x.informational(status);
            return true;
        }
        headDone = true;
        keepAlive = head.keepAlive(x.response);
        head.dropHopByHop(x.response);
        x.status = status;
        x.bodiless = headRequest || status == 204 || status == 304;
        if (x.bodiless) {
            body.none();
            x.responseLength = 0;
            if (status == 204 && head.contentLengthEntry() >= 0) x.response.remove(head.contentLengthEntry());
        } else if (head.chunked()) {
            body.chunked();
            x.responseLength = -1;
        } else if (head.contentLength() >= 0) {
            body.length(head.contentLength());
            x.responseLength = head.contentLength();
        } else {
            body.untilClose();
            keepAlive = false;
            x.responseLength = -1;
        }
        x.responseHead();
        return true;
    }

    private boolean switched(Exchange x) {
        String asked = x.upgrade;
        String got = head.upgrade(x.response);
        if (asked == null || got == null || !asked.equalsIgnoreCase(got)) return fail(Fault.UPSTREAM_MALFORMED);
        head.dropHopByHop(x.response);
        if (key != null) {
            // who asked with a key has to look at the answer (RFC 6455, 4.1)
            if (!WebSocketHandshake.accept(key).equals(x.response.get("sec-websocket-accept")))
                return fail(Fault.UPSTREAM_MALFORMED);
            x.response.remove("sec-websocket-accept");
        }
        x.switched(end);
        return false;
    }

    /** Reads content; whether to go on. */
    private boolean content(Exchange x) {
        if (!flowing) return false;
        ByteBuf in = pending == null ? io.netty.buffer.Unpooled.EMPTY_BUFFER : pending;
        return switch (body.next(in)) {
            case MORE -> false;
            case CONTENT -> {
                x.responseContent(in.readRetainedSlice(body.length()));
                yield true;
            }
            case END -> {
                complete(x);
                yield false;
            }
            case FAULT -> fail(Fault.UPSTREAM_MALFORMED);
        };
    }

    private void complete(Exchange x) {
        exchange = null;
        boolean reusable =
                keepAlive && requestEnded && (pending == null || !pending.isReadable()) && channel.isActive();
        if (reusable) {
            channel.config().setAutoRead(true);
            home.free(this);
        } else channel.close();
        x.responseEnd(body.trailers());
    }

    private boolean fail(Fault fault) {
        Exchange x = exchange;
        exchange = null;
        channel.close();
        if (x != null) x.upstreamFailed(fault, answered);
        return false;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        Exchange x = exchange;
        if (tunnel != null) tunnel.closed(end);
        else if (x != null && headDone && body.endsWithConnection()) {
            // what is still held back by a slow client came before the end
            flowing = true;
            advance();
            if (exchange != null) {
                exchange = null;
                x.responseEnd(null);
            }
        } else if (x != null) fail(Fault.UPSTREAM_RESET);
        out.release();
        if (pending != null) pending.release();
        pending = null;
        home.closed(this);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (tunnel != null) tunnel.writable(end);
        else if (exchange != null) exchange.upstreamWritable(channel.isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        channel.close();
    }
}
