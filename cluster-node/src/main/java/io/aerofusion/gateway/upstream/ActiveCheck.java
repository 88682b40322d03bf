package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.Set;

/**
 * How endpoints are asked whether they are well.
 *
 * @param path of the GET
 * @param interval between checks of one endpoint, varied by a tenth so that gateways do not ask in step
 * @param timeout for the whole check
 * @param healthyThreshold successes in a row that bring an endpoint back
 * @param unhealthyThreshold failures in a row that take it out
 * @param expectedStatuses what a well endpoint answers; empty for any 2xx
 */
public record ActiveCheck(
        String path,
        Duration interval,
        Duration timeout,
        int healthyThreshold,
        int unhealthyThreshold,
        Set<Integer> expectedStatuses) {
    public ActiveCheck {
        expectedStatuses = Set.copyOf(expectedStatuses);
        if (!path.startsWith("/")
                || interval.isNegative()
                || interval.isZero()
                || timeout.isNegative()
                || timeout.isZero()
                || healthyThreshold < 1
                || unhealthyThreshold < 1) {
            throw new IllegalArgumentException("A health check has a path from / and positive times and thresholds.");
        }
    }

    boolean expects(int status) {
        return expectedStatuses.isEmpty() ? status >= 200 && status <= 299 : expectedStatuses.contains(status);
    }
}
