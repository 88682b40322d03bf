package io.aerofusion.gateway.upstream;

import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.UpstreamSpec;
import org.jspecify.annotations.Nullable;

/**
 * All that is configured for one upstream. An upstream whose settings are equal in the next generation is left alone.
 *
 * @param active null for no active checks
 * @param passive null for no ejections
 */
public record UpstreamSettings(
        String name,
        Transport transport,
        Origin origin,
        Balancing balancing,
        @Nullable ActiveCheck active,
        @Nullable PassiveCheck passive,
        BreakerSettings breaker,
        UpstreamLimits limits,
        RetryPolicy retry,
        RetryShare retryShare,
        UpstreamTimeouts timeouts) {
    /** What a resource says; it was checked before. */
    public static UpstreamSettings of(String name, UpstreamSpec spec) {
        return of(name, spec, PolicySpec.NONE, UpstreamTimeouts.DEFAULT);
    }

    /** As above, but the retries and the time of a request are those of a policy on the upstream, if it says something of them, and times that nobody states are the node's. */
    public static UpstreamSettings of(String name, UpstreamSpec spec, PolicySpec policy, UpstreamTimeouts node) {
        return SettingsOfSpec.settings(name, spec, policy, node);
    }

    /** What is said where nothing is said. */
    public static UpstreamSettings of(String name, Origin origin) {
        return new UpstreamSettings(
                name,
                Transport.HTTP,
                origin,
                Balancing.DEFAULT,
                null,
                null,
                BreakerSettings.DEFAULT,
                UpstreamLimits.DEFAULT,
                RetryPolicy.DEFAULT,
                RetryShare.DEFAULT,
                UpstreamTimeouts.DEFAULT);
    }
}
