package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import io.aerofusion.platform.persistence.TestDatabase;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What /openapi.json says of a whole node, held against OpenAPI 3.1 and against what the node serves. */
final class OpenApiTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");
    private static Node node;
    private static ApiClient client;
    private static JsonNode document;

    /** An operation of the document. */
    private record Operation(String path, String method, JsonNode description) {
        String name() {
            return method.toUpperCase(Locale.ROOT) + " " + path;
        }
    }

    @BeforeAll
    static void start(@TempDir Path data) throws Exception {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        client = new ApiClient(node);
        document = ApiClient.json(client.get("/openapi.json"));
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void every_path_serves_the_documented_methods_and_no_other() throws Exception {
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            Set<String> documented = new TreeSet<>();
            path.getValue().fieldNames().forEachRemaining(method -> documented.add(method.toUpperCase(Locale.ROOT)));
            documented.add("OPTIONS");
            if (documented.contains("GET")) {
                documented.add("HEAD");
            }
            HttpResponse<String> options = client.send("OPTIONS", address(path.getKey()), "");
            assertThat(options.headers().firstValue("Allow")).as(path.getKey()).contains(String.join(", ", documented));
        }
    }

    @Test
    void what_needs_a_token_says_so_and_does() throws Exception {
        for (Operation operation : operations()) {
            boolean documented = !operation.description().path("security").isEmpty();
            int status = client.anonymously(operation.method(), address(operation.path()))
                    .statusCode();
            if (documented) {
                assertThat(status).as(operation.name()).isEqualTo(401);
            } else {
                assertThat(status).as(operation.name()).isNotIn(401, 403, 404, 405, 500);
            }
        }
    }

    @Test
    void every_operation_answers_as_it_says_to_who_names_what_is_not_there() throws Exception {
        for (Operation operation : operations()) {
            String body = operation.description().has("requestBody") ? "{}" : "";
            int status = client.send(operation.method().toUpperCase(Locale.ROOT), address(operation.path()), body)
                    .statusCode(); // the client holds the whole answer against the description
            assertThat(status).as(operation.name()).isNotIn(401, 403, 405, 415, 500);
        }
    }

    @Test
    void operations_are_complete() {
        Set<String> ids = new HashSet<>();
        assertThat(document.path("openapi").asText()).startsWith("3.1.");
        assertThat(document.path("info").path("title").asText()).isNotEmpty();
        assertThat(document.path("info").path("version").asText()).isNotEmpty();
        for (Operation operation : operations()) {
            JsonNode description = operation.description();
            assertThat(METHODS).as(operation.name()).contains(operation.method());
            assertThat(ids.add(description.path("operationId").asText()))
                    .as(operation.name())
                    .isTrue();
            assertThat(description.path("summary").asText())
                    .as(operation.name())
                    .isNotBlank();
            assertThat(description.path("responses").size())
                    .as(operation.name())
                    .isGreaterThan(1);
            for (Map.Entry<String, JsonNode> response :
                    description.path("responses").properties()) {
                assertThat(response.getKey()).as(operation.name()).matches("[1-5][0-9][0-9]|default");
                assertThat(response.getValue().has("description")
                                || response.getValue().has("$ref"))
                        .as(operation.name())
                        .isTrue();
            }
            assertThat(parameters(description, "path")).as(operation.name()).isEqualTo(variables(operation.path()));
        }
    }

    @Test
    void references_lead_somewhere() {
        for (JsonNode reference : document.findValues("$ref")) {
            assertThat(reference.asText()).startsWith("#/");
            assertThat(document.at(reference.asText().substring(1)).isMissingNode())
                    .as(reference.asText())
                    .isFalse();
        }
        for (JsonNode security : document.findValues("security")) {
            security.forEach(need -> need.fieldNames()
                    .forEachRemaining(scheme -> assertThat(document.at("/components/securitySchemes/" + scheme)
                                    .isMissingNode())
                            .isFalse()));
        }
    }

    @Test
    void schemas_are_json_schemas() {
        JsonSchema metaschema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(SchemaLocation.of(SchemaId.V202012));
        List<JsonNode> schemas = new ArrayList<>(document.findValues("schema"));
        document.at("/components/schemas").forEach(schemas::add);
        assertThat(schemas).hasSizeGreaterThan(20);
        for (JsonNode schema : schemas) {
            assertThat(metaschema.validate(schema)).as(schema.toString()).isEmpty();
        }
    }

    @Test
    void every_error_code_is_listed() {
        Set<String> listed = new HashSet<>();
        document.at("/components/schemas/Problem/properties/code/enum").forEach(code -> listed.add(code.asText()));
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(listed).contains(code.code());
        }
    }

    private static List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                operations.add(new Operation(path.getKey(), method.getKey(), method.getValue()));
            }
        }
        return operations;
    }

    private static String address(String template) {
        return template.replaceAll("\\{[^}]+}", "some");
    }

    private static Set<String> parameters(JsonNode operation, String in) {
        Set<String> names = new TreeSet<>();
        operation.path("parameters").forEach(parameter -> {
            if (parameter.path("in").asText().equals(in)) {
                names.add(parameter.path("name").asText());
            }
        });
        return names;
    }

    private static Set<String> variables(String template) {
        Set<String> names = new TreeSet<>();
        Matcher variable = Pattern.compile("\\{([^}]+)}").matcher(template);
        while (variable.find()) {
            names.add(variable.group(1));
        }
        return names;
    }
}
