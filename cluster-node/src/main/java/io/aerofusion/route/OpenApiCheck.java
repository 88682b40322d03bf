package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import com.networknt.schema.resource.DisallowSchemaLoader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds a document against the schemas that the OpenAPI Initiative publishes for 3.0 and 3.1, and against what these cannot say:
 * references lead somewhere within the document, and operations have names of their own. The schemas are read when the first document is
 * checked: a node without documents does not pay for them.
 */
final class OpenApiCheck {
    /** Faults of a document that are told. */
    static final int FAULTS_MAX = 20;

    private static final List<String> METHODS =
            List.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

    private final JsonNode document;
    private final List<Fault> faults = new ArrayList<>();

    private OpenApiCheck(JsonNode document) {
        this.document = document;
    }

    /** @param pointer where (RFC 6901); empty for the whole */
    record Fault(String pointer, String detail) {}

    private static final class Schemas {
        static final JsonSchema OPENAPI_3_0 = load("3.0", VersionFlag.V4);
        static final JsonSchema OPENAPI_3_1 = load("3.1", VersionFlag.V202012);

        private static JsonSchema load(String version, VersionFlag dialect) {
            try (InputStream in = OpenApiCheck.class.getResourceAsStream("openapi/" + version + ".json")) {
                if (in == null) {
                    throw new IllegalStateException("the schema of OpenAPI " + version + " is missing from the build");
                }
                return JsonSchemaFactory.getInstance(
                                dialect,
                                builder -> builder.schemaLoaders(
                                        loaders -> loaders.add(DisallowSchemaLoader.getInstance())))
                        .getSchema(
                                new ObjectMapper().readTree(in),
                                SchemaValidatorsConfig.builder()
                                        .pathType(PathType.JSON_POINTER)
                                        .build());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What is wrong with it, the first {@link #FAULTS_MAX}; empty if nothing is. */
    static List<Fault> of(JsonNode document) {
        OpenApiCheck check = new OpenApiCheck(document);
        check.check();
        return List.copyOf(check.faults);
    }

    private void check() {
        String version = document.path("openapi").asText("");
        if (version.startsWith("3.0.")) {
            schema(Schemas.OPENAPI_3_0);
        } else if (version.startsWith("3.1.")) {
            schema(Schemas.OPENAPI_3_1);
        } else {
            add(
                    document.has("swagger") ? "/swagger" : "/openapi",
                    "Only documents of OpenAPI 3.0 and 3.1 can be served; convert it.");
            return;
        }
        references(document, "");
        operationIds();
    }

    private void schema(JsonSchema schema) {
        for (ValidationMessage message : schema.validate(document)) {
            String pointer = message.getInstanceLocation().toString();
            String text = message.getMessage();
            // the message begins with the place, which is told by itself
            add(pointer, text.startsWith(pointer + ": ") ? text.substring(pointer.length() + 2) : text);
        }
    }

    private void references(JsonNode node, String at) {
        if (faults.size() >= FAULTS_MAX) {
            return;
        }
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                String here = at + "/" + escaped(member.getKey());
                boolean value =
                        member.getKey().equals("example") || member.getKey().equals("examples");
                if (member.getKey().equals("$ref") && member.getValue().isTextual()) {
                    reference(here, member.getValue().asText());
                } else if (!value) {
                    references(member.getValue(), here);
                }
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                references(node.path(i), at + "/" + i);
            }
        }
    }

    private void reference(String at, String reference) {
        if (!reference.startsWith("#")) {
            add(at, "Only references within the document are followed; bundle it: " + reference);
        } else if (reference.startsWith("#/")
                && at(document, reference.substring(1)).isMissingNode()) {
            add(at, "There is nothing at " + reference);
        }
    }

    /** What a pointer leads to; it may be percent-encoded, as in the fragment of an address. */
    static JsonNode at(JsonNode document, String pointer) {
        try {
            JsonNode plain = document.at(pointer);
            return plain.isMissingNode() && pointer.indexOf('%') >= 0
                    ? document.at(java.net.URLDecoder.decode(
                            pointer.replace("+", "%2B"), java.nio.charset.StandardCharsets.UTF_8))
                    : plain;
        } catch (IllegalArgumentException malformed) {
            return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
        }
    }

    private void operationIds() {
        Set<String> ids = new HashSet<>();
        document.path("paths")
                .properties()
                .forEach(path -> METHODS.forEach(method -> {
                    JsonNode id = path.getValue().path(method).path("operationId");
                    if (id.isTextual() && !ids.add(id.asText())) {
                        add(
                                "/paths/" + escaped(path.getKey()) + "/" + method + "/operationId",
                                "Another operation has this name.");
                    }
                }));
    }

    private void add(String pointer, String detail) {
        if (faults.size() < FAULTS_MAX) {
            faults.add(new Fault(pointer, detail));
        }
    }

    static String escaped(String segment) {
        return segment.replace("~", "~0").replace("/", "~1");
    }

    static List<String> methods() {
        return METHODS;
    }
}
