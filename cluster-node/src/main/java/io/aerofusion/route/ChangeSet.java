package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.cluster.Deflated;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants to change, as one: all of it becomes the next generation, or nothing.
 *
 * @param prune removes every resource that is not wanted
 * @param ifGeneration only if that is still the newest; null for any
 * @param note what is said about it
 * @param restored the earlier generation whose content this is; 0 when it is no rollback
 */
record ChangeSet(
        List<Wanted> wanted,
        List<Removed> removed,
        boolean prune,
        @Nullable Long ifGeneration,
        String note,
        long restored) {
    /** Bytes that a change set may have when it is deflated: below the largest message between nodes. */
    static final int DEFLATED_BYTES_MAX = 1536 * 1024;

    private static final int INFLATED_BYTES_MAX = 64 * 1024 * 1024;

    /** The {@code ifVersion} of a resource that must not exist yet. */
    static final long ABSENT = 0;

    /**
     * A resource that should be so.
     *
     * @param document as it was given, not checked yet
     * @param ifVersion only if the resource has that version; {@link #ABSENT}: only if there is none; null for any
     */
    record Wanted(JsonNode document, @Nullable Long ifVersion) {}

    /**
     * A resource that should be gone.
     *
     * @param ifVersion only if the resource has that version; null for any
     */
    record Removed(Kind kind, String name, @Nullable Long ifVersion) {}

    static ChangeSet put(JsonNode document, @Nullable Long ifVersion, String note) {
        return new ChangeSet(List.of(new Wanted(document, ifVersion)), List.of(), false, null, note, 0);
    }

    static ChangeSet remove(Kind kind, String name, @Nullable Long ifVersion, String note) {
        return new ChangeSet(List.of(), List.of(new Removed(kind, name, ifVersion)), false, null, note, 0);
    }

    static ChangeSet all(List<JsonNode> documents, boolean prune, @Nullable Long ifGeneration, String note) {
        return new ChangeSet(
                documents.stream().map(document -> new Wanted(document, null)).toList(),
                List.of(),
                prune,
                ifGeneration,
                note,
                0);
    }

    ChangeSet restoring(long generation) {
        return new ChangeSet(wanted, removed, prune, ifGeneration, note, generation);
    }

    /** For the way to the entity: deflated JSON. */
    byte[] write() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode puts = json.putArray("wanted");
        for (Wanted want : wanted) {
            ObjectNode put = puts.addObject();
            put.set("document", want.document());
            put.put("ifVersion", want.ifVersion());
        }
        ArrayNode removals = json.putArray("removed");
        for (Removed remove : removed) {
            removals.addObject()
                    .put("kind", remove.kind().label())
                    .put("name", remove.name())
                    .put("ifVersion", remove.ifVersion());
        }
        json.put("prune", prune)
                .put("ifGeneration", ifGeneration)
                .put("note", note)
                .put("restored", restored);
        return Deflated.deflate(ConfigurationContent.bytes(json));
    }

    static ChangeSet read(byte[] deflated) {
        JsonNode json = ConfigurationContent.tree(Deflated.inflate(deflated, INFLATED_BYTES_MAX));
        List<Wanted> wanted = new ArrayList<>();
        for (JsonNode put : json.path("wanted")) {
            wanted.add(new Wanted(put.path("document"), number(put.path("ifVersion"))));
        }
        List<Removed> removed = new ArrayList<>();
        for (JsonNode removal : json.path("removed")) {
            removed.add(new Removed(
                    Kind.of(removal.path("kind").asText()).orElseThrow(),
                    removal.path("name").asText(),
                    number(removal.path("ifVersion"))));
        }
        return new ChangeSet(
                wanted,
                removed,
                json.path("prune").asBoolean(),
                number(json.path("ifGeneration")),
                json.path("note").asText(),
                json.path("restored").asLong());
    }

    private static @Nullable Long number(JsonNode json) {
        return json.isNumber() ? json.asLong() : null;
    }
}
