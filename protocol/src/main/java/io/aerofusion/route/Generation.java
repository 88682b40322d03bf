package io.aerofusion.route;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * All that a gateway serves at one time: one atomic whole, of which nodes swap one for the next.
 *
 * @param number counts up with every publication
 * @param resources in the order of kind and name, each once
 */
public record Generation(long number, List<Resource> resources) {
    /** No resources at all. */
    public static final Generation EMPTY = new Generation(0, List.of());

    public Generation {
        resources = resources.stream()
                .sorted(Comparator.comparing(Resource::kind).thenComparing(Resource::name))
                .toList();
    }

    /** The resources of a kind, by name. */
    public Stream<Resource> of(Kind kind) {
        return resources.stream().filter(resource -> resource.kind() == kind);
    }
}
