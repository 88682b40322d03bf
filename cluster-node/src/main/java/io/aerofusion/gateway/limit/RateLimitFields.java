package io.aerofusion.gateway.limit;

/**
 * The header fields that tell a client of a limit: {@code RateLimit-Policy} and {@code RateLimit} of the IETF draft
 * "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10), and {@code Retry-After} (RFC 9110, 10.2.3).
 *
 * <p>A bucket that leaks has no window; {@code q} is what may be used at once and {@code w} the seconds after which all of it has come
 * back, so {@code q / w} is the rate. {@code r} is what may be used now, {@code t} the seconds until all is back.
 */
public final class RateLimitFields {
    /** The name of the field that {@link #policy} makes. */
    public static final String POLICY = "ratelimit-policy";
    /** The name of the field that {@link #state} makes. */
    public static final String STATE = "ratelimit";
    /** The name of the field that {@link #retryAfterSeconds} fills. */
    public static final String RETRY_AFTER = "retry-after";

    private static final long SECOND = 1_000_000_000L;

    private RateLimitFields() {}

    /** The value of {@code RateLimit-Policy}; the same for every request of a limit. */
    public static String policy(String name, Rate rate) {
        return quoted(name) + ";q=" + rate.burst() + ";w=" + seconds(rate.burstNanos());
    }

    /** What every value of {@code RateLimit} of a limit begins with. */
    public static String stateOf(String name) {
        return quoted(name) + ";r=";
    }

    /**
     * The value of {@code RateLimit} after an answer of {@link Limit#take}.
     *
     * @param begin by {@link #stateOf}, once for a limit
     */
    public static String state(String begin, Rate rate, int cost, long answer) {
        long charged = rate.requestNanos() * Math.max(0, Math.min(cost, rate.burst()));
        long ahead = answer >= 0 ? answer : rate.burstNanos() - answer - charged;
        long left = Math.max(0, rate.burstNanos() - ahead) / rate.requestNanos();
        return begin + left + ";t=" + seconds(ahead);
    }

    /** The value of {@code Retry-After} after a refusal: whole seconds, at least one. */
    public static long retryAfterSeconds(long answer) {
        return Math.max(1, seconds(-answer));
    }

    private static long seconds(long nanos) {
        return (nanos + SECOND - 1) / SECOND;
    }

    /** A string of structured fields (RFC 9651, 3.3.3); what cannot stand in one is left out. */
    private static String quoted(String name) {
        StringBuilder text = new StringBuilder(name.length() + 2).append('"');
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= 0x20 && c < 0x7f) {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }
}
