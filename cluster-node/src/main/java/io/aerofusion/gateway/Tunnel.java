package io.aerofusion.gateway;

import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The two sides of an exchange that switched protocols (RFC 9110, 7.8; RFC 8441), both on one event loop: bytes pass from one to
 * the other, each side is read only while the other takes what it is sent, and when one side is gone both are.
 */
public final class Tunnel implements Expiring {
    /** One side of a tunnel: a whole HTTP/1.1 connection or a stream of HTTP/2. */
    public interface End {
        /** Sends bytes; takes ownership. */
        void write(ByteBuf bytes);

        /** Puts what was sent on the wire. */
        void flush();

        /** Whether what waits to be sent is below its bound. */
        boolean writable();

        /** Whether more is wanted from this side. */
        void read(boolean wanted);

        /** Says that no more comes, once what was sent is out; what this side still says is wanted. */
        void endSending();

        /** Ends this side once what was sent is out. */
        void end();

        /** Ends this side now. */
        void cut();
    }

    /** A connection that is nothing but the tunnel from now on. */
    public record Connection(Channel channel) implements End {
        @Override
        public void write(ByteBuf bytes) {
            channel.write(bytes, channel.voidPromise());
        }

        @Override
        public void flush() {
            channel.flush();
        }

        @Override
        public boolean writable() {
            return channel.isWritable();
        }

        @Override
        public void read(boolean wanted) {
            channel.config().setAutoRead(wanted);
        }

        @Override
        public void endSending() {
            // the end of what TLS carries is the end of its connection
            if (channel instanceof DuplexChannel duplex && channel.pipeline().get(SslHandler.class) == null)
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> duplex.shutdownOutput());
            else end();
        }

        @Override
        public void end() {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void cut() {
            channel.close();
        }
    }

    private final End client;
    private final End upstream;
    private final Deadline deadline;
    private final Timeouts timeouts;
    private final Loop loop;
    private final Runnable finished;
    /** The side that has said its last, if one has. */
    private @Nullable End ended;

    private boolean closed;
    private boolean clientGone;
    private boolean upstreamGone;

    Tunnel(Loop loop, End client, End upstream, Runnable finished) {
        this.loop = loop;
        this.client = client;
        this.upstream = upstream;
        this.timeouts = loop.settings().timeouts();
        this.finished = finished;
        this.deadline = loop.deadline(this);
        touch();
    }

    /** Bytes that one side received; takes ownership. */
    public void received(End from, ByteBuf bytes) {
        touch();
        other(from).write(bytes);
    }

    /** One side has no more to read for now. */
    public void receivedAll(End from) {
        End to = other(from);
        to.flush();
        if (!to.writable()) from.read(false);
    }

    /** One side takes bytes again. */
    public void writable(End side) {
        if (closed || !side.writable()) return;
        touch();
        other(side).read(true);
    }

    /** One side has said its last; what the other still says goes to it, until that ends too. */
    public void ended(End side) {
        if (closed || side.equals(ended)) return;
        if (ended != null) {
            close();
            return;
        }
        ended = side;
        touch();
        other(side).endSending();
    }

    /** One side is gone, and with it the other. */
    public void closed(End side) {
        close();
        if (side.equals(client)) clientGone = true;
        else upstreamGone = true;
        if (clientGone && upstreamGone) deadline.close();
    }

    @Override
    public void expired(long now) {
        if (!closed) {
            close();
            return;
        }
        deadline.close();
        if (!clientGone) client.cut();
        if (!upstreamGone) upstream.cut();
    }

    /** Ends both sides; who does not take the rest in the time to send it is cut. */
    public void close() {
        if (closed) return;
        closed = true;
        deadline.at(loop.coarseNow() + timeouts.sendIdle().toNanos());
        finished.run();
        client.end();
        upstream.end();
    }

    private End other(End side) {
        return side.equals(client) ? upstream : client;
    }

    private void touch() {
        if (closed) return;
        Duration idle = ended != null ? timeouts.sendIdle() : timeouts.tunnelIdle();
        deadline.at(loop.coarseNow() + idle.toNanos());
    }
}
