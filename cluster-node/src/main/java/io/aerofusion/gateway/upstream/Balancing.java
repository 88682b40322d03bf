package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How requests are spread over endpoints.
 *
 * @param slowStart for how long an endpoint that joins gets less than its share, growing linearly from a tenth of it; zero for not at
 *     all. Does not apply to consistent hashing, whose point is that a key's endpoint is known.
 */
public record Balancing(Method method, HashOn hashOn, Duration slowStart) {
    public static final Balancing DEFAULT =
            new Balancing(Method.POWER_OF_TWO_CHOICES, new HashOn(HashOn.Of.NOTHING, null), Duration.ZERO);

    /** The rule of choice. All respect weights. */
    public enum Method {
        /** Of two random endpoints that with fewer requests under way (Mitzenmacher 2001). */
        POWER_OF_TWO_CHOICES,
        /** In turn, interleaved. */
        ROUND_ROBIN,
        /** Of all endpoints that with the fewest requests under way; looks at each. */
        LEAST_REQUEST,
        /** By a key of the request on a hash ring; requests without the key by power of two choices. */
        CONSISTENT_HASH
    }

    /** What of a request is the key. */
    public record HashOn(Of of, @Nullable String name) {
        /** A part of a request. */
        public enum Of {
            NOTHING,
            HEADER,
            COOKIE,
            SOURCE_IP
        }

        public HashOn {
            boolean named = of == Of.HEADER || of == Of.COOKIE;
            if (named != (name != null)) {
                throw new IllegalArgumentException("A header or cookie to hash has a name, nothing else has.");
            }
            if (of == Of.HEADER && name != null) {
                name = name.toLowerCase(Locale.ROOT);
            }
        }
    }
}
