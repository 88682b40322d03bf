package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One OpenAPI 3.1 document of several exposed ones. Components, operations and security schemes that share a name with one of another API
 * get the API's name before theirs, and all that refers to them follows. Of operations that share path and method the first API's
 * is kept; {@code x-left-out} names the others, whose own documents have them.
 */
final class MergedDocument {
    private final ObjectNode merged = JsonNodeFactory.instance.objectNode().put("openapi", "3.1.0");
    private final SortedMap<String, ObjectNode> documents;
    /** Names that more than one API uses: {@code schemas/Order}, {@code operations/list}. */
    private final Set<String> shared = new HashSet<>();

    private final ObjectNode paths = JsonNodeFactory.instance.objectNode();
    private final ObjectNode components = JsonNodeFactory.instance.objectNode();
    private final ArrayNode leftOut = JsonNodeFactory.instance.arrayNode();
    private final Map<String, JsonNode> tags = new TreeMap<>();

    private MergedDocument(SortedMap<String, ObjectNode> documents) {
        this.documents = documents;
    }

    /** @param documents exposed ones by the names of their APIs; they are changed */
    static ObjectNode of(SortedMap<String, ObjectNode> documents) {
        return new MergedDocument(documents).make();
    }

    private ObjectNode make() {
        findShared();
        merged.putObject("info")
                .put("title", "APIs of this gateway")
                .put("version", "1")
                .put(
                        "description",
                        "What the services behind this gateway describe: " + String.join(", ", documents.keySet())
                                + ".");
        documents.forEach(this::add);
        merged.set("paths", paths);
        if (!components.isEmpty()) {
            merged.set("components", components);
        }
        if (!tags.isEmpty()) {
            ArrayNode list = merged.putArray("tags");
            tags.values().forEach(list::add);
        }
        if (!leftOut.isEmpty()) {
            merged.set("x-left-out", leftOut);
        }
        return merged;
    }

    private void findShared() {
        Map<String, String> owners = new HashMap<>();
        documents.forEach((api, document) -> {
            Set<String> own = new HashSet<>();
            document.path("components")
                    .properties()
                    .forEach(section -> section.getValue()
                            .fieldNames()
                            .forEachRemaining(name -> own.add(section.getKey() + "/" + name)));
            ExposedDocument.operations(document).forEach(operation -> own.add("operations/" + operation.id()));
            own.forEach(name -> {
                String owner = owners.putIfAbsent(name, api);
                if (owner != null && !owner.equals(api)) {
                    shared.add(name);
                }
            });
        });
    }

    private String renamed(String api, String section, String name) {
        return shared.contains(section + "/" + name) ? api + "." + name : name;
    }

    private void add(String api, ObjectNode document) {
        if (document.path("openapi").asText().startsWith("3.0.")) {
            OpenApiUpgrade.schemas(document);
        }
        OpenApiRefs.rewrite(document, reference -> reference(api, reference));
        JsonNode security = document.path("security");
        document.path("paths").properties().forEach(path -> path(api, document, security, path));
        document.path("components").properties().forEach(section -> {
            if (section.getValue().isObject() && !section.getKey().startsWith("x-")) {
                ObjectNode target = components.withObjectProperty(section.getKey());
                section.getValue()
                        .properties()
                        .forEach(one -> target.set(renamed(api, section.getKey(), one.getKey()), one.getValue()));
            }
        });
        document.path("tags").forEach(tag -> tags.putIfAbsent(tag.path("name").asText(), tag));
    }

    private void path(String api, ObjectNode document, JsonNode security, Map.Entry<String, JsonNode> path) {
        ObjectNode from = (ObjectNode) path.getValue();
        JsonNode servers = from.has("servers") ? from.path("servers") : document.path("servers");
        ObjectNode target = paths.withObjectProperty(path.getKey());
        for (String method : OpenApiCheck.methods()) {
            if (!(from.get(method) instanceof ObjectNode operation)) {
                continue;
            }
            if (target.has(method)) {
                leftOut.addObject().put("api", api).put("method", method).put("path", path.getKey());
                continue;
            }
            if (!operation.has("security") && security.isArray()) {
                operation.set("security", security.deepCopy());
            }
            operation.path("security").forEach(need -> requirement(api, need));
            if (operation.path("operationId").isTextual()) {
                operation.put(
                        "operationId",
                        renamed(api, "operations", operation.path("operationId").asText()));
            }
            operation.put("x-api", api);
            operation.set("servers", servers.deepCopy());
            parameters(from, operation);
            target.set(method, operation);
        }
    }

    /** The path's own parameters become the operation's: other operations of the path may be another API's. */
    private static void parameters(ObjectNode from, ObjectNode operation) {
        if (from.path("parameters").isArray() && !from.path("parameters").isEmpty()) {
            ArrayNode all = operation.withArray("parameters");
            Set<String> own = new HashSet<>();
            all.forEach(one ->
                    own.add(one.path("in").asText() + " " + one.path("name").asText()));
            for (JsonNode one : from.path("parameters")) {
                if (one.has("$ref")
                        || own.add(
                                one.path("in").asText() + " " + one.path("name").asText())) {
                    all.add(one.deepCopy());
                }
            }
        }
    }

    private void requirement(String api, JsonNode need) {
        if (need instanceof ObjectNode object) {
            Map<String, JsonNode> renamed = new LinkedHashMap<>();
            object.properties()
                    .forEach(one -> renamed.put(renamed(api, "securitySchemes", one.getKey()), one.getValue()));
            object.removeAll();
            renamed.forEach(object::set);
        }
    }

    private String reference(String api, String reference) {
        String start = "#/components/";
        if (!reference.startsWith(start)) {
            return reference;
        }
        int slash = reference.indexOf('/', start.length());
        if (slash < 0) {
            return reference;
        }
        int end = reference.indexOf('/', slash + 1);
        String name = reference.substring(slash + 1, end < 0 ? reference.length() : end);
        return reference.substring(0, slash + 1)
                + renamed(api, reference.substring(start.length(), slash), name)
                + (end < 0 ? "" : reference.substring(end));
    }
}
