package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an accepted operation does to a cell that is more than last-writer-wins. Part of the journal's format. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
    @JsonSubTypes.Type(value = CellEdit.Increment.class, name = "c"),
    @JsonSubTypes.Type(value = CellEdit.Extreme.class, name = "x"),
    @JsonSubTypes.Type(value = CellEdit.Clear.class, name = "z"),
    @JsonSubTypes.Type(value = CellEdit.Elements.class, name = "s"),
    @JsonSubTypes.Type(value = CellEdit.Items.class, name = "l"),
    @JsonSubTypes.Type(value = CellEdit.First.class, name = "f"),
    @JsonSubTypes.Type(value = CellEdit.Candidate.class, name = "m")
})
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public sealed interface CellEdit {
    String path();

    /** The value that it brings, as a document would show it if there were nothing else; null when it only takes away. */
    default @Nullable JsonNode given() {
        return switch (this) {
            case Increment increment -> LongNode.valueOf(increment.by());
            case Extreme extreme -> extreme.value();
            case First first -> first.value();
            case Candidate candidate -> candidate.value();
            case Elements elements -> array(elements.added());
            case Items items -> array(items.added().stream().map(Item::value).toList());
            case Clear clear -> null;
        };
    }

    private static @Nullable JsonNode array(List<JsonNode> values) {
        return values.isEmpty() ? null : JsonNodeFactory.instance.arrayNode().addAll(values);
    }

    /** Adds to a counter. {@code epoch} is the reset it counts from; null for none. */
    record Increment(
            @JsonProperty("p") String path,
            @JsonProperty("e") @Nullable Stamp epoch,
            @JsonProperty("v") long by) implements CellEdit {}

    /** Offers a number to a {@code max} (or else {@code min}) cell. {@code epoch} is the reset it counts from; null for none. */
    record Extreme(
            @JsonProperty("p") String path,
            @JsonProperty("m") boolean max,
            @JsonProperty("e") @Nullable Stamp epoch,
            @JsonProperty("v") JsonNode value)
            implements CellEdit {
        public Extreme {
            value = Json.restored(value);
        }
    }

    /** The types whose cells start anew when they are unset. */
    enum Resettable {
        @JsonProperty("c")
        COUNTER,
        @JsonProperty("x")
        MAX,
        @JsonProperty("n")
        MIN
    }

    /** Forgets what a counter, {@code max} or {@code min} cell holds: it starts a new epoch, the operation's stamp. */
    record Clear(
            @JsonProperty("p") String path,
            @JsonProperty("k") Resettable type) implements CellEdit {}

    /**
     * Adds elements to a set and takes elements away.
     *
     * @param added in the order of their dots' index
     * @param removed dots that are gone
     */
    record Elements(
            @JsonProperty("p") String path,
            @JsonProperty("a") List<JsonNode> added,
            @JsonProperty("r") List<Dot> removed)
            implements CellEdit {
        public Elements {
            added = added == null
                    ? List.of()
                    : added.stream().map(Json::restored).toList();
            removed = removed == null ? List.of() : List.copyOf(removed);
        }
    }

    /** Puts items into a list and takes items away. */
    record Items(
            @JsonProperty("p") String path,
            @JsonProperty("a") List<Item> added,
            @JsonProperty("r") List<Dot> removed) implements CellEdit {
        public Items {
            added = added == null ? List.of() : List.copyOf(added);
            removed = removed == null ? List.of() : List.copyOf(removed);
        }
    }

    /** An item of a list and where it stands: positions are compared as text (a fractional index). */
    record Item(
            @JsonProperty("o") String position,
            @JsonProperty("v") JsonNode value) {
        public Item {
            value = Json.restored(value);
        }
    }

    /**
     * Writes a first-writer cell: the higher generation wins, then the lower stamp.
     *
     * @param generation how often the cell was knowingly overwritten before
     * @param value null to unset
     */
    record First(
            @JsonProperty("p") String path,
            @JsonProperty("g") long generation,

            @JsonProperty("v") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode value)
            implements CellEdit {
        public First {
            value = value == null ? null : Json.restored(value);
        }
    }

    /**
     * Adds a candidate to a cell that people resolve.
     *
     * @param value null to unset
     * @param supersedes the candidates it knew
     */
    record Candidate(
            @JsonProperty("p") String path,

            @JsonProperty("v") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode value,

            @JsonProperty("r") List<Dot> supersedes)
            implements CellEdit {
        public Candidate {
            value = value == null ? null : Json.restored(value);
            supersedes = supersedes == null ? List.of() : List.copyOf(supersedes);
        }
    }
}
