package io.aerofusion.gateway.upstream;

import java.time.Duration;

/**
 * When the circuit breaker of an endpoint opens and closes.
 *
 * @param failureThreshold consecutive failures that open it, at least 1
 * @param recovery how long it stays open before trials are made
 * @param successThreshold successful trials that close it, at least 1; also how many are made at a time
 * @param countsEveryServerError whether every 5xx is a failure, or only 502, 503 and 504: an application's error in one page is no
 *     reason to refuse its other pages, unless somebody asked for it
 */
public record BreakerSettings(
        int failureThreshold, Duration recovery, int successThreshold, boolean countsEveryServerError) {
    /** What an upstream has that says nothing of a breaker. */
    public static final BreakerSettings DEFAULT = new BreakerSettings(5, Duration.ofSeconds(30), 2, false);

    public BreakerSettings {
        if (failureThreshold < 1 || successThreshold < 1 || recovery.isNegative() || recovery.isZero()) {
            throw new IllegalArgumentException("Thresholds and recovery of a circuit breaker are positive.");
        }
    }

    boolean isFailure(int status) {
        return countsEveryServerError ? status >= 500 : status >= 502 && status <= 504;
    }
}
