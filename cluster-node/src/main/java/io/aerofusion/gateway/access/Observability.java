package io.aerofusion.gateway.access;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is told of requests one by one.
 *
 * @param accessLog takes the lines of the access log; null if there is none
 * @param samplePercent the share of successful requests that are logged; others with a status of 400 and above always are
 * @param slow requests that take longer are always logged; 1 ms to 1 h
 * @param traceSamplePercent the share of the traces begun here that services behind are asked to record
 */
public record Observability(
        @Nullable AccessSink accessLog, double samplePercent, Duration slow, double traceSamplePercent) {
    private static final Duration SLOW_MIN = Duration.ofMillis(1);
    private static final Duration SLOW_MAX = Duration.ofHours(1);

    /** No access log, and traces that nobody is asked to record. */
    public static final Observability SILENT = new Observability(null, 0, Duration.ofSeconds(1), 0);

    public Observability {
        if (!(samplePercent >= 0 && samplePercent <= 100 && traceSamplePercent >= 0 && traceSamplePercent <= 100))
            throw new IllegalArgumentException("a share is 0 to 100 percent");
        if (slow.compareTo(SLOW_MIN) < 0 || slow.compareTo(SLOW_MAX) > 0)
            throw new IllegalArgumentException("a request is slow after 1 ms to 1 h");
    }

    /** A share as a bound for 31 random bits. */
    public static long threshold(double percent) {
        return Math.round(percent / 100 * (1L << 31));
    }
}
