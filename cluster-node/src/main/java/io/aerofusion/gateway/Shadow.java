package io.aerofusion.gateway;

import io.aerofusion.gateway.routing.Mirror;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a request on its way to another upstream (a mirror): it gets the same content as the original, whose speed it never
 * changes, and its response is dropped. When it falls behind by more than a bound it is given up.
 */
final class Shadow implements ClientSide {
    /** Content that waits for the mirrored upstream. */
    static final int BYTES_MAX = 65_536;
    /** Copies of one request. */
    static final int MIRRORS_MAX = 4;

    private final Exchange exchange;
    private final @Nullable Shadow next;
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private boolean wanted;
    private boolean ended;
    private boolean over;

    private Shadow(Loop loop, @Nullable Shadow next) {
        this.exchange = new Exchange(loop, this);
        this.next = next;
    }

    /** The copies of a request that its rule asks for, or null. */
    static @Nullable Shadow of(Loop loop, Exchange original, Plan plan) {
        Shadow first = null;
        int copies = 0;
        for (Mirror mirror : plan.filters().mirrors()) {
            if (copies == MIRRORS_MAX
                    || !mirror.chosen(ThreadLocalRandom.current().nextInt())) continue;
            Route target = plan.mirror(mirror.upstream());
            if (target == null) continue;
            copies++;
            first = new Shadow(loop, first);
            first.begin(original, target);
        }
        return first;
    }

    private void begin(Exchange from, Route target) {
        Exchange copy = exchange;
        copy.request.addAll(from.request);
        copy.method = from.method;
        copy.scheme = from.scheme;
        copy.authority = from.authority;
        copy.host = from.host;
        copy.rawTarget = from.rawTarget;
        copy.upstreamTarget = from.rawTarget;
        copy.path = from.path;
        copy.query = from.query;
        copy.requestLength = from.requestLength;
        copy.acceptsTrailers = from.acceptsTrailers;
        copy.clientAddress = from.clientAddress;
        copy.beginTo(target);
    }

    /** Takes note of a piece of the original's content. */
    void copy(ByteBuf piece) {
        if (next != null) next.copy(piece);
        if (over) return;
        if (wanted) {
            exchange.requestContent(piece.retainedDuplicate());
            exchange.requestFlush();
            return;
        }
        waitingBytes += piece.readableBytes();
        if (waitingBytes > BYTES_MAX) drop();
        else waiting.add(piece.retainedDuplicate());
    }

    /** The original is complete. */
    void originalEnded() {
        if (next != null) next.originalEnded();
        ended = true;
        if (wanted && !over) finish();
    }

    /** The original broke off. */
    void originalBroke() {
        if (next != null) next.originalBroke();
        if (!over) drop();
    }

    private void finish() {
        exchange.requestEnd(null);
        exchange.requestFlush();
    }

    private void drop() {
        over = true;
        release();
        exchange.close();
    }

    private void release() {
        for (ByteBuf piece = waiting.poll(); piece != null; piece = waiting.poll()) piece.release();
    }

    @Override
    public void readRequest(boolean now) {
        wanted = now;
        while (wanted && !over && !waiting.isEmpty()) {
            ByteBuf piece = waiting.remove();
            waitingBytes -= piece.readableBytes();
            exchange.requestContent(piece);
            exchange.requestFlush();
        }
        if (wanted && !over && ended && waiting.isEmpty()) finish();
    }

    @Override
    public void content(ByteBuf content) {
        content.release();
    }

    @Override
    public void informational(int status) {}

    @Override
    public void head() {}

    @Override
    public void end(@Nullable Headers trailers) {
        over();
    }

    @Override
    public void abort() {
        over();
    }

    private void over() {
        over = true;
        release();
        exchange.close();
    }

    @Override
    public void flush() {}

    @Override
    public boolean writable() {
        return true;
    }

    @Override
    public void tunnel(Tunnel tunnel) {
        tunnel.close();
    }

    @Override
    public Channel channel() {
        throw new IllegalStateException("a copy has no client");
    }

    @Override
    public Tunnel.End tunnelEnd() {
        throw new IllegalStateException("a copy has no client");
    }
}
