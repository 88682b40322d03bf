package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes and mutations as {@link Rows}. */
final class RowForms {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int DELETED = 1;
    private static final int WHOLE = 2;
    /** set, unset, keys. */
    private static final int CHANGE_GROUPS = 3;
    /** set, unset, inc, add, remove, insert. */
    private static final int MUTATION_GROUPS = 6;

    private RowForms() {}

    static @Nullable ArrayNode changes(List<DocumentChange> changes, StringTable strings) {
        List<Rows.Row> rows = new ArrayList<>(changes.size());
        for (DocumentChange change : changes) {
            Map<String, JsonNode> keys = mapped(change.keys(), RowForms::texts);
            rows.add(new Rows.Row(
                    change.collection(),
                    change.id(),
                    (change.deleted() ? DELETED : 0) | (change.whole() ? WHOLE : 0),
                    change.unset(),
                    List.of(change.set(), Map.of(), keys)));
        }
        return Rows.write(rows, strings);
    }

    static List<DocumentChange> changes(@Nullable JsonNode json, StringTable.Read strings, FrameLimits limits)
            throws FrameException {
        if (json == null) {
            return List.of();
        }
        List<DocumentChange> changes = new ArrayList<>();
        for (Rows.Row row : Rows.read(json, CHANGE_GROUPS, strings, limits)) {
            Map<String, List<String>> keys = LinkedHashMap.newLinkedHashMap(0);
            for (Map.Entry<String, JsonNode> entry : row.groups().get(2).entrySet()) {
                keys.put(entry.getKey(), Fields.texts(array(entry.getValue()), "Keys"));
            }
            changes.add(new DocumentChange(
                    row.collection(),
                    row.id(),
                    (row.flags() & DELETED) != 0,
                    (row.flags() & WHOLE) != 0,
                    row.groups().get(0),
                    row.unset(),
                    keys));
        }
        return List.copyOf(changes);
    }

    static @Nullable ArrayNode mutations(List<Mutation> mutations, StringTable strings) {
        List<Rows.Row> rows = new ArrayList<>(mutations.size());
        long[] clocks = new long[mutations.size()];
        for (Mutation mutation : mutations) {
            clocks[rows.size()] = mutation.at();
            rows.add(new Rows.Row(
                    mutation.collection(),
                    mutation.id(),
                    mutation.delete() ? DELETED : 0,
                    mutation.unset(),
                    List.of(
                            mutation.set(),
                            Map.of(),
                            mapped(mutation.inc(), JSON::numberNode),
                            mapped(mutation.add(), values -> JSON.arrayNode().addAll(values)),
                            mapped(mutation.remove(), values -> JSON.arrayNode().addAll(values)),
                            mapped(mutation.insert(), RowForms::insertions))));
        }
        @Nullable ArrayNode json = Rows.write(rows, strings);
        if (json != null) {
            Clocks.write(clocks, json);
        }
        return json;
    }

    static List<Mutation> mutations(@Nullable JsonNode json, StringTable.Read strings, FrameLimits limits)
            throws FrameException {
        if (json == null) {
            return List.of();
        }
        List<Rows.Row> rows = Rows.read(json, MUTATION_GROUPS, strings, limits);
        Fields clockFields = Fields.of(json, "The rows", 4);
        long[] clocks = Clocks.read(clockFields.any(), clockFields.any(), rows.size());
        List<Mutation> mutations = new ArrayList<>(rows.size());
        for (Rows.Row row : rows) {
            List<Map<String, JsonNode>> groups = row.groups();
            mutations.add(new Mutation(
                    row.collection(),
                    row.id(),
                    clocks[mutations.size()],
                    groups.get(0),
                    row.unset(),
                    (row.flags() & DELETED) != 0,
                    read(groups.get(2), RowForms::integer),
                    read(groups.get(3), RowForms::values),
                    read(groups.get(4), RowForms::values),
                    read(groups.get(5), RowForms::insertions)));
        }
        return List.copyOf(mutations);
    }

    private static ArrayNode texts(List<String> texts) {
        ArrayNode array = JSON.arrayNode(texts.size());
        texts.forEach(array::add);
        return array;
    }

    private static ArrayNode insertions(List<Mutation.Insertion> insertions) {
        ArrayNode array = JSON.arrayNode(insertions.size());
        for (Mutation.Insertion insertion : insertions) {
            array.addArray().add(insertion.after()).add(insertion.value());
        }
        return array;
    }

    private static List<Mutation.Insertion> insertions(JsonNode json) throws FrameException {
        List<Mutation.Insertion> insertions = new ArrayList<>();
        for (JsonNode element : array(json)) {
            Fields fields = Fields.of(element, "An insertion", 0);
            @Nullable String after = fields.textOrNull();
            @Nullable JsonNode value = element.get(1);
            if (value == null) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, "An insertion needs a value.");
            }
            insertions.add(new Mutation.Insertion(after, value));
        }
        return List.copyOf(insertions);
    }

    private static long integer(JsonNode json) throws FrameException {
        if (!json.isIntegralNumber()) {
            throw new FrameException(ErrorCode.MALFORMED_FRAME, "A counter is changed by a whole number.");
        }
        return json.longValue();
    }

    private static List<JsonNode> values(JsonNode json) throws FrameException {
        List<JsonNode> values = new ArrayList<>(json.size());
        array(json).forEach(values::add);
        return List.copyOf(values);
    }

    private static JsonNode array(JsonNode json) throws FrameException {
        if (!json.isArray()) {
            throw new FrameException(ErrorCode.MALFORMED_FRAME, "A column holds something else than an array.");
        }
        return json;
    }

    @FunctionalInterface
    private interface Reading<T> {
        T of(JsonNode json) throws FrameException;
    }

    private static <T> Map<String, T> read(Map<String, JsonNode> cells, Reading<T> reading) throws FrameException {
        Map<String, T> values = LinkedHashMap.newLinkedHashMap(cells.size());
        for (Map.Entry<String, JsonNode> cell : cells.entrySet()) {
            values.put(cell.getKey(), reading.of(cell.getValue()));
        }
        return values;
    }

    private static <T> Map<String, JsonNode> mapped(
            Map<String, T> values, java.util.function.Function<T, JsonNode> form) {
        Map<String, JsonNode> cells = LinkedHashMap.newLinkedHashMap(values.size());
        values.forEach((path, value) -> cells.put(path, form.apply(value)));
        return cells;
    }
}
