package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.RetryPolicy;
import io.aerofusion.gateway.upstream.Upstream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes and what is asked before.
 *
 * @param name for logs and policies
 * @param steps in their order
 * @param upstream null if there is none
 * @param retry what is tried again
 * @param requestNanos for the whole request; 0 for no limit
 * @param tryNanos for the head of each answer; 0 for no limit
 */
record Route(
        String name,
        List<Step> steps,
        @Nullable Upstream upstream,
        RetryPolicy retry,
        long requestNanos,
        long tryNanos) {
    /** What the upstream's own settings say. */
    Route(String name, List<Step> steps, Upstream upstream) {
        this(
                name,
                steps,
                upstream,
                upstream.settings().retry(),
                upstream.settings().timeouts().request().toNanos(),
                upstream.settings().retry().perTry().toNanos());
    }
}
