package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Holds the answers that tests get against what a node says of them in {@code /openapi.json}: status, media type, and every member of
 * the body. All nodes describe the same API, so the description is read once.
 */
public final class DescribedApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> NOT_DESCRIBED = Set.of("head", "options");
    private static final JsonSchemaFactory SCHEMAS =
            JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012, builder -> builder.enableSchemaCache(false));
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    private static final Map<JsonNode, JsonSchema> COMPILED = new ConcurrentHashMap<>();

    private static JsonNode document;

    private DescribedApi() {}

    /** Fails when the answer is not one of those that its operation describes. Hands the answer on. */
    public static HttpResponse<String> check(HttpResponse<String> answer) throws IOException, InterruptedException {
        String method = answer.request().method().toLowerCase(Locale.ROOT);
        if (NOT_DESCRIBED.contains(method)) {
            return answer;
        }
        JsonNode api = document(answer.uri());
        String path = answer.uri().getRawPath();
        String what = method + " " + path + " -> " + answer.statusCode() + " " + answer.body();
        JsonNode responses = api.path("paths").properties().stream()
                .filter(template -> matches(template.getKey(), path))
                .min(Comparator.comparingInt(template -> template.getKey().split("\\{", -1).length))
                .map(template -> template.getValue().path(method).path("responses"))
                .orElse(JSON.missingNode());
        JsonNode response = responses.path(Integer.toString(answer.statusCode()));
        if (response.isMissingNode()) {
            assertThat(answer.statusCode()).as(what).isGreaterThanOrEqualTo(400);
            response = api.at("/components/responses/Problem");
        }
        JsonNode content = resolved(api, response).path("content");
        if (content.isEmpty()) {
            assertThat(answer.body()).as(what).isEmpty();
            return answer;
        }
        String type = answer.headers().firstValue("Content-Type").orElse("").replaceAll(";.*", "");
        assertThat(content.has(type)).as(what + " as " + type).isTrue();
        if (type.endsWith("json")) {
            JsonNode schema = resolved(api, content.path(type).path("schema"));
            assertThat(COMPILED.computeIfAbsent(schema, DescribedApi::compiled).validate(JSON.readTree(answer.body())))
                    .as(what)
                    .isEmpty();
        }
        return answer;
    }

    private static synchronized JsonNode document(URI node) throws IOException, InterruptedException {
        if (document == null) {
            HttpRequest request =
                    HttpRequest.newBuilder(node.resolve("/openapi.json")).build();
            document = JSON.readTree(HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString())
                    .body());
        }
        return document;
    }

    private static boolean matches(String template, String path) {
        String pattern = Pattern.quote(template).replaceAll("\\{[^}]+}", "\\\\E[^/]+\\\\Q");
        return path.matches(pattern);
    }

    private static JsonNode resolved(JsonNode api, JsonNode described) {
        return described.has("$ref") ? api.at(described.path("$ref").asText().substring(1)) : described;
    }

    private static JsonSchema compiled(JsonNode schema) {
        JsonNode strict = schema.deepCopy();
        forbidOtherMembers(strict);
        return SCHEMAS.getSchema(strict, STRICT);
    }

    /** A schema that names members and says nothing of others means these: an answer must not hold what is not described. */
    private static void forbidOtherMembers(JsonNode schema) {
        if (schema instanceof ObjectNode object) {
            JsonNode members = object.path("properties");
            members.forEach(DescribedApi::forbidOtherMembers);
            forbidOtherMembers(object.path("items"));
            forbidOtherMembers(object.path("additionalProperties"));
            if (members.isObject() && !object.has("additionalProperties")) {
                object.put("additionalProperties", false);
            }
        }
    }
}
