package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What somebody chose for a whole document, as the mutation that makes it so: everything there is replaced. A path with a type of its
 * own gets the operations of that type, and is left alone where it is as chosen.
 */
final class DocumentChoice {
    private final Map<String, JsonNode> set = new HashMap<>();
    private final List<String> unset = new ArrayList<>();
    private final Map<String, Long> inc = new HashMap<>();
    private final Map<String, List<JsonNode>> add = new HashMap<>();
    private final Map<String, List<Mutation.Insertion>> insert = new HashMap<>();

    private DocumentChoice() {}

    /**
     * The mutation.
     *
     * @param present the document as it is kept; it need not be live
     */
    static Mutation of(Document present, ObjectNode chosen, CollectionRules rules) {
        DocumentChoice choice = new DocumentChoice();
        Map<String, JsonNode> leaves = present.isLive() ? present.leaves() : Map.of();
        ObjectNode plain = chosen.deepCopy();
        rules.types().forEach((path, type) -> {
            JsonNode wanted = taken(plain, Path.segments(path));
            JsonNode there = leaves.get(path);
            if (type == ValueType.OPAQUE) {
                if (wanted != null) {
                    choice.set.put(path, wanted);
                }
            } else if (wanted == null || !Json.restored(wanted).equals(there)) {
                choice.type(path, type, wanted, there != null);
            }
        });
        leaves.keySet().stream()
                .filter(path -> {
                    ValueType type = rules.type(path);
                    return type == ValueType.LWW || type == ValueType.OPAQUE;
                })
                .forEach(choice.unset::add);
        plain.properties().forEach(member -> choice.set.put(Path.of(List.of(member.getKey())), member.getValue()));
        return new Mutation(
                present.collection(),
                present.id(),
                0,
                choice.set,
                choice.unset,
                false,
                choice.inc,
                choice.add,
                Map.of(),
                choice.insert);
    }

    private void type(String path, ValueType type, @Nullable JsonNode wanted, boolean isThere) {
        if (isThere) {
            unset.add(path);
        }
        if (wanted == null) {
            return;
        }
        switch (type) {
            case COUNTER -> {
                if (wanted.canConvertToLong() && wanted.isIntegralNumber()) {
                    inc.put(path, wanted.longValue());
                } else {
                    set.put(path, wanted); // refused as what it is
                }
            }
            case ORSET -> {
                if (wanted.isArray()) {
                    add.put(path, elements(wanted));
                } else {
                    set.put(path, wanted);
                }
            }
            case LIST -> {
                if (wanted.isArray()) {
                    // Each goes to the head, so the last comes first.
                    insert.put(
                            path,
                            elements(wanted).reversed().stream()
                                    .map(element -> new Mutation.Insertion(null, element))
                                    .toList());
                } else {
                    set.put(path, wanted);
                }
            }
            case LWW, OPAQUE, MAX, MIN -> set.put(path, wanted);
        }
    }

    private static List<JsonNode> elements(JsonNode array) {
        List<JsonNode> elements = new ArrayList<>();
        array.forEach(elements::add);
        return elements;
    }

    /** What stands at a place, taken out of the document with the objects that it leaves empty; null when there is nothing. */
    private static @Nullable JsonNode taken(ObjectNode from, List<String> segments) {
        if (segments.size() == 1) {
            return from.remove(segments.getFirst());
        }
        if (!(from.get(segments.getFirst()) instanceof ObjectNode inner)) {
            return null;
        }
        JsonNode found = taken(inner, segments.subList(1, segments.size()));
        if (found != null && inner.isEmpty()) {
            from.remove(segments.getFirst());
        }
        return found;
    }
}
