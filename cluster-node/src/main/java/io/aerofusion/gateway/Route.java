package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.RetryPolicy;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.usage.Tally;

/**
 * Where a request goes, and how patiently.
 *
 * @param retry what is tried again
 * @param requestNanos for the whole request; 0 for no limit
 * @param tryNanos for the head of each answer; 0 for no limit
 * @param tally the upstream's
 */
record Route(Upstream upstream, RetryPolicy retry, long requestNanos, long tryNanos, Tally tally) {
    /** What the upstream's own settings say. */
    Route(Upstream upstream, Tally tally) {
        this(
                upstream,
                upstream.settings().retry(),
                upstream.settings().timeouts().request().toNanos(),
                upstream.settings().retry().perTry().toNanos(),
                tally);
    }
}
