package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.space.CanonicalJson;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A document as a device sees it: the visible JSON, and the keys of its lists' elements so that they can be named. It knows no
 * stamps: what the server tells is final, and the device's own mutations are laid over it in their order.
 *
 * <p>Paths are in their canonical spelling.
 *
 * <p>Not thread-safe; the replica parses a fresh one from the store for each use.
 */
final class LocalDocument {
    private final ObjectNode value;
    private final Map<String, List<String>> keys;

    LocalDocument(ObjectNode value, Map<String, List<String>> keys) {
        this.value = value;
        this.keys = new HashMap<>(keys);
    }

    static LocalDocument empty() {
        return new LocalDocument(JsonNodeFactory.instance.objectNode(), Map.of());
    }

    ObjectNode value() {
        return value;
    }

    /** List path -> keys of the elements, parallel to the array. */
    Map<String, List<String>> keys() {
        return keys;
    }

    /** Takes over what the server says; the caller handles {@code deleted} and {@code whole}. */
    void apply(DocumentChange change) {
        change.unset().forEach(this::remove);
        change.set().forEach(this::set);
        keys.putAll(change.keys());
    }

    /** Lays a mutation of this device over the document; the caller handles {@code delete}. */
    void apply(Mutation mutation, String device, long number) {
        mutation.unset().forEach(this::remove);
        mutation.set().forEach(this::set);
        mutation.inc().forEach(this::increment);
        mutation.remove().forEach(this::removeElements);
        mutation.add().forEach(this::addElements);
        mutation.insert().forEach((path, insertions) -> insert(path, insertions, device, number));
    }

    private void set(String path, JsonNode node) {
        forgetKeys(path);
        put(value, Path.segments(path), 0, node);
    }

    /** Objects merge leaf by leaf, anything else replaces; an empty object hides nothing that is already there. */
    private static void put(ObjectNode parent, List<String> members, int depth, JsonNode node) {
        String member = members.get(depth);
        boolean last = depth == members.size() - 1;
        if (last && !node.isObject()) {
            parent.set(member, node);
            return;
        }
        ObjectNode child = parent.get(member) instanceof ObjectNode known ? known : parent.putObject(member);
        if (last) {
            node.properties().forEach(entry -> put(child, List.of(entry.getKey()), 0, entry.getValue()));
        } else {
            put(child, members, depth + 1, node);
        }
    }

    /** Removes the path and what is beneath; objects that are left empty on the way go too. */
    private void remove(String path) {
        forgetKeys(path);
        prune(value, Path.segments(path), 0);
    }

    private static void prune(ObjectNode parent, List<String> members, int depth) {
        String member = members.get(depth);
        if (depth == members.size() - 1) {
            parent.remove(member);
        } else if (parent.get(member) instanceof ObjectNode child && !child.isEmpty()) {
            prune(child, members, depth + 1);
            if (child.isEmpty()) {
                parent.remove(member);
            }
        }
    }

    private void increment(String path, long by) {
        JsonNode now = at(path);
        put(value, Path.segments(path), 0, LongNode.valueOf(now.asLong(0) + by));
    }

    private void addElements(String path, List<JsonNode> elements) {
        List<JsonNode> present = elementsAt(path);
        for (JsonNode element : elements) {
            if (present.stream().noneMatch(known -> same(known, element))) {
                present.add(element);
            }
        }
        put(value, Path.segments(path), 0, array(present));
    }

    /** Elements of a set go by value, elements of a list by key. */
    private void removeElements(String path, List<JsonNode> elements) {
        List<JsonNode> present = elementsAt(path);
        List<String> known = keys.get(path);
        if (known != null) {
            List<String> left = new ArrayList<>(known);
            for (JsonNode key : elements) {
                int index = left.indexOf(key.asText());
                if (index >= 0 && index < present.size()) {
                    left.remove(index);
                    present.remove(index);
                }
            }
            keys.put(path, left);
        } else {
            present.removeIf(candidate -> elements.stream().anyMatch(element -> same(candidate, element)));
        }
        put(value, Path.segments(path), 0, array(present));
    }

    private static boolean same(JsonNode left, JsonNode right) {
        return CanonicalJson.text(left).equals(CanonicalJson.text(right));
    }

    private void insert(String path, List<Mutation.Insertion> insertions, String device, long number) {
        List<JsonNode> present = elementsAt(path);
        List<String> known = new ArrayList<>(keys.getOrDefault(path, List.of()));
        int index = 0;
        for (Mutation.Insertion insertion : insertions) {
            int after = insertion.after() == null ? 0 : known.indexOf(insertion.after()) + 1;
            int place = insertion.after() != null && after == 0 ? known.size() : after;
            present.add(Math.min(place, present.size()), insertion.value());
            known.add(place, device + ":" + number + ":" + index++);
        }
        keys.put(path, known);
        put(value, Path.segments(path), 0, array(present));
    }

    private List<JsonNode> elementsAt(String path) {
        List<JsonNode> elements = new ArrayList<>();
        if (at(path) instanceof ArrayNode array) {
            array.forEach(elements::add);
        }
        return elements;
    }

    private static ArrayNode array(List<JsonNode> elements) {
        return JsonNodeFactory.instance.arrayNode().addAll(elements);
    }

    private JsonNode at(String path) {
        JsonNode node = value;
        for (String member : Path.segments(path)) {
            node = node.path(member);
        }
        return node;
    }

    private void forgetKeys(String path) {
        if (!keys.isEmpty()) {
            List<String> gone = Path.segments(path);
            keys.keySet().removeIf(key -> startsWith(Path.segments(key), gone));
        }
    }

    private static boolean startsWith(List<String> segments, List<String> prefix) {
        return segments.size() >= prefix.size()
                && segments.subList(0, prefix.size()).equals(prefix);
    }
}
