package io.aerofusion.gateway.upstream;

import java.time.Duration;

/**
 * How endpoints are asked whether they are well.
 *
 * @param probe what they are asked
 * @param interval between checks of one endpoint, varied by a tenth so that gateways do not ask in step
 * @param timeout for the whole check
 * @param healthyThreshold successes in a row that bring an endpoint back
 * @param unhealthyThreshold failures in a row that take it out
 */
public record ActiveCheck(
        Probe probe, Duration interval, Duration timeout, int healthyThreshold, int unhealthyThreshold) {
    public ActiveCheck {
        if (interval.isNegative()
                || interval.isZero()
                || timeout.isNegative()
                || timeout.isZero()
                || healthyThreshold < 1
                || unhealthyThreshold < 1) {
            throw new IllegalArgumentException("A health check has positive times and thresholds.");
        }
    }
}
