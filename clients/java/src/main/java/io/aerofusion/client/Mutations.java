package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.space.Json;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Brings an application's mutation into the form in which it is kept, shown and sent. */
final class Mutations {
    /** How deep a value may be nested; a server may allow less and then says so. */
    static final int NESTING_MAX = 64;

    private Mutations() {}

    /**
     * The mutation with its clock reading, canonical paths and normal values.
     *
     * @throws IllegalArgumentException when a path or a value is none
     */
    static Mutation stamped(Mutation mutation, long at) {
        return new Mutation(
                mutation.collection(),
                mutation.id(),
                at,
                byPath(mutation.set(), Mutations::normal),
                mutation.unset().stream().map(Path::canonical).toList(),
                mutation.delete(),
                byPath(mutation.inc(), by -> by),
                byPath(mutation.add(), Mutations::normal),
                byPath(mutation.remove(), Mutations::normal),
                byPath(
                        mutation.insert(),
                        insertions -> insertions.stream()
                                .map(insertion -> new Mutation.Insertion(insertion.after(), normal(insertion.value())))
                                .toList()));
    }

    /** The path that stands for a member, whatever its name. */
    static String path(String member) {
        return Path.of(List.of(member));
    }

    /**
     * What makes one document out of another: leaves that are gone are unset, leaves that are new or different are set.
     *
     * @param before null when there is none
     * @return null when nothing has to be done
     */
    static @Nullable Mutation between(String collection, String id, @Nullable ObjectNode before, ObjectNode after) {
        Map<String, JsonNode> old = before == null ? Map.of() : leaves(before);
        Map<String, JsonNode> set = leaves(normal(after));
        List<String> unset =
                old.keySet().stream().filter(path -> !set.containsKey(path)).toList();
        set.entrySet().removeIf(leaf -> leaf.getValue().equals(old.get(leaf.getKey())));
        if (before != null && set.isEmpty() && unset.isEmpty()) {
            return null;
        }
        return new Mutation(collection, id, 0, set, unset, false, Map.of(), Map.of(), Map.of(), Map.of());
    }

    /**
     * The same, and says once more of every plain value what it is: the server takes that for a choice about the whole document. Numbers and
     * arrays are left alone where they are as wanted, since they may be counters, sets or lists.
     */
    static Mutation choosing(String collection, String id, @Nullable ObjectNode before, ObjectNode after) {
        Map<String, JsonNode> old = before == null ? Map.of() : leaves(before);
        Map<String, JsonNode> set = leaves(normal(after));
        List<String> unset =
                old.keySet().stream().filter(path -> !set.containsKey(path)).toList();
        set.entrySet()
                .removeIf(leaf -> (leaf.getValue().isNumber() || leaf.getValue().isArray())
                        && leaf.getValue().equals(old.get(leaf.getKey())));
        return new Mutation(collection, id, 0, set, unset, false, Map.of(), Map.of(), Map.of(), Map.of());
    }

    /** The leaves of a document by path; an empty object is a leaf, an array too. */
    static Map<String, JsonNode> leaves(JsonNode document) {
        Map<String, JsonNode> leaves = new LinkedHashMap<>();
        document.properties().forEach(member -> collect(List.of(member.getKey()), member.getValue(), leaves));
        return leaves;
    }

    private static void collect(List<String> segments, JsonNode value, Map<String, JsonNode> leaves) {
        if (!value.isObject() || value.isEmpty()) {
            leaves.put(Path.of(segments), value);
            return;
        }
        value.properties().forEach(member -> {
            List<String> deeper = new ArrayList<>(segments);
            deeper.add(member.getKey());
            collect(deeper, member.getValue(), leaves);
        });
    }

    private static JsonNode normal(JsonNode value) {
        return Json.normalize(value, NESTING_MAX);
    }

    private static List<JsonNode> normal(List<JsonNode> values) {
        return values.stream().map(Mutations::normal).toList();
    }

    private static <T> Map<String, T> byPath(Map<String, T> paths, Function<T, T> normal) {
        Map<String, T> canonical = new LinkedHashMap<>();
        paths.forEach((path, value) -> {
            if (canonical.put(Path.canonical(path), normal.apply(value)) != null) {
                throw new IllegalArgumentException("the path " + path + " is given twice");
            }
        });
        return canonical;
    }
}
