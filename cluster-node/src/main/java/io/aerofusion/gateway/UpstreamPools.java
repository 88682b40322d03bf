package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.UpstreamCall;
import java.util.HashMap;
import java.util.Map;

/** The connections of one loop to upstream endpoints. No other loop ever sees any of them. */
final class UpstreamPools {
    private final Loop loop;
    private final Map<Endpoint, UpstreamPool> pools = new HashMap<>();

    UpstreamPools(Loop loop) {
        this.loop = loop;
    }

    /** Hands the exchange a connection to the call's endpoint, now or later, or tells it that there is none. */
    void acquire(UpstreamCall call, Exchange exchange, int attempt, boolean fresh) {
        Endpoint endpoint = call.endpoint();
        UpstreamPool pool = pools.get(endpoint);
        if (pool == null) {
            // an endpoint belongs to a transport: another one begins with new endpoints
            pool = switch (call.upstream().settings().transport().protocol()) {
                case HTTP1 -> new Http1Pool(loop, endpoint);
                case HTTP2 -> new Http2Pool(loop, endpoint);
            };
            pools.put(endpoint, pool);
        }
        pool.acquire(call.upstream(), exchange, attempt, fresh);
    }

    /** The endpoint left its upstream. */
    void release(Endpoint endpoint) {
        UpstreamPool pool = pools.remove(endpoint);
        if (pool != null) pool.closeIdle();
    }

    void sweep(long now) {
        for (UpstreamPool pool : pools.values()) pool.sweep(now);
        pools.values().removeIf(UpstreamPool::abandoned);
    }

    void close() {
        for (UpstreamPool pool : pools.values()) pool.closeIdle();
    }
}
