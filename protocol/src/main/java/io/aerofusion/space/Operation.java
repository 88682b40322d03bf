package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One accepted mutation as a fact: everything the ingress had to decide (stamp, place in the region's order, incarnation,
 * causality) is settled in it, so that applying facts in any order gives the same state. Part of the journal's format.
 *
 * @param seq its number among the device's mutations in this space
 * @param number its place in the accepting region's order
 * @param hlc the clock reading it was accepted with, raised above everything it knew
 * @param incarnation stamp of the operation that created the document anew after a delete; null for the first life
 * @param contested the side that lost where an update met a delete and somebody has to choose; null when it met none
 * @param settled dots of the operations whose {@code contested} does not wait any more
 */
public record Operation(
        @JsonProperty("s") long seq,
        @JsonProperty("n") long number,
        @JsonProperty("h") long hlc,
        @JsonProperty("c") String collection,
        @JsonProperty("i") String id,

        @JsonProperty("b") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Stamp incarnation,

        @JsonProperty("k") Kind kind,

        @JsonProperty("w") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Contested contested,

        @JsonProperty("v") @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<Dot> settled) {
    public Operation {
        settled = settled == null ? List.of() : List.copyOf(settled);
    }

    /**
     * The side that lost.
     *
     * @param value what it would have written, or the document that it deleted; null for a delete
     */
    public record Contested(
            @JsonProperty("w") Stamp winner,
            @JsonProperty("l") Stamp loser,

            @JsonProperty("v") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode value) {
        public Contested {
            value = value == null ? null : Json.restored(value);
        }
    }

    /** What the operation does to its document. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "k")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Update.class, name = "u"),
        @JsonSubTypes.Type(value = Delete.class, name = "d")
    })
    public sealed interface Kind {}

    /**
     * Writes cells.
     *
     * @param set path -> value of last-writer-wins cells
     * @param unset paths of last-writer-wins cells that hold nothing any more
     * @param edits what happens to cells of other types
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Update(
            @JsonProperty("s") Map<String, JsonNode> set,
            @JsonProperty("u") List<String> unset,
            @JsonProperty("e") List<CellEdit> edits)
            implements Kind {
        public Update {
            Map<String, JsonNode> normal = new LinkedHashMap<>();
            if (set != null) {
                set.forEach((path, value) -> normal.put(path, Json.restored(value)));
            }
            set = Collections.unmodifiableMap(normal);
            unset = unset == null ? List.of() : List.copyOf(unset);
            edits = edits == null ? List.of() : List.copyOf(edits);
        }
    }

    /**
     * Removes the document as far as the deleting device knew it.
     *
     * @param removed device -> the last of its updates that is gone
     * @param wins true where the collection lets a delete win over updates that did not know it
     */
    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
    public record Delete(
            @JsonProperty("r") Map<String, Long> removed,
            @JsonProperty("w") boolean wins) implements Kind {
        public Delete {
            removed = removed == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(removed));
        }
    }

    /** The stamp it was accepted with. */
    public Stamp stamp(String device) {
        return new Stamp(hlc, device);
    }

    Stamp incarnationOrNone() {
        return orNone(incarnation);
    }

    static Stamp orNone(@Nullable Stamp stamp) {
        return stamp == null ? Stamp.NONE : stamp;
    }
}
