package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Documents of services as the gateway exposes them, and several of them in one. */
class MergedDocumentTest {
    private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
    private static final String ORDERS = """
            openapi: 3.0.3
            info: {title: Orders, version: "1"}
            servers: [{url: "https://orders.internal:8443/{stage}/", variables: {stage: {default: api}}}]
            security: [{key: []}]
            paths:
              /orders:
                parameters: [{$ref: "#/components/parameters/page"}]
                get:
                  operationId: list
                  responses: {"200": {description: all, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}}
                post:
                  operationId: create
                  security: []
                  responses: {"201": {description: made, links: {self: {operationRef: "#/paths/~1orders~1%7Bid%7D/get"}}}}
              /orders/{id}:
                get: {operationId: one, responses: {"200": {description: one}}}
              /hidden:
                get: {operationId: hidden, responses: {"200": {description: no route}}}
            components:
              parameters: {page: {name: page, in: query, schema: {type: integer, minimum: 0, exclusiveMinimum: true}}}
              securitySchemes: {key: {type: apiKey, in: header, name: X-Api-Key}}
              schemas:
                Item:
                  type: object
                  nullable: true
                  properties:
                    nullable: {type: boolean}
                    example: {$ref: "#/components/schemas/Part"}
                  example: {$ref: "#/components/schemas/Part", nullable: true}
                  discriminator: {propertyName: kind, mapping: {a: Part, b: "#/components/schemas/Item"}}
                Part: {type: string}
            """;
    private static final String STOCK = """
            openapi: 3.1.0
            info: {title: Stock, version: "2"}
            paths:
              /items:
                get:
                  operationId: list
                  responses: {"200": {description: all, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}}
            components:
              securitySchemes: {key: {type: http, scheme: bearer}}
              schemas: {Item: {type: object}}
            """;

    private static ObjectNode yaml(String text) throws Exception {
        return (ObjectNode) new YAMLMapper().readTree(text);
    }

    private static ApiReach prefix(String outer, @Nullable String inner, String host, @Nullable String method) {
        return new ApiReach(
                "r",
                null,
                List.of(new ApiReach.Origin(true, host, 443)),
                method,
                new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.PATH_PREFIX, outer),
                null,
                inner,
                null,
                null,
                null,
                null);
    }

    private static ObjectNode exposed(String document, ApiReach... reaches) throws Exception {
        return ExposedDocument.of(yaml(document), List.of(reaches), "me.example.com", NOW);
    }

    @Test
    void pathsAndServersAreThoseOfTheGateway() throws Exception {
        ObjectNode orders = exposed(ORDERS, prefix("/shop", "/api", "shop.example.com", null));
        assertThat(orders.path("paths").fieldNames())
                .toIterable()
                .containsExactly("/shop/orders", "/shop/orders/{id}", "/shop/hidden");
        assertThat(orders.path("servers").toString()).isEqualTo("[{\"url\":\"https://shop.example.com\"}]");
        assertThat(orders.at("/paths/~1shop~1orders/post/responses/201/links/self/operationRef")
                        .asText())
                .isEqualTo("#/paths/~1shop~1orders~1%7Bid%7D/get");
        assertThat(orders.at("/paths/~1shop~1orders/servers").isMissingNode()).isTrue();
        assertThat(OpenApiCheck.of(orders)).isEmpty();
    }

    @Test
    void whatNoRouteLeadsToIsLeftOut() throws Exception {
        ObjectNode orders = exposed(
                ORDERS, prefix("/api/orders", null, "", "GET"), prefix("/v2", "/api/orders", "*.example.com", "POST"));
        assertThat(orders.path("paths").fieldNames())
                .toIterable()
                .containsExactly("/api/orders", "/v2", "/api/orders/{id}");
        assertThat(orders.at("/paths/~1api~1orders/post").isMissingNode()).isTrue();
        assertThat(orders.at("/paths/~1api~1orders/servers/0/url").asText()).isEqualTo("https://me.example.com");
        assertThat(orders.at("/paths/~1v2/servers/0/url").asText()).isEqualTo("https://{host}.example.com");
        assertThat(OpenApiCheck.of(orders)).isEmpty();
    }

    @Test
    void theVersionThatARouteNeedsIsTold() throws Exception {
        Versioning versioning = new Versioning(
                null,
                new Versioning.HeaderSource("X-Version"),
                null,
                "1",
                List.of(new Versioning.ApiVersion("2", NOW, NOW.plusSeconds(60), null, null)));
        ApiReach reach = new ApiReach(
                "r",
                null,
                List.of(new ApiReach.Origin(false, "a.example.com", 8000)),
                null,
                new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.EXACT, "/items"),
                null,
                null,
                versioning,
                "2",
                NOW,
                NOW.plusSeconds(60));
        JsonNode operation = exposed(STOCK, reach).at("/paths/~1items/get");
        assertThat(operation.at("/parameters/0/name").asText()).isEqualTo("X-Version");
        assertThat(operation.at("/parameters/0/required").asBoolean()).isTrue();
        assertThat(operation.path("deprecated").asBoolean()).isTrue();
        assertThat(operation.path("x-sunset").asText()).isEqualTo("2026-11-28T00:01:00Z");
    }

    @Test
    void namesThatApisShareGetTheApisName() throws Exception {
        TreeMap<String, ObjectNode> documents = new TreeMap<>();
        documents.put("orders", exposed(ORDERS, prefix("/", "/api", "a.example.com", null)));
        documents.put("stock", exposed(STOCK, prefix("/", null, "b.example.com", null)));
        ObjectNode merged = MergedDocument.of(documents);
        assertThat(OpenApiCheck.of(merged)).isEmpty();
        assertThat(merged.at("/components/schemas").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("orders.Item", "Part", "stock.Item");
        assertThat(merged.at("/components/securitySchemes").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("orders.key", "stock.key");
        JsonNode list = merged.at("/paths/~1orders/get");
        assertThat(list.path("operationId").asText()).isEqualTo("orders.list");
        assertThat(list.at("/security/0").fieldNames()).toIterable().containsExactly("orders.key");
        assertThat(merged.at("/paths/~1orders/post/security").isEmpty())
                .as("an operation's own word stays")
                .isTrue();
        assertThat(list.at("/responses/200/content/application~1json/schema/$ref")
                        .asText())
                .isEqualTo("#/components/schemas/orders.Item");
        assertThat(list.at("/servers/0/url").asText()).isEqualTo("https://a.example.com");
        assertThat(list.at("/parameters/0/$ref").asText()).isEqualTo("#/components/parameters/page");
        JsonNode item = merged.at("/components/schemas/orders.Item");
        assertThat(item.at("/discriminator/mapping").toString())
                .contains("#/components/schemas/Part", "#/components/schemas/orders.Item");
        assertThat(item.path("type").toString()).isEqualTo("[\"object\",\"null\"]");
        assertThat(item.at("/properties/nullable/type").asText()).isEqualTo("boolean");
        assertThat(item.at("/example/nullable").asBoolean())
                .as("examples are data")
                .isTrue();
        assertThat(merged.at("/components/parameters/page/schema/exclusiveMinimum")
                        .asInt(-1))
                .isZero();
        assertThat(merged.at("/components/parameters/page/schema/minimum").isMissingNode())
                .isTrue();
    }

    @Test
    void ofTheSameOperationTheFirstIsKeptAndTheOthersAreNamed() throws Exception {
        TreeMap<String, ObjectNode> documents = new TreeMap<>();
        documents.put("one", exposed(STOCK, prefix("/", null, "a.example.com", null)));
        documents.put("two", exposed(STOCK, prefix("/", null, "b.example.com", null)));
        ObjectNode merged = MergedDocument.of(documents);
        assertThat(merged.at("/paths/~1items/get/x-api").asText()).isEqualTo("one");
        assertThat(merged.path("x-left-out").toString())
                .isEqualTo("[{\"api\":\"two\",\"method\":\"get\",\"path\":\"/items\"}]");
    }

    private static List<String> faults(String document) throws Exception {
        return OpenApiCheck.of(yaml(document)).stream()
                .map(OpenApiCheck.Fault::pointer)
                .toList();
    }

    @Test
    void whatIsWrongWithADocumentIsToldWithItsPlace() throws Exception {
        assertThat(faults(ORDERS)).isEmpty();
        assertThat(faults(STOCK)).isEmpty();
        assertThat(faults("{swagger: \"2.0\"}")).containsExactly("/swagger");
        assertThat(faults("{openapi: 4.0.0}")).containsExactly("/openapi");
        assertThat(faults(STOCK.replace("title: Stock, ", ""))).contains("/info");
        assertThat(faults(ORDERS.replace("title: Orders, ", ""))).contains("/info");
        assertThat(faults(STOCK.replace("\"200\": {description: all", "\"200\": {other: all")))
                .contains("/paths/~1items/get/responses/200");
        assertThat(faults(STOCK.replace("#/components/schemas/Item", "#/components/schemas/Nothing")))
                .containsExactly("/paths/~1items/get/responses/200/content/application~1json/schema/$ref");
        assertThat(faults(STOCK.replace("#/components/schemas/Item", "other.yaml")))
                .containsExactly("/paths/~1items/get/responses/200/content/application~1json/schema/$ref");
        assertThat(faults(ORDERS.replace("operationId: one", "operationId: list")))
                .containsExactly("/paths/~1orders~1{id}/get/operationId");
    }
}
