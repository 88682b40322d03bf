package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All resources of a gateway at one generation, each with when and by whom it was last changed. Immutable; the publication's state and
 * what every node holds are the same thing, led forward by the same events.
 *
 * @param generation 0 before the first publication
 * @param at when it was published, ms since the epoch
 * @param by the actor who did
 */
record Configuration(long generation, long at, String by, NavigableMap<ResourceKey, Item> items) {
    static final Configuration EMPTY = new Configuration(0, 0, "", new TreeMap<>());

    Configuration {
        items = Collections.unmodifiableNavigableMap(items);
    }

    /** A resource with its version: the generation that last changed it. */
    static final class Item {
        private final JsonNode document;
        private final long version;
        private final long at;
        private final String by;
        private volatile @Nullable Resource resource;

        Item(JsonNode document, long version, long at, String by) {
            this.document = document;
            this.version = version;
            this.at = at;
            this.by = by;
        }

        /** As it is stored; not to be changed. */
        JsonNode document() {
            return document;
        }

        long version() {
            return version;
        }

        /** When it was last changed, ms since the epoch. */
        long at() {
            return at;
        }

        String by() {
            return by;
        }

        /**
         * The document read; it is read once.
         *
         * @throws IllegalArgumentException when this version does not accept it any more
         */
        Resource resource() {
            Resource read = resource;
            if (read == null) {
                read = ResourceCodec.stored(document);
                resource = read;
            }
            return read;
        }
    }

    Optional<Item> find(ResourceKey key) {
        return Optional.ofNullable(items.get(key));
    }

    /** Leads it to the next generation. */
    Configuration apply(PublicationEvent.Published published) {
        NavigableMap<ResourceKey, Item> next = new TreeMap<>(items);
        for (ResourceChange change : published.changes()) {
            ResourceKey key = ResourceKey.of(change);
            JsonNode document = change.document();
            if (document == null) {
                next.remove(key);
            } else {
                next.put(key, new Item(document, published.generation(), published.at(), published.by()));
            }
        }
        return new Configuration(published.generation(), published.at(), published.by(), next);
    }

    /**
     * What the data path compiles.
     *
     * @throws IllegalArgumentException when a stored resource cannot be read any more
     */
    Generation generationOf() {
        return new Generation(
                generation, items.values().stream().map(Item::resource).toList());
    }
}
