package io.aerofusion.gateway.upstream;

/**
 * How much of an upstream's capacity this node takes at most.
 *
 * @param maxConnections open connections; beyond it requests wait for one (a loop's first is always allowed)
 * @param maxPendingRequests requests that wait for a connection; beyond it they are refused
 * @param maxParallelRequests requests under way, waiting ones and WebSockets included; beyond it they are refused
 */
public record UpstreamLimits(int maxConnections, int maxPendingRequests, int maxParallelRequests) {
    public static final UpstreamLimits DEFAULT = new UpstreamLimits(10_000, 1_024, 50_000);

    public UpstreamLimits {
        if (maxConnections < 1 || maxPendingRequests < 0 || maxParallelRequests < 1) {
            throw new IllegalArgumentException("An upstream may have at least one connection and one request.");
        }
    }
}
