package io.aerofusion.gateway.routing;

import io.aerofusion.route.Filter;

/**
 * A copy of requests to another upstream: of {@code numerator} in {@code denominator} requests. The copy is sent after the rule's changes
 * of headers and before its rewrite; the answer is dropped.
 */
public record Mirror(String upstream, int numerator, int denominator) {
    static Mirror of(Filter.RequestMirror mirror) {
        String upstream = mirror.backendRef().name();
        if (mirror.fraction() != null) {
            return new Mirror(
                    upstream, mirror.fraction().numerator(), mirror.fraction().denominator());
        }
        return new Mirror(upstream, mirror.percent() == null ? 100 : mirror.percent(), 100);
    }

    /**
     * Whether this request is copied.
     *
     * @param random any 32 bits, all equally likely
     */
    public boolean chosen(int random) {
        return (Integer.toUnsignedLong(random) * denominator) >>> 32 < numerator;
    }
}
