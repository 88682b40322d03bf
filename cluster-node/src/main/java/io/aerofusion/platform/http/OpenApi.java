package io.aerofusion.platform.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes the OpenAPI 3.1 document of a table of endpoints: what is described is what is served. */
public final class OpenApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern VARIABLE = Pattern.compile("\\{([^}]+)}");
    private static final String PROBLEM = "#/components/responses/Problem";

    private OpenApi() {}

    /**
     * Writes it.
     *
     * @throws IllegalArgumentException when an endpoint's schema is not JSON, or two share an operationId
     */
    public static ObjectNode document(List<Endpoint> endpoints, String version) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("openapi", "3.1.0");
        document.putObject("info")
                .put("title", "AeroFusion Platform")
                .put("version", version)
                .put(
                        "description",
                        "Offline-first sync, devices and users. Errors are application/problem+json (RFC 9457) with a stable"
                                + " code. Every request may carry X-Request-Id and traceparent; every response does.")
                .putObject("license")
                .put("name", "Apache-2.0")
                .put("identifier", "Apache-2.0");
        document.putArray("servers").addObject().put("url", "/");
        SortedSet<String> tags = new TreeSet<>();
        SortedSet<String> ids = new TreeSet<>();
        ObjectNode paths = document.putObject("paths");
        for (Endpoint endpoint : endpoints) {
            if (!ids.add(endpoint.id())) {
                throw new IllegalArgumentException("two endpoints are called " + endpoint.id());
            }
            ObjectNode path = paths.withObjectProperty(endpoint.path());
            String method = endpoint.method().value().toLowerCase(Locale.ROOT);
            path.set(method, operation(endpoint, tags));
        }
        ArrayNode tagList = document.putArray("tags");
        tags.forEach(tag -> tagList.addObject().put("name", tag));
        document.set("components", components());
        return document;
    }

    private static ObjectNode operation(Endpoint endpoint, SortedSet<String> tags) {
        String tag = tag(endpoint.path());
        tags.add(tag);
        ObjectNode operation = JsonNodeFactory.instance
                .objectNode()
                .put("operationId", endpoint.id())
                .put("summary", endpoint.summary());
        operation.putArray("tags").add(tag);
        ArrayNode security = operation.putArray("security");
        if (endpoint.access() != Endpoint.Access.PUBLIC) {
            security.addObject().putArray("token");
            operation.put("x-role", endpoint.access().name().toLowerCase(Locale.ROOT));
        }
        ArrayNode parameters = operation.putArray("parameters");
        Matcher variables = VARIABLE.matcher(endpoint.path());
        while (variables.find()) {
            parameters
                    .addObject()
                    .put("in", "path")
                    .put("name", variables.group(1))
                    .put("required", true)
                    .putObject("schema")
                    .put("type", "string");
        }
        for (Endpoint.Parameter parameter : endpoint.parameters()) {
            parameters
                    .addObject()
                    .put("in", parameter.in())
                    .put("name", parameter.name())
                    .put("required", parameter.required())
                    .put("description", parameter.description())
                    .set("schema", schema(endpoint, parameter.schema()));
        }
        if (!endpoint.request().isEmpty()) {
            ObjectNode content =
                    operation.putObject("requestBody").put("required", true).putObject("content");
            content.putObject("application/json").set("schema", schema(endpoint, endpoint.request()));
            if (endpoint.media() == Endpoint.Media.JSON_OR_YAML) {
                content.putObject("application/yaml").set("schema", schema(endpoint, endpoint.request()));
            }
        }
        ObjectNode responses = operation.putObject("responses");
        for (Endpoint.Reply reply : endpoint.responses()) {
            ObjectNode response = responses.withObjectProperty(Integer.toString(reply.status()));
            response.put("description", reply.description());
            if (!reply.mediaType().isEmpty()) {
                ObjectNode content = response.withObjectProperty("content").putObject(reply.mediaType());
                if (!reply.schema().isEmpty()) {
                    content.set("schema", schema(endpoint, reply.schema()));
                }
            }
        }
        if (endpoint.access() != Endpoint.Access.PUBLIC) {
            problem(responses, "401");
            problem(responses, "403");
        }
        problem(responses, "default");
        return operation;
    }

    private static void problem(ObjectNode responses, String status) {
        if (!responses.has(status)) {
            responses.putObject(status).put("$ref", PROBLEM);
        }
    }

    private static JsonNode schema(Endpoint endpoint, String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a schema of " + endpoint.id() + " is not JSON", e);
        }
    }

    /** The part of the API a path belongs to: the first segment that says what it is about. */
    private static String tag(String path) {
        for (String segment : path.substring(1).split("/")) {
            if (!segment.equals("api") && !segment.matches("v[0-9]+") && !segment.startsWith("{")) {
                return switch (segment) {
                    case "docs", "portal", "openapi.json", "health", "metrics" -> "node";
                    default -> segment;
                };
            }
        }
        return "node";
    }

    private static ObjectNode components() {
        ObjectNode components = JsonNodeFactory.instance.objectNode();
        components
                .putObject("securitySchemes")
                .putObject("token")
                .put("type", "http")
                .put("scheme", "bearer")
                .put("description", "An API token of a user, or the credential of a device.");
        ObjectNode problem = components.putObject("schemas").putObject("Problem");
        problem.put("type", "object");
        problem.putArray("required")
                .add("type")
                .add("title")
                .add("status")
                .add("code")
                .add("detail")
                .add("next")
                .add("retryable");
        ObjectNode properties = problem.putObject("properties");
        properties.putObject("type").put("type", "string").put("format", "uri-reference");
        properties.putObject("title").put("type", "string");
        properties.putObject("status").put("type", "integer");
        ObjectNode code = properties.putObject("code").put("type", "string");
        ArrayNode codes = code.putArray("enum");
        ArrayNode table = JsonNodeFactory.instance.arrayNode();
        for (ErrorCode error : ErrorCode.values()) {
            codes.add(error.code());
            table.addObject()
                    .put("code", error.code())
                    .put("status", error.status())
                    .put("retryable", error.retryable())
                    .put("title", error.title())
                    .put("next", error.next());
        }
        code.set("x-codes", table);
        properties.putObject("detail").put("type", "string");
        properties.putObject("next").put("type", "string").put("description", "what to do");
        properties
                .putObject("retryable")
                .put("type", "boolean")
                .put("description", "whether the same request may succeed later, unchanged");
        properties.putObject("requestId").put("type", "string");
        ObjectNode problems = properties.putObject("problems").put("type", "array");
        problems.put(
                "description", "of configuration-invalid: all that is wrong, each with its resource and JSON pointer");
        ObjectNode one = problems.putObject("items").put("type", "object").putObject("properties");
        for (String member : List.of("kind", "name", "pointer", "code", "detail")) {
            one.putObject(member).put("type", "string");
        }
        ObjectNode response = components.putObject("responses").putObject("Problem");
        response.put("description", "What went wrong, with a stable code");
        response.putObject("content")
                .putObject(Problems.MEDIA_TYPE)
                .putObject("schema")
                .put("$ref", "#/components/schemas/Problem");
        return components;
    }
}
