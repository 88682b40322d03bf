package io.aerofusion.gateway.limit;

import java.time.Duration;

/**
 * How much is let through: {@code requests} per {@code per} in the long run, {@code burst} at once.
 *
 * @param requests 1 to 1,000,000,000 per unit
 * @param per the unit, 1 second to 1 day
 * @param burst 1 to 1,000,000,000: what a key that was quiet may use at once
 */
public record Rate(int requests, Duration per, int burst) {
    /** The most requests per unit, and the greatest burst. */
    public static final int REQUESTS_MAX = 1_000_000_000;
    /** 100 requests per second, 200 at once. */
    public static final Rate DEFAULT = new Rate(100, Duration.ofSeconds(1), 200);

    public Rate {
        if (requests < 1 || requests > REQUESTS_MAX || burst < 1 || burst > REQUESTS_MAX) {
            throw new IllegalArgumentException("requests and burst are 1 to " + REQUESTS_MAX);
        }
        if (per.compareTo(Duration.ofSeconds(1)) < 0 || per.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("the unit of a rate is 1 second to 1 day");
        }
        // A burst that takes longer than 100 years to come back would overflow the clock.
        if (per.toNanos() / requests > Long.MAX_VALUE / 4 / burst) {
            throw new IllegalArgumentException("this burst takes more than 73 years to come back at this rate");
        }
    }

    /** The time that one request uses up, in nanoseconds; rounded down, so that the rate is kept or missed by less than 0.1 %. */
    long requestNanos() {
        return Math.max(1, per.toNanos() / requests);
    }

    /** The time that a whole burst uses up, in nanoseconds. */
    long burstNanos() {
        return requestNanos() * burst;
    }

    /** The share of one of several nodes, at least one request per unit. */
    Rate share(int nodes) {
        return nodes <= 1 ? this : new Rate(Math.max(1, requests / nodes), per, Math.max(1, burst / nodes));
    }
}
