package io.aerofusion.gateway;

import io.aerofusion.gateway.http1.Http1Upstream;
import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.Failure;
import io.aerofusion.gateway.upstream.Refusal;
import io.aerofusion.gateway.upstream.Upstream;
import java.util.ArrayDeque;

/**
 * HTTP/1.1 connections to one endpoint. The one that was used last is used next, so that those a quiet time leaves over become
 * idle and are closed. A request waits for one that becomes free when its upstream may open no more; how many may wait, the
 * upstream says.
 */
final class Http1Pool implements UpstreamPool, Http1Upstream.Home {
    private final Loop loop;
    private final Endpoint endpoint;
    private final ArrayDeque<Http1Upstream> idle = new ArrayDeque<>();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int connections;
    private long idleNanos;

    Http1Pool(Loop loop, Endpoint endpoint) {
        this.loop = loop;
        this.endpoint = endpoint;
    }

    @Override
    public void acquire(Upstream upstream, Exchange exchange, int attempt, boolean fresh) {
        idleNanos = upstream.settings().timeouts().idle().toNanos();
        if (!fresh) {
            for (Http1Upstream found = idle.pollLast(); found != null; found = idle.pollLast()) {
                if (!found.usable()) continue;
                loop.counters().upstreamReused.increment();
                exchange.connected(attempt, found);
                return;
            }
        }
        if (endpoint.tryConnect(connections == 0)) {
            connect(upstream, exchange, attempt);
        } else if (upstream.tryWait()) {
            waiting.add(new Waiting(exchange, attempt, upstream));
        } else {
            exchange.connectRefused(attempt, Refusal.TOO_MANY_PENDING);
        }
    }

    private void connect(Upstream upstream, Exchange exchange, int attempt) {
        connections++;
        Connector.connect(
                loop,
                endpoint,
                upstream.settings(),
                channel -> {
                    var connection =
                            new Http1Upstream(channel, this, loop.settings().bounds());
                    channel.pipeline().addLast(connection);
                    if (!exchange.connected(attempt, connection)) free(connection);
                },
                fault -> exchange.connectFailed(attempt, fault, Failure.CONNECT),
                () -> {
                    connections--;
                    endpoint.connectionClosed();
                    serveWaiting();
                });
    }

    @Override
    public void free(Http1Upstream connection) {
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            next.upstream().waitEnded();
            if (next.exchange().connected(next.attempt(), connection)) return;
        }
        if (endpoint.removed() || idle.size() >= loop.settings().bounds().idlePerEndpointMax()) {
            connection.close();
            return;
        }
        connection.freeSince = loop.coarseNow();
        idle.addLast(connection);
    }

    @Override
    public void closed(Http1Upstream connection) {
        idle.remove(connection);
    }

    /** A place is free: opens a connection for whoever waits first. */
    private void serveWaiting() {
        forgetGone();
        Waiting next = waiting.peek();
        if (next == null || !endpoint.tryConnect(connections == 0)) return;
        waiting.remove();
        next.upstream().waitEnded();
        connect(next.upstream(), next.exchange(), next.attempt());
    }

    private void forgetGone() {
        for (Waiting next = waiting.peek(); next != null && !next.current(); next = waiting.peek())
            waiting.remove().upstream().waitEnded();
    }

    @Override
    public void sweep(long now) {
        forgetGone();
        for (Http1Upstream oldest = idle.peekFirst(); oldest != null; oldest = idle.peekFirst()) {
            if (now - oldest.freeSince < idleNanos) return;
            idle.pollFirst();
            oldest.close();
        }
    }

    @Override
    public boolean abandoned() {
        return endpoint.removed() && connections == 0 && waiting.isEmpty();
    }

    @Override
    public void closeIdle() {
        for (Http1Upstream connection : new ArrayDeque<>(idle)) connection.close();
    }
}
