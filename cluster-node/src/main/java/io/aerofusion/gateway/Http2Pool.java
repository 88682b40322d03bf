package io.aerofusion.gateway;

import io.aerofusion.gateway.http2.Http2Upstream;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Failure;
import io.aerofusion.gateway.upstream.Refusal;
import io.aerofusion.gateway.upstream.Upstream;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2 connections to one endpoint: streams share one until it takes no more, then another is opened. Requests that come
 * while it is opened wait for it.
 */
final class Http2Pool implements UpstreamPool {
    private final Loop loop;
    private final Endpoint endpoint;
    private final ArrayList<Http2Upstream> connections = new ArrayList<>(1);
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int open;
    private boolean opening;
    /** The connection that is open but whose endpoint has not said yet how it wants to be spoken to. */
    private @Nullable Http2Upstream settling;

    private long idleNanos;
    private long connectNanos;

    Http2Pool(Loop loop, Endpoint endpoint) {
        this.loop = loop;
        this.endpoint = endpoint;
    }

    @Override
    public void acquire(Upstream upstream, Exchange exchange, int attempt, boolean fresh) {
        idleNanos = upstream.settings().timeouts().idle().toNanos();
        connectNanos = upstream.settings().timeouts().connect().toNanos();
        for (int i = 0; i < connections.size(); i++) {
            Http2Upstream connection = connections.get(i);
            if (!connection.usable()) continue;
            loop.counters().upstreamReused.increment();
            give(connection, exchange, attempt);
            return;
        }
        if (!upstream.tryWait()) {
            exchange.connectRefused(attempt, Refusal.TOO_MANY_PENDING);
            return;
        }
        waiting.add(new Waiting(exchange, attempt, upstream));
        if (!opening) open(upstream);
    }

    private void open(Upstream upstream) {
        if (!endpoint.tryConnect(open == 0)) return;
        opening = true;
        open++;
        Connector.connect(loop, endpoint, upstream.settings(), this::opened, this::failed, () -> {
            open--;
            endpoint.connectionClosed();
            connections.removeIf(connection -> connection.closed());
            if (settling != null && settling.closed()) unsettled(Fault.UPSTREAM_CONNECT_FAILED);
            serveWaiting();
        });
    }

    private void opened(Channel channel) {
        Http2Upstream connection = Http2Upstream.of(loop, this::settled, this::serveWaiting);
        settling = connection;
        connection.usedAt = loop.coarseNow();
        connections.add(connection);
        channel.pipeline().addLast(connection);
    }

    /** The connection that was opened last says how it is used. */
    private void settled() {
        Http2Upstream connection = settling;
        if (connection == null) return;
        settling = null;
        if (connection.usable()) {
            opening = false;
            serveWaiting();
        } else {
            // it takes no stream from the beginning; another connection would not either
            failed(Fault.UPSTREAM_CONNECT_FAILED);
            connection.close();
        }
    }

    /** The endpoint took the connection, but does not speak. */
    private void unsettled(Fault fault) {
        Http2Upstream connection = settling;
        settling = null;
        if (connection != null) connection.close();
        failed(fault);
    }

    private void failed(Fault fault) {
        opening = false;
        // who tries again here at once waits for another connection
        List<Waiting> told = List.copyOf(waiting);
        waiting.clear();
        for (Waiting next : told) {
            next.upstream().waitEnded();
            next.exchange().connectFailed(next.attempt(), fault, Failure.CONNECT);
        }
    }

    private void serveWaiting() {
        for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
            Http2Upstream usable = null;
            for (Http2Upstream connection : connections) if (connection.usable()) usable = connection;
            if (usable == null && next.current()) {
                if (!opening) open(next.upstream());
                return;
            }
            waiting.remove();
            next.upstream().waitEnded();
            if (usable != null) give(usable, next.exchange(), next.attempt());
        }
    }

    private void give(Http2Upstream connection, Exchange exchange, int attempt) {
        if (exchange.upgrade != null && !connection.takesUpgrades()) {
            exchange.connectUseless(attempt, Fault.UPSTREAM_UPGRADE_UNSUPPORTED);
            return;
        }
        connection.usedAt = loop.coarseNow();
        exchange.connected(attempt, connection.stream());
    }

    @Override
    public void sweep(long now) {
        if (settling != null && now - settling.usedAt >= connectNanos) unsettled(Fault.UPSTREAM_CONNECT_TIMEOUT);
        for (int i = connections.size() - 1; i >= 0; i--) {
            Http2Upstream connection = connections.get(i);
            if (connection.active() > 0) connection.usedAt = now;
            else if (now - connection.usedAt >= idleNanos || endpoint.removed() || connection.spent())
                connection.close();
        }
        for (Waiting next = waiting.peek(); next != null && !next.current(); next = waiting.peek())
            waiting.remove().upstream().waitEnded();
    }

    @Override
    public boolean abandoned() {
        return endpoint.removed() && open == 0 && waiting.isEmpty();
    }

    @Override
    public void closeIdle() {
        for (Http2Upstream connection : new ArrayList<>(connections)) connection.close();
    }
}
