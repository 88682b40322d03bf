package io.aerofusion.gateway.limit;

import java.time.Duration;

/**
 * The bounds of cluster-wide limits.
 *
 * @param shareOfBurst all nodes together hold at most this part of the burst as unspent leases, or one token each if that is more; 1/4
 *     means that within any time a key passes at most a quarter of a burst more than the limit says
 * @param life how long a node may spend a lease; what is left then is lost to everyone
 * @param patience how long a request waits for the owner before the node falls back to its own share
 * @param silence how long the owner is not asked again after it did not answer
 * @param waitingMax how many requests of one key wait for the owner; more are refused
 */
public record LeaseBounds(double shareOfBurst, Duration life, Duration patience, Duration silence, int waitingMax) {
    /** A quarter of the burst, 1 s, 100 ms, 1 s, 256 requests. */
    public static final LeaseBounds DEFAULT =
            new LeaseBounds(0.25, Duration.ofSeconds(1), Duration.ofMillis(100), Duration.ofSeconds(1), 256);

    public LeaseBounds {
        if (!(shareOfBurst > 0 && shareOfBurst <= 1) || waitingMax < 1) {
            throw new IllegalArgumentException("0 < shareOfBurst <= 1, waitingMax >= 1");
        }
    }

    /** The most tokens that one of several nodes may hold of one key, at least 1. */
    int leaseMax(Rate rate, int nodes) {
        return Math.clamp((long) (rate.burst() * shareOfBurst / nodes), 1, 1 << 20);
    }
}
