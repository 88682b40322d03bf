package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Brings schemas of OpenAPI 3.0 into the form of 3.1, which is JSON Schema 2020-12: {@code nullable} and the exclusive bounds. */
final class OpenApiUpgrade {
    private OpenApiUpgrade() {}

    /** Changes all schemas of a document. */
    static void schemas(JsonNode node) {
        schemas(node, false);
    }

    private static void schemas(JsonNode node, boolean names) {
        if (node instanceof ObjectNode object) {
            if (!names) {
                nullable(object);
                bound(object, "exclusiveMinimum", "minimum");
                bound(object, "exclusiveMaximum", "maximum");
            }
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                String key = member.getKey();
                boolean data = !names
                        && (key.equals("example")
                                || key.equals("examples")
                                || key.equals("default")
                                || key.equals("enum"));
                if (!data) {
                    schemas(member.getValue(), !names && (key.equals("properties") || key.equals("schemas")));
                }
            }
        } else if (node instanceof ArrayNode array) {
            array.forEach(element -> schemas(element, false));
        }
    }

    private static void nullable(ObjectNode schema) {
        if (schema.path("nullable").isBoolean()) {
            boolean nullable = schema.remove("nullable").asBoolean();
            JsonNode type = schema.path("type");
            if (nullable && type.isTextual()) {
                schema.putArray("type").add(type.asText()).add("null");
                if (schema.get("enum") instanceof ArrayNode values) {
                    values.addNull();
                }
            }
        }
    }

    private static void bound(ObjectNode schema, String exclusive, String bound) {
        if (schema.path(exclusive).isBoolean()) {
            boolean isExclusive = schema.remove(exclusive).asBoolean();
            if (isExclusive && schema.path(bound).isNumber()) {
                schema.set(exclusive, schema.remove(bound));
            }
        }
    }
}
