package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Changes or mutations laid out by column, as {@code [shapes, shape of each row, id of each row, columns]}. A shape is
 * {@code [collection, flags, paths of group 0, group 1, ...]}: rows that touch the same paths share one. A column is
 * {@code [path, value, value, ...]}: the values of one path over all rows, in the order of rows. What is alike stands side by side,
 * so that deflate finds it, and no path is written twice.
 *
 * <p>One group of a shape, {@link #UNVALUED}, names paths only.
 */
final class Rows {
    /** The group of a shape that has no values in the columns: {@code unset}. */
    static final int UNVALUED = 1;

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Rows() {}

    /**
     * One document's part.
     *
     * @param groups path -> value; the group {@link #UNVALUED} stands in {@code unset} instead and is empty here
     */
    record Row(String collection, String id, int flags, List<String> unset, List<Map<String, JsonNode>> groups) {}

    private record Shape(String collection, int flags, List<List<String>> groups) {}

    /** The wire form of the rows; null for none. */
    static @Nullable ArrayNode write(List<Row> rows, StringTable strings) {
        if (rows.isEmpty()) {
            return null;
        }
        Map<Shape, Integer> shapes = new LinkedHashMap<>();
        Map<String, ArrayNode> columns = new LinkedHashMap<>();
        ArrayNode shapeOf = JSON.arrayNode(rows.size());
        ArrayNode ids = JSON.arrayNode(rows.size());
        for (Row row : rows) {
            List<List<String>> groups = new ArrayList<>(row.groups().size());
            for (int group = 0; group < row.groups().size(); group++) {
                if (group == UNVALUED) {
                    groups.add(List.copyOf(new LinkedHashSet<>(row.unset())));
                    continue;
                }
                // sorted: equal rows get equal shapes, whatever order their maps have
                Map<String, JsonNode> values = row.groups().get(group);
                List<String> paths = List.copyOf(new TreeSet<>(values.keySet()));
                groups.add(paths);
                for (String path : paths) {
                    columns.computeIfAbsent(path, first -> JSON.arrayNode().add(strings.number(first)))
                            .add(values.get(path));
                }
            }
            Shape shape = new Shape(row.collection(), row.flags(), groups);
            shapeOf.add(shapes.computeIfAbsent(shape, ignored -> shapes.size()));
            ids.add(row.id());
        }
        ArrayNode shapesJson = JSON.arrayNode(shapes.size());
        shapes.keySet().forEach(shape -> shapesJson.add(write(shape, strings)));
        ArrayNode columnsJson = JSON.arrayNode(columns.size()).addAll(columns.values());
        return JSON.arrayNode(6).add(shapesJson).add(shapeOf).add(ids).add(columnsJson);
    }

    private static ArrayNode write(Shape shape, StringTable strings) {
        int used = shape.groups().size();
        while (used > 0 && shape.groups().get(used - 1).isEmpty()) {
            used--;
        }
        ArrayNode json =
                JSON.arrayNode(used + 2).add(strings.number(shape.collection())).add(shape.flags());
        shape.groups().subList(0, used).forEach(group -> json.add(strings.numbers(group)));
        return json;
    }

    /** Reads the rows of {@code json}, whose shapes have up to {@code groups} groups. */
    static List<Row> read(JsonNode json, int groups, StringTable.Read strings, FrameLimits limits)
            throws FrameException {
        Fields fields = Fields.of(json, "The rows", 0);
        List<Shape> shapes = shapes(fields.list(), groups, strings);
        JsonNode shapeOf = fields.list();
        JsonNode ids = fields.list();
        Columns columns = Columns.of(fields.list(), strings);
        if (shapeOf.size() > limits.rows()) {
            throw new FrameException(
                    ErrorCode.BATCH_TOO_LARGE, "A frame holds at most " + limits.rows() + " mutations or changes.");
        }
        if (ids.size() != shapeOf.size()) {
            throw malformed("Every row needs a shape and an id.");
        }
        long cells = 0;
        List<Row> rows = new ArrayList<>(shapeOf.size());
        for (int i = 0; i < shapeOf.size(); i++) {
            Shape shape = shape(shapes, shapeOf.get(i));
            for (List<String> paths : shape.groups()) {
                cells += paths.size();
            }
            if (cells > limits.cells()) {
                throw new FrameException(
                        ErrorCode.FRAME_TOO_LARGE, "A frame touches at most " + limits.cells() + " paths.");
            }
            if (!ids.get(i).isTextual()) {
                throw malformed("An id must be a string.");
            }
            rows.add(row(shape, ids.get(i).textValue(), columns));
        }
        columns.end();
        return rows;
    }

    private static Row row(Shape shape, String id, Columns columns) throws FrameException {
        List<Map<String, JsonNode>> values = new ArrayList<>(shape.groups().size());
        for (int group = 0; group < shape.groups().size(); group++) {
            List<String> paths = shape.groups().get(group);
            if (group == UNVALUED || paths.isEmpty()) {
                values.add(Map.of());
                continue;
            }
            Map<String, JsonNode> cells = LinkedHashMap.newLinkedHashMap(paths.size());
            for (String path : paths) {
                cells.put(path, columns.next(path));
            }
            values.add(cells);
        }
        return new Row(shape.collection(), id, shape.flags(), shape.groups().get(UNVALUED), values);
    }

    private static List<Shape> shapes(JsonNode array, int groups, StringTable.Read strings) throws FrameException {
        List<Shape> shapes = new ArrayList<>(array.size());
        for (JsonNode element : array) {
            Fields fields = Fields.of(element, "A shape", 0);
            @Nullable JsonNode collection = fields.any();
            if (collection == null) {
                throw malformed("A shape needs a collection.");
            }
            int flags = fields.small();
            List<List<String>> paths = new ArrayList<>(groups);
            for (int group = 0; group < groups; group++) {
                List<String> some = strings.strings(fields.list());
                if (new HashSet<>(some).size() < some.size()) {
                    throw malformed("A shape names a path twice.");
                }
                paths.add(some);
            }
            shapes.add(new Shape(strings.string(collection), flags, paths));
        }
        return shapes;
    }

    private static Shape shape(List<Shape> shapes, JsonNode number) throws FrameException {
        if (!number.isIntegralNumber() || number.longValue() < 0 || number.longValue() >= shapes.size()) {
            throw malformed("A row names no shape.");
        }
        return shapes.get((int) number.longValue());
    }

    private static FrameException malformed(String detail) {
        return new FrameException(ErrorCode.MALFORMED_FRAME, detail);
    }

    /** The columns of a frame that came in, each with a place up to which it was read. */
    private record Columns(Map<String, Fill> byPath) {
        private static final class Fill {
            private final JsonNode values;
            private int read = 1;

            private Fill(JsonNode values) {
                this.values = values;
            }
        }

        static Columns of(JsonNode array, StringTable.Read strings) throws FrameException {
            Map<String, Fill> byPath = HashMap.newHashMap(array.size());
            for (JsonNode column : array) {
                if (!column.isArray() || column.isEmpty()) {
                    throw malformed("A column must be an array that begins with a path.");
                }
                if (byPath.put(strings.string(column.get(0)), new Fill(column)) != null) {
                    throw malformed("Two columns have the same path.");
                }
            }
            return new Columns(byPath);
        }

        JsonNode next(String path) throws FrameException {
            @Nullable Fill column = byPath.get(path);
            if (column == null || column.read == column.values.size()) {
                throw malformed("A column is too short.");
            }
            return column.values.get(column.read++);
        }

        void end() throws FrameException {
            for (Fill column : byPath.values()) {
                if (column.read < column.values.size()) {
                    throw malformed("A column is too long.");
                }
            }
        }
    }
}
