package io.aerofusion.gateway.upstream;

import java.time.Duration;

/**
 * When an endpoint is ejected for what its answers were.
 *
 * @param consecutiveFailures answers 5xx and failures to connect or to answer in a row
 * @param baseEjectionTime the first ejection's length; the n-th takes n times as long, at most {@link #EJECTION_MAX} or the base itself
 * @param maxEjectionPercent how many of the endpoints may be ejected at a time, 0 to 100
 * @param interval without an ejection, after which one of the past is forgotten
 */
public record PassiveCheck(
        int consecutiveFailures, Duration baseEjectionTime, int maxEjectionPercent, Duration interval) {
    /** The longest ejection, however often an endpoint was ejected. */
    public static final Duration EJECTION_MAX = Duration.ofMinutes(5);

    public PassiveCheck {
        if (consecutiveFailures < 1
                || baseEjectionTime.isNegative()
                || baseEjectionTime.isZero()
                || interval.isNegative()
                || interval.isZero()
                || maxEjectionPercent < 0
                || maxEjectionPercent > 100) {
            throw new IllegalArgumentException(
                    "Settings of an ejection are positive, and a percentage is at most 100.");
        }
    }

    long ejectionNanos(int multiplier) {
        long base = baseEjectionTime.toNanos();
        long most = Math.max(base, EJECTION_MAX.toNanos());
        return multiplier > most / base ? most : base * multiplier;
    }

    /** Whether of so many endpoints one more may be ejected. */
    boolean permits(int ejected, int endpoints) {
        return (ejected + 1) * 100L <= (long) maxEjectionPercent * endpoints;
    }
}
