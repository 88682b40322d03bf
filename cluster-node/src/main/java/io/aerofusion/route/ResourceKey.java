package io.aerofusion.route;

import java.util.Comparator;

/** Which resource of a gateway. */
record ResourceKey(Kind kind, String name) implements Comparable<ResourceKey> {
    private static final Comparator<ResourceKey> ORDER =
            Comparator.comparing(ResourceKey::kind).thenComparing(ResourceKey::name);

    static ResourceKey of(ResourceChange change) {
        return new ResourceKey(change.kind(), change.name());
    }

    @Override
    public int compareTo(ResourceKey other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return kind.label() + "/" + name;
    }
}
