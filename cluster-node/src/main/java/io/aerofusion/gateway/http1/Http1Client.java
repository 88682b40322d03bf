package io.aerofusion.gateway.http1;

import io.aerofusion.gateway.ClientSide;
import io.aerofusion.gateway.Deadline;
import io.aerofusion.gateway.Draining;
import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Expiring;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.Loop;
import io.aerofusion.gateway.Tunnel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's HTTP/1.1 connection: one exchange at a time, pipelined requests wait in the buffer until it is their turn.
 *
 * <p>Bytes are parsed as far as somebody wants them: a head when no exchange is under way, content while the upstream takes
 * it. What is read beyond stays where it is, and beyond a bound the socket is no longer read, which is how the upstream's
 * speed reaches the client. The connection ends after a response whenever the end of the request was not reached or could
 * not be trusted; then what the client still sends is discarded for a moment, so that the response reaches it before a reset.
 */
public final class Http1Client extends ChannelInboundHandlerAdapter implements ClientSide, Draining, Expiring {
    private enum Phase {
        /** No exchange: a head is awaited. */
        HEAD,
        /** An exchange is under way. */
        EXCHANGE,
        /** The last response is sent, what still arrives is discarded. */
        LINGER,
        TUNNEL,
        CLOSED
    }

    private final Loop loop;
    private final Channel channel;
    private final Exchange exchange;
    private final RequestHead request;
    private final Head head;
    private final Body body;
    private final Sender out;
    private final Bounds bounds;
    private final Timeouts timeouts;
    private final Deadline deadline;

    private Phase phase = Phase.HEAD;
    private @Nullable Tunnel tunnel;
    private final Tunnel.Connection end;
    private @Nullable ByteBuf pending;
    private boolean advancing;
    private boolean wanted;
    private boolean requestRead;
    /** Whether the time of the awaited head has begun. */
    private boolean headTimed;
    /** Whether the end of the request cannot be found, so that what follows is not a request. */
    private boolean unreadable;

    private boolean last;
    private boolean draining;
    private boolean chunkedResponse;
    private boolean endByClose;
    private int requests;
    private long lingered;
    private @Nullable Consumer<ByteBuf> http2;

    /**
     * @param listener the place of the listener among those of the gateway
     * @param http2 takes the connection over with the bytes so far, when it begins with the preface of HTTP/2 (prior
     *     knowledge); null where that is not spoken
     */
    public Http1Client(
            Loop loop, Channel channel, RequestHead request, int listener, @Nullable Consumer<ByteBuf> http2) {
        this.http2 = http2;
        this.loop = loop;
        this.channel = channel;
        this.end = new Tunnel.Connection(channel);
        this.request = request;
        this.bounds = loop.settings().bounds();
        this.timeouts = loop.settings().timeouts();
        this.head = new Head(bounds.headBytesMax(), bounds.targetBytesMax(), bounds.fieldsMax());
        this.body = new Body(head);
        this.out = new Sender(channel);
        this.exchange = new Exchange(loop, this);
        exchange.listener = listener;
        this.deadline = loop.deadline(this);
        loop.opened(this);
        deadline.at(loop.coarseNow() + timeouts.head().toNanos());
    }

    // ---- what the client sends
    // ------------------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        switch (phase) {
            case TUNNEL -> {
                if (tunnel != null) tunnel.received(end, in);
                else in.release();
            }
            case LINGER -> {
                lingered += in.readableBytes();
                in.release();
                if (lingered > bounds.lingerBytesMax()) channel.close();
            }
            case CLOSED -> in.release();
            case HEAD, EXCHANGE -> {
                pending = pending == null ? in : Wire.join(pending, in);
                advance();
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (phase == Phase.TUNNEL && tunnel != null) tunnel.receivedAll(end);
        else if (phase == Phase.EXCHANGE && !requestRead) exchange.requestFlush();
    }

    private void advance() {
        if (advancing) return;
        advancing = true;
        try {
            boolean more = true;
            while (more) {
                more = switch (phase) {
                    case HEAD -> readHead();
                    case EXCHANGE -> !requestRead && wanted && readContent();
                    case LINGER, TUNNEL, CLOSED -> false;
                };
            }
        } finally {
            advancing = false;
        }
        ByteBuf left = pending;
        if (left == null) return;
        if (!left.isReadable() || phase == Phase.LINGER || phase == Phase.CLOSED) {
            left.release();
            pending = null;
        } else if (phase == Phase.EXCHANGE && left.readableBytes() >= bounds.readAheadBytesMax()) {
            channel.config().setAutoRead(false);
        }
    }

    /** Reads a head; whether to go on. */
    private boolean readHead() {
        ByteBuf in = pending;
        if (in == null) return false;
        while (in.readableBytes() >= 2 && in.getShort(in.readerIndex()) == Wire.CRLF) {
            // an empty line before a request is what some old clients send after a body (RFC 9112, 2.2)
            in.skipBytes(2);
            head.restart();
        }
        if (!in.isReadable()) return false;
        if (http2 != null) {
            int common = Wire.preface(in);
            if (common == Wire.PREFACE.length) {
                leaveTo(http2, in);
                return false;
            }
            if (common == in.readableBytes()) {
                awaitHead();
                return false;
            }
            http2 = null;
        }
        int length = head.length(in);
        if (length == 0) {
            awaitHead();
            return false;
        }
        phase = Phase.EXCHANGE;
        headTimed = false;
        requestRead = false;
        wanted = false;
        deadline.none();
        requests++;
        Fault fault = length < 0 ? head.tooLarge(in) : head.request(in, length, exchange.request);
        if (fault == null) {
            last = requests >= bounds.requestsPerConnectionMax() || !head.keepAlive(exchange.request);
            fault = request.fill(head, exchange);
        }
        if (fault != null) {
            last = true;
            requestRead = true;
            unreadable = true;
            exchange.beginRefused(fault);
            return true;
        }
        if (head.chunked()) body.chunked();
        else if (head.contentLength() > 0) body.length(head.contentLength());
        else {
            body.none();
            requestRead = true;
        }
        exchange.begin();
        return true;
    }

    private void leaveTo(Consumer<ByteBuf> successor, ByteBuf bytes) {
        pending = null;
        phase = Phase.CLOSED;
        exchange.close();
        deadline.close();
        loop.closed(this);
        successor.accept(bytes);
    }

    /** The time of a head counts from its first byte; more bytes do not prolong it. */
    private void awaitHead() {
        if (headTimed) return;
        headTimed = true;
        deadline.at(loop.coarseNow() + timeouts.head().toNanos());
    }

    /** Reads content; whether to go on. */
    private boolean readContent() {
        ByteBuf in = pending;
        if (in == null) return false;
        return switch (body.next(in)) {
            case MORE -> {
                deadline.at(loop.coarseNow() + timeouts.bodyIdle().toNanos());
                yield false;
            }
            case CONTENT -> {
                exchange.requestContent(in.readRetainedSlice(body.length()));
                if (body.done()) ended();
                yield true;
            }
            case END -> {
                ended();
                yield true;
            }
            case FAULT -> {
                last = true;
                unreadable = true;
                exchange.requestFailed(body.fault());
                yield true;
            }
        };
    }

    private void ended() {
        requestRead = true;
        deadline.none();
        exchange.requestEnd(body.trailers());
        exchange.requestFlush();
    }

    @Override
    public void readRequest(boolean now) {
        if (wanted == now) return;
        wanted = now;
        if (now) {
            deadline.at(loop.coarseNow() + timeouts.bodyIdle().toNanos());
            channel.config().setAutoRead(true);
            advance();
            if (phase == Phase.EXCHANGE && !requestRead) exchange.requestFlush();
        } else {
            deadline.none();
            channel.config().setAutoRead(false);
        }
    }

    // ---- what the client gets
    // -------------------------------------------------------------------------------------------

    @Override
    public void informational(int status) {
        if (head.minorVersion() == 0) return;
        ByteBuf to = out.room(exchange.response.bytes().length + 64);
        to.writeBytes(Wire.statusLine(status));
        exchange.response.writeTo(to);
        to.writeShort(Wire.CRLF);
        out.flush();
    }

    @Override
    public void head() {
        Exchange x = exchange;
        boolean old = head.minorVersion() == 0;
        ByteBuf to = out.room(x.response.bytes().length + 256);
        to.writeBytes(Wire.statusLine(x.status));
        x.response.writeTo(to);
        if (!x.response.contains("date")) loop.writeDate(to);
        if (x.status == 101) {
            to.writeBytes(Wire.CONNECTION_UPGRADE);
            String protocol = x.upgrade == null ? "" : x.upgrade;
            to.writeBytes(("upgrade: " + protocol + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return;
        }
        boolean unstated = x.responseLength < 0 && !x.bodiless;
        chunkedResponse = unstated && !old;
        endByClose = unstated && old;
        last |= draining || endByClose || !requestRead || unreadable;
        if (chunkedResponse) to.writeBytes(Wire.CHUNKED);
        else if (x.responseLength >= 0 && !x.bodiless && !x.response.contains("content-length")) {
            to.writeBytes(Wire.CONTENT_LENGTH);
            Wire.writeNumber(to, x.responseLength);
            to.writeShort(Wire.CRLF);
        }
        if (last) to.writeBytes(Wire.CLOSE);
        else if (old) to.writeBytes(Wire.KEEP_ALIVE);
        to.writeShort(Wire.CRLF);
    }

    @Override
    public void content(ByteBuf content) {
        if (chunkedResponse) out.chunk(content);
        else out.content(content);
    }

    @Override
    public void end(@Nullable Headers trailers) {
        if (chunkedResponse) {
            chunkedResponse = false;
            if (trailers == null) out.room(8).writeBytes(Wire.LAST_CHUNK);
            else {
                ByteBuf to = out.room(trailers.bytes().length + 16);
                to.writeBytes(Wire.LAST_CHUNK_TRAILERS);
                trailers.writeTo(to);
                to.writeShort(Wire.CRLF);
            }
        }
        out.flush();
        if (phase == Phase.CLOSED) return;
        if (last) {
            leave();
            return;
        }
        phase = Phase.HEAD;
        deadline.at(loop.coarseNow() + (draining ? Loop.DRAIN_GRACE : timeouts.keepAlive()).toNanos());
        channel.config().setAutoRead(true);
        advance();
    }

    /** Ends the connection so that the client still gets what was sent to it. */
    private void leave() {
        boolean clean = requestRead && !unreadable && (pending == null || !pending.isReadable());
        if (clean || request.secure() || !(channel instanceof DuplexChannel duplex)) {
            phase = Phase.CLOSED;
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        phase = Phase.LINGER;
        deadline.at(loop.coarseNow() + timeouts.linger().toNanos());
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> duplex.shutdownOutput());
        channel.config().setAutoRead(true);
    }

    @Override
    public void abort() {
        phase = Phase.CLOSED;
        out.release();
        channel.close();
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
    public Channel channel() {
        return channel;
    }

    @Override
    public Tunnel.End tunnelEnd() {
        return end;
    }

    @Override
    public void tunnel(Tunnel to) {
        tunnel = to;
        phase = Phase.TUNNEL;
        deadline.none();
        channel.config().setAutoRead(true);
        ByteBuf early = pending;
        pending = null;
        if (early != null) {
            to.received(end, early);
            to.receivedAll(end);
        }
    }

    // ---- the connection
    // -------------------------------------------------------------------------------------------------

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (phase == Phase.TUNNEL && tunnel != null) tunnel.writable(end);
        else if (phase == Phase.EXCHANGE) {
            boolean writable = channel.isWritable();
            if (writable) deadline.none();
            else deadline.at(loop.coarseNow() + timeouts.sendIdle().toNanos());
            exchange.clientWritable(writable);
        }
    }

    @Override
    public void expired(long now) {
        switch (phase) {
            case HEAD -> {
                // silence is an idle connection; a head that has begun gets an answer
                if (headTimed) timedOut(Fault.HEAD_TIMEOUT);
                else channel.close();
            }
            case EXCHANGE -> {
                if (!channel.isWritable()) {
                    exchange.clientGone();
                    abort();
                } else {
                    last = true;
                    unreadable = true;
                    exchange.requestFailed(Fault.BODY_TIMEOUT);
                }
            }
            case LINGER, CLOSED -> channel.close();
            case TUNNEL -> {}
        }
    }

    private void timedOut(Fault fault) {
        phase = Phase.EXCHANGE;
        last = true;
        unreadable = true;
        requestRead = true;
        exchange.beginRefused(fault);
        advance();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (tunnel != null) tunnel.closed(end);
        phase = Phase.CLOSED;
        exchange.close();
        deadline.close();
        out.release();
        if (pending != null) pending.release();
        pending = null;
        loop.closed(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        channel.close();
    }

    /**
     * Ends the connection after its next response. HTTP/1.1 cannot tell a silent client that no request will be served any more, so one
     * that is under way already is awaited for {@link Loop#DRAIN_GRACE}.
     */
    @Override
    public void drain() {
        if (draining) return;
        draining = true;
        if (phase == Phase.HEAD && pending == null) deadline.at(loop.coarseNow() + Loop.DRAIN_GRACE.toNanos());
    }

    @Override
    public void close() {
        if (tunnel != null) tunnel.close();
        channel.close();
    }
}
