package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the documents of a collection merge: the {@code x-sync} keywords of its JSON Schema.
 *
 * <p>On a property: {@code "x-sync": "counter"} or {@code {"type": "orset", "policy": "manual"}}; a policy on an object counts
 * for everything beneath it. At the root: {@code {"policy": "...", "deletes": "update-wins" | "delete-wins"}}. Whatever is not
 * declared is {@code lww} and {@code merge}.
 *
 * @param policy for paths that declare none
 * @param deleteWins a delete wins over updates that did not know it; otherwise such an update brings the document back
 * @param types path -> type, where it is not {@code lww}
 * @param policies path -> policy, where one is declared
 */
public record CollectionRules(
        ConflictPolicy policy, boolean deleteWins, Map<String, ValueType> types, Map<String, ConflictPolicy> policies) {
    /** Everything is {@code lww} and {@code merge}; updates win over deletes. */
    public static final CollectionRules DEFAULT = new CollectionRules(ConflictPolicy.MERGE, false, Map.of(), Map.of());

    private static final int NESTING_MAX = 64;

    public CollectionRules {
        types = Map.copyOf(types);
        policies = Map.copyOf(policies);
    }

    /** Reads the rules out of a JSON Schema. @throws IllegalArgumentException with a sentence when an {@code x-sync} is wrong */
    public static CollectionRules parse(JsonNode schema) {
        Map<String, ValueType> types = new HashMap<>();
        Map<String, ConflictPolicy> policies = new HashMap<>();
        ConflictPolicy policy = ConflictPolicy.MERGE;
        boolean deleteWins = false;
        JsonNode root = schema.path("x-sync");
        if (root.isObject()) {
            for (Map.Entry<String, JsonNode> member : root.properties()) {
                switch (member.getKey()) {
                    case "policy" -> policy = policy(member.getValue(), "the schema");
                    case "deletes" ->
                        deleteWins = switch (member.getValue().asText()) {
                            case "delete-wins" -> true;
                            case "update-wins" -> false;
                            default ->
                                throw new IllegalArgumentException(
                                        "x-sync of the schema: deletes is update-wins or delete-wins");
                        };
                    default ->
                        throw new IllegalArgumentException(
                                "x-sync of the schema has policy and deletes, not " + member.getKey());
                }
            }
        } else if (!root.isMissingNode()) {
            throw new IllegalArgumentException("x-sync of the schema is an object with policy and deletes");
        }
        collect(schema, null, types, policies, 0);
        return new CollectionRules(policy, deleteWins, types, policies);
    }

    /** The type at a path. */
    public ValueType type(String path) {
        return types.getOrDefault(path, ValueType.LWW);
    }

    /** The policy at a path: its own, else that of the nearest object around it, else the collection's. */
    public ConflictPolicy policy(String path) {
        if (policies.isEmpty()) {
            return policy;
        }
        String at = path;
        while (true) {
            ConflictPolicy found = policies.get(at);
            if (found != null) {
                return found;
            }
            if (!Path.isNested(at)) {
                return policy;
            }
            at = Path.parent(at);
        }
    }

    /** Whether something that is not {@code lww} is declared at a place around the path. */
    boolean isInsideOfTyped(String path) {
        if (types.isEmpty()) {
            return false;
        }
        for (String at = path; Path.isNested(at); ) {
            at = Path.parent(at);
            if (types.containsKey(at)) {
                return true;
            }
        }
        return false;
    }

    private static void collect(
            JsonNode schema,
            @Nullable String parent,
            Map<String, ValueType> types,
            Map<String, ConflictPolicy> policies,
            int depth) {
        if (depth > NESTING_MAX) {
            throw new IllegalArgumentException("the schema is nested deeper than " + NESTING_MAX);
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String path = parent == null ? Path.of(List.of(property.getKey())) : Path.child(parent, property.getKey());
            JsonNode sync = property.getValue().path("x-sync");
            if (sync.isTextual()) {
                declare(path, type(sync, path), types);
            } else if (sync.isObject()) {
                for (Map.Entry<String, JsonNode> member : sync.properties()) {
                    switch (member.getKey()) {
                        case "type" -> declare(path, type(member.getValue(), path), types);
                        case "policy" -> policies.put(path, policy(member.getValue(), path));
                        default ->
                            throw new IllegalArgumentException(
                                    "x-sync of " + path + " has type and policy, not " + member.getKey());
                    }
                }
            } else if (!sync.isMissingNode()) {
                throw new IllegalArgumentException("x-sync of " + path + " is a type or an object");
            }
            collect(property.getValue(), path, types, policies, depth + 1);
        }
    }

    private static void declare(String path, ValueType type, Map<String, ValueType> types) {
        if (type != ValueType.LWW) {
            types.put(path, type);
        }
    }

    private static ValueType type(JsonNode name, String path) {
        for (ValueType type : ValueType.values()) {
            if (type.name().toLowerCase(Locale.ROOT).equals(name.asText())) {
                return type;
            }
        }
        throw new IllegalArgumentException(
                "x-sync of " + path + ": the type is one of lww, counter, orset, list, max, min, opaque");
    }

    private static ConflictPolicy policy(JsonNode name, String path) {
        for (ConflictPolicy policy : ConflictPolicy.values()) {
            if (policy.text().equals(name.asText())) {
                return policy;
            }
        }
        throw new IllegalArgumentException(
                "x-sync of " + path + ": the policy is one of merge, server-wins, client-wins, first-writer, manual");
    }
}
