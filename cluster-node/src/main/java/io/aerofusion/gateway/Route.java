package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.RetryPolicy;
import io.aerofusion.gateway.upstream.Upstream;

/**
 * Where a request goes, and how patiently.
 *
 * @param retry what is tried again
 * @param requestNanos for the whole request; 0 for no limit
 * @param tryNanos for the head of each answer; 0 for no limit
 */
record Route(Upstream upstream, RetryPolicy retry, long requestNanos, long tryNanos) {
    /** What the upstream's own settings say. */
    Route(Upstream upstream) {
        this(
                upstream,
                upstream.settings().retry(),
                upstream.settings().timeouts().request().toNanos(),
                upstream.settings().retry().perTry().toNanos());
    }
}
