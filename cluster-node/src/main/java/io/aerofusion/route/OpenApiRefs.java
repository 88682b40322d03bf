package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Rewrites what within an OpenAPI document refers to another place of it. Examples are data and stay. */
final class OpenApiRefs {
    private OpenApiRefs() {}

    /** @param reference takes a reference such as {@code #/components/schemas/Order} and gives the one that stands for it */
    static void rewrite(JsonNode node, UnaryOperator<String> reference) {
        rewrite(node, reference, false);
    }

    private static void rewrite(JsonNode node, UnaryOperator<String> reference, boolean names) {
        if (node instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                String key = member.getKey();
                JsonNode value = member.getValue();
                if (names) { // of properties, schemas and so on: none of them is a word of OpenAPI
                    rewrite(value, reference, false);
                } else if ((key.equals("$ref") || key.equals("operationRef")) && value.isTextual()) {
                    member.setValue(TextNode.valueOf(reference.apply(value.asText())));
                } else if (key.equals("mapping") && value instanceof ObjectNode mapping) {
                    mapping(mapping, reference);
                } else if (!data(key)) {
                    rewrite(value, reference, map(key));
                }
            }
        } else if (node instanceof ArrayNode array) {
            array.forEach(element -> rewrite(element, reference, false));
        }
    }

    /** Of a discriminator: references, or names of schemas. */
    private static void mapping(ObjectNode mapping, UnaryOperator<String> reference) {
        for (Map.Entry<String, JsonNode> member : mapping.properties()) {
            String value = member.getValue().asText();
            String whole = value.contains("/") || value.contains("#") ? value : "#/components/schemas/" + value;
            member.setValue(TextNode.valueOf(reference.apply(whole)));
        }
    }

    private static boolean data(String key) {
        return key.equals("example")
                || key.equals("examples")
                || key.equals("default")
                || key.equals("enum")
                || key.equals("const");
    }

    /** Whether the members of what stands under this word are named by the document's author. */
    private static boolean map(String key) {
        return switch (key) {
            case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas" -> true;
            case "schemas", "parameters", "responses", "headers", "requestBodies", "links", "callbacks", "pathItems" ->
                true;
            case "paths", "content", "encoding", "variables" -> true;
            default -> false;
        };
    }
}
