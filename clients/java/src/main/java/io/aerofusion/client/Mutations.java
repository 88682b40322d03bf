package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.space.Json;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

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
