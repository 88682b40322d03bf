package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Upstream;

/** The connections of one loop to one endpoint. */
interface UpstreamPool {
    /**
     * Hands the exchange a connection or stream, now or later, or tells it that there is none.
     *
     * @param fresh whether connections that rested are not to be used
     */
    void acquire(Upstream upstream, Exchange exchange, int attempt, boolean fresh);

    /** Closes what rested too long, and forgets who gave up waiting. */
    void sweep(long now);

    /** Closes what rests; what is in use is closed when it comes to rest. */
    void closeIdle();

    /** Whether its endpoint left and it holds nothing any more. */
    boolean abandoned();

    /** An exchange that waits for a connection. */
    record Waiting(Exchange exchange, int attempt, Upstream upstream) {
        boolean current() {
            return exchange.awaits(attempt);
        }
    }
}
