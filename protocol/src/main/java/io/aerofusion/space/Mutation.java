package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One change to one document, as a device asks for it. A mutation has a number (its place in the push, counted from the push's
 * {@code firstSeq}) that is unique per device and space for ever.
 *
 * <p>Paths are {@link Path} strings: a member name, or a JSON Pointer (RFC 6901) when they begin with {@code /}.
 *
 * @param collection the collection's name
 * @param id the document's id
 * @param at the device's hybrid logical clock when the change was made; 0 lets the server take its own
 * @param set path -> value; objects merge leaf by leaf, arrays and scalars replace
 * @param unset paths whose cells (and everything beneath them) go away
 * @param delete true deletes the document; then nothing else may be given
 * @param inc counter path -> signed integer to add
 * @param add orset path -> elements to add
 * @param remove orset path -> elements to remove, or list path -> element keys to remove
 * @param insert list path -> elements to insert
 */
public record Mutation(
        String collection,
        String id,
        long at,
        Map<String, JsonNode> set,
        List<String> unset,
        boolean delete,
        Map<String, Long> inc,
        Map<String, List<JsonNode>> add,
        Map<String, List<JsonNode>> remove,
        Map<String, List<Insertion>> insert) {

    /**
     * An element put into a list. Its key is {@code device:seq:index}, so that a later mutation of the same device can name it
     * before the server answered.
     *
     * @param after key of the element it follows; null puts it first
     */
    public record Insertion(@Nullable String after, JsonNode value) {}

    public Mutation {
        set = Map.copyOf(set);
        unset = List.copyOf(unset);
        inc = Map.copyOf(inc);
        add = Map.copyOf(add);
        remove = Map.copyOf(remove);
        insert = Map.copyOf(insert);
    }

    /** About how many bytes it takes as JSON. */
    int weight() {
        int sum = collection.length() + id.length();
        for (Map.Entry<String, JsonNode> entry : set.entrySet()) {
            sum += entry.getKey().length() + Json.weight(entry.getValue());
        }
        for (String path : unset) {
            sum += path.length();
        }
        for (String path : inc.keySet()) {
            sum += path.length() + Long.BYTES;
        }
        for (Map<String, List<JsonNode>> elements : List.of(add, remove)) {
            for (Map.Entry<String, List<JsonNode>> entry : elements.entrySet()) {
                sum += entry.getKey().length();
                for (JsonNode element : entry.getValue()) {
                    sum += Json.weight(element);
                }
            }
        }
        for (Map.Entry<String, List<Insertion>> entry : insert.entrySet()) {
            sum += entry.getKey().length();
            for (Insertion insertion : entry.getValue()) {
                String after = insertion.after();
                sum += Json.weight(insertion.value()) + (after == null ? 0 : after.length());
            }
        }
        return sum;
    }

    /** The mutation with other keys of the list elements that it names. */
    Mutation withKeys(CollectionRules rules, UnaryOperator<String> key) {
        if (remove.isEmpty() && insert.isEmpty()) {
            return this;
        }
        Map<String, List<JsonNode>> removed = new HashMap<>();
        remove.forEach((path, elements) -> removed.put(
                path,
                elements.stream()
                        .map(element -> element.isTextual() && rules.type(path) == ValueType.LIST
                                ? (JsonNode) TextNode.valueOf(key.apply(element.textValue()))
                                : element)
                        .toList()));
        Map<String, List<Insertion>> inserted = new HashMap<>();
        insert.forEach((path, insertions) -> inserted.put(
                path,
                insertions.stream()
                        .map(insertion -> new Insertion(
                                insertion.after() == null ? null : key.apply(insertion.after()), insertion.value()))
                        .toList()));
        return new Mutation(collection, id, at, set, unset, delete, inc, add, removed, inserted);
    }

    public static Mutation set(String collection, String id, long at, Map<String, JsonNode> set) {
        return new Mutation(collection, id, at, set, List.of(), false, Map.of(), Map.of(), Map.of(), Map.of());
    }

    public static Mutation delete(String collection, String id, long at) {
        return new Mutation(collection, id, at, Map.of(), List.of(), true, Map.of(), Map.of(), Map.of(), Map.of());
    }

    public static Mutation inc(String collection, String id, long at, String path, long by) {
        return new Mutation(
                collection, id, at, Map.of(), List.of(), false, Map.of(path, by), Map.of(), Map.of(), Map.of());
    }
}
