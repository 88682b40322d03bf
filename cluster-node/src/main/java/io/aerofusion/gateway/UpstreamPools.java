package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Endpoint;
import io.aerofusion.gateway.upstream.UpstreamCall;
import java.util.HashMap;
import java.util.List;
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
            var transport =
                    endpoint.target().transport(call.upstream().settings().transport());
            pool = switch (transport.protocol()) {
                case HTTP1 -> new Http1Pool(loop, endpoint);
                case HTTP2 -> new Http2Pool(loop, endpoint);
            };
            pools.put(endpoint, pool);
        }
        pool.acquire(call.upstream(), exchange, attempt, fresh);
    }

    /** The endpoint left its upstream. Its pool goes when nobody is left in it: who gave up waiting is counted until the next sweep. */
    void release(Endpoint endpoint) {
        UpstreamPool pool = pools.get(endpoint);
        if (pool != null) pool.closeIdle();
    }

    void sweep(long now) {
        // a request that gave up here is tried at another endpoint at once, maybe the first on this loop
        for (UpstreamPool pool : List.copyOf(pools.values())) pool.sweep(now);
        pools.values().removeIf(UpstreamPool::abandoned);
    }

    void close() {
        for (UpstreamPool pool : List.copyOf(pools.values())) pool.closeIdle();
    }
}
