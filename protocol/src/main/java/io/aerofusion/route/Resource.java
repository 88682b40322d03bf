package io.aerofusion.route;

import java.time.Instant;
import java.util.Map;

/**
 * One resource of a gateway. Its identity is its kind and its name.
 *
 * @param name a DNS subdomain of at most {@link Checks#NAME_LENGTH_MAX} characters
 * @param createdAt when it came into being; of two routes that match equally well, the older one is taken
 */
public record Resource(Kind kind, String name, Map<String, String> labels, Instant createdAt, Spec spec) {
    public Resource {
        labels = Defaults.map(labels);
        if (!kind.type().isInstance(spec)) {
            throw new IllegalArgumentException(
                    kind.label() + " with a " + spec.getClass().getSimpleName());
        }
    }

    /** A resource without labels, of the beginning of time. */
    public Resource(Kind kind, String name, Spec spec) {
        this(kind, name, Map.of(), Instant.EPOCH, spec);
    }
}
