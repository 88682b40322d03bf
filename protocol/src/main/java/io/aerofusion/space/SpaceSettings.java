package io.aerofusion.space;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the ingress of a space goes by.
 *
 * @param collections rules by collection; others follow {@link CollectionRules#DEFAULT}
 * @param declaredOnly true accepts only the collections that are named in {@code collections}
 * @param check looks at a document as it would become, for instance with its JSON Schema; null for no check
 */
public record SpaceSettings(
        Map<String, CollectionRules> collections,
        boolean declaredOnly,
        SpaceLimits limits,
        @Nullable DocumentCheck check) {
    /** No schema, the default limits. */
    public static final SpaceSettings DEFAULT = new SpaceSettings(Map.of(), false, SpaceLimits.DEFAULT, null);

    /** Says what is wrong with a document; called once per mutation that would otherwise be accepted and not delete. */
    @FunctionalInterface
    public interface DocumentCheck {
        /** The violations, empty when it is fine. The document must not be changed or kept. */
        List<Violation> check(String collection, ObjectNode document);
    }

    /**
     * Something wrong at a place in a document.
     *
     * @param path canonical, or "" for the whole
     */
    public record Violation(String path, String message) {}

    public SpaceSettings {
        collections = Map.copyOf(collections);
    }

    CollectionRules rules(String collection) {
        return collections.getOrDefault(collection, CollectionRules.DEFAULT);
    }
}
