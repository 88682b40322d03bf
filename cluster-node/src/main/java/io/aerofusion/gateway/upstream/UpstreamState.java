package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.List;

/**
 * An upstream as metrics and operators see it: numbers of one moment, read without stopping anything.
 *
 * @param panic whether health is ignored because nobody is healthy
 * @param requests admitted so far
 * @param refused so far, for whatever reason
 * @param retries so far
 * @param retriesDenied by the budget so far
 * @param endpointsFailure why its endpoints cannot be found out at present, and are those that were known last; "" if they can
 */
public record UpstreamState(
        String name,
        boolean panic,
        int active,
        int pending,
        int connections,
        long requests,
        long refused,
        long retries,
        long retriesDenied,
        long ejections,
        long breakerOpenings,
        String endpointsFailure,
        List<EndpointState> endpoints) {
    /**
     * One endpoint.
     *
     * @param priority 0 for those that are used first
     * @param healthy what active checks say
     * @param ejectedFor how long it is still ejected, zero if it is not
     * @param warm its share of its weight in percent, below 100 during a slow start
     * @param requests tries that went there
     * @param serverErrors answers 5xx
     * @param failures tries without an answer
     */
    public record EndpointState(
            Target target,
            int weight,
            int priority,
            boolean healthy,
            Duration ejectedFor,
            BreakerPhase breaker,
            int warm,
            int active,
            int connections,
            long requests,
            long serverErrors,
            long failures) {
        /** Address and port. */
        public String address() {
            return target.text();
        }

        public String hostname() {
            return target.hostname();
        }
    }
}
