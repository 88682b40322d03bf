package io.aerofusion.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An upstream that a rule forwards to.
 *
 * @param name an upstream's
 * @param port accepted because documents of the Gateway API have it; an upstream states its ports itself, so it is not used
 * @param weight its share of the requests, in proportion to the sum of all; 0 is none
 * @param filters what is done to requests that go there, after the rule's own filters
 */
public record BackendRef(String name, @Nullable Integer port, Integer weight, List<Filter> filters) {
    public BackendRef {
        name = Defaults.text(name);
        weight = Defaults.or(weight, 1);
        filters = Defaults.list(filters);
    }

    public BackendRef(String name) {
        this(name, null, 1, List.of());
    }
}
