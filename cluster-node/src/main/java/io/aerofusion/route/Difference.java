package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How one resource differs between two states of the configuration; without secrets.
 *
 * @param operation create, update or delete
 * @param fields what differs in an update; empty otherwise
 * @param more whether there are more fields than told
 */
record Difference(String kind, String name, String operation, List<Field> fields, boolean more) {
    /** Fields that are told of one resource. */
    static final int FIELDS_MAX = 100;

    /** Resources that are told at once. */
    static final int DIFFERENCES_MAX = 1_000;
    /** Characters of all fields that are told at once. */
    static final int CHARACTERS_MAX = 256 * 1024;

    /**
     * A field that differs.
     *
     * @param pointer into the document (RFC 6901)
     * @param before null when it was not there
     * @param after null when it is not there any more
     */
    record Field(
            String pointer,
            @Nullable JsonNode before,
            @Nullable JsonNode after) {}

    /** Of a resource before and after; one of them may be null. */
    static Difference of(ResourceKey key, @Nullable JsonNode before, @Nullable JsonNode after) {
        if (before == null || after == null) {
            String operation = before == null ? "create" : "delete";
            return new Difference(key.kind().label(), key.name(), operation, List.of(), false);
        }
        List<Field> fields = new ArrayList<>();
        compare("", Secrets.hidden(before), Secrets.hidden(after), fields);
        boolean more = fields.size() > FIELDS_MAX;
        return new Difference(
                key.kind().label(),
                key.name(),
                "update",
                more ? List.copyOf(fields.subList(0, FIELDS_MAX)) : fields,
                more);
    }

    /** Of two whole configurations, in the order of kind and name. */
    static List<Difference> between(Configuration before, Configuration after) {
        Set<ResourceKey> keys = new TreeSet<>(before.items().keySet());
        keys.addAll(after.items().keySet());
        List<Difference> differences = new ArrayList<>();
        for (ResourceKey key : keys) {
            JsonNode old = before.find(key).map(Configuration.Item::document).orElse(null);
            JsonNode now = after.find(key).map(Configuration.Item::document).orElse(null);
            if (old == null || now == null || !same(old, now)) {
                differences.add(of(key, old, now));
            }
        }
        return differences;
    }

    /** As many as fit into one message, the first ones; their fields are left out where there are too many of them. */
    static List<Difference> bounded(List<Difference> all) {
        List<Difference> told = new ArrayList<>();
        int characters = 0;
        for (Difference difference : all.subList(0, Math.min(all.size(), DIFFERENCES_MAX))) {
            int size = difference.fields().toString().length();
            characters += size;
            told.add(
                    characters <= CHARACTERS_MAX
                            ? difference
                            : new Difference(
                                    difference.kind(), difference.name(), difference.operation(), List.of(), true));
        }
        return told;
    }

    private static void compare(String pointer, JsonNode before, JsonNode after, List<Field> fields) {
        if (same(before, after)) {
            return;
        }
        if (before.isObject() && after.isObject()) {
            Set<String> names = new TreeSet<>();
            before.fieldNames().forEachRemaining(names::add);
            after.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                compare(
                        pointer + "/" + name.replace("~", "~0").replace("/", "~1"),
                        before.path(name),
                        after.path(name),
                        fields);
            }
        } else if (before.isArray() && after.isArray()) {
            for (int i = 0; i < Math.max(before.size(), after.size()); i++) {
                compare(pointer + "/" + i, before.path(i), after.path(i), fields);
            }
        } else {
            fields.add(new Field(pointer, present(before), present(after)));
        }
    }

    /** As text: what came from the journal and what was just read hold their numbers differently. */
    static boolean same(JsonNode before, JsonNode after) {
        return before.toString().equals(after.toString());
    }

    private static @Nullable JsonNode present(JsonNode json) {
        return json instanceof MissingNode ? null : json;
    }
}
