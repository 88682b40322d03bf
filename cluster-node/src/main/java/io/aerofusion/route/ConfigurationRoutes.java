package io.aerofusion.route;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.EntityTag;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.http.YamlBody;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.route.GatewayJson.Requests;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The whole configuration as one document, in YAML or JSON: read, checked, compared, applied. */
final class ConfigurationRoutes {
    private static final String PATH = "/api/v1/gateway/configuration";
    private static final String BODY = """
            {"description":"resources: an array (in YAML: several documents), or an object with `resources` or `items`",\
            "type":["object","array"]}""";
    private static final Endpoint.Parameter IF_MATCH = new Endpoint.Parameter(
            "header", "If-Match", false, "Only if that generation is still the newest", "{\"type\":\"string\"}");
    private static final Endpoint.Parameter PRUNE = new Endpoint.Parameter(
            "query",
            "prune",
            false,
            "Removes what the document does not name",
            "{\"type\":\"boolean\",\"default\":false}");

    private final GatewayControl control;

    ConfigurationRoutes(GatewayControl control) {
        this.control = control;
    }

    List<Endpoint> endpoints() {
        List<Endpoint.Reply> replies = List.of(
                GatewayJson.reply(200, "Published as one generation, or what it would change", GatewayJson.PUBLISHED));
        return List.of(
                new Endpoint(
                        HttpMethods.GET,
                        PATH,
                        "getGatewayConfiguration",
                        "Everything that is configured; can be sent back as it is",
                        Endpoint.Access.OPERATOR,
                        List.of(
                                new Endpoint.Parameter(
                                        "query", "format", false, "yaml or json", "{\"enum\":[\"yaml\",\"json\"]}"),
                                new Endpoint.Parameter(
                                        "query",
                                        "secrets",
                                        false,
                                        "With private keys and passwords instead of marks; for administrators",
                                        "{\"type\":\"boolean\",\"default\":false}")),
                        "",
                        List.of(
                                GatewayJson.reply(200, "The configuration", "{\"type\":\"object\"}"),
                                new Endpoint.Reply(
                                        200, "The configuration", "application/yaml", "{\"type\":\"string\"}")),
                        this::export),
                new Endpoint(
                        HttpMethods.PUT,
                        PATH,
                        "putGatewayConfiguration",
                        "Make the configuration exactly this: what it does not name is removed",
                        Endpoint.Access.OPERATOR,
                        List.of(IF_MATCH, GatewayJson.DRY_RUN, GatewayJson.NOTE),
                        BODY,
                        Endpoint.Media.JSON_OR_YAML,
                        replies,
                        request -> apply(request, true)),
                new Endpoint(
                        HttpMethods.POST,
                        PATH,
                        "applyGatewayConfiguration",
                        "Set what it names, all of it or nothing; the rest stays",
                        Endpoint.Access.OPERATOR,
                        List.of(PRUNE, IF_MATCH, GatewayJson.DRY_RUN, GatewayJson.NOTE),
                        BODY,
                        Endpoint.Media.JSON_OR_YAML,
                        replies,
                        request -> apply(request, Requests.flag(request, "prune"))));
    }

    private CompletionStage<HttpResponse> apply(ApiRequest request, boolean prune) {
        control.require(request);
        ChangeSet set = ChangeSet.all(
                documents(request.json()), prune, EntityTag.versionIn(request).orElse(null), Requests.note(request));
        boolean dryRun = Requests.dryRun(request);
        return control.publish(request, set, dryRun).thenApply(reply -> switch (reply) {
            case Publication.Published published ->
                Answer.tagged(
                        Answer.json(GatewayJson.published(published, dryRun)), EntityTag.of(published.generation()));
            case Publication.Refused refused -> throw GatewayJson.problem(refused);
        });
    }

    /** The resources of a document, without the status that was shown with them. */
    static List<JsonNode> documents(JsonNode body) {
        JsonNode list = body;
        if (body.isObject() && !body.has("spec")) {
            list = body.has("resources") ? body.path("resources") : body.path("items");
            if (!list.isArray()) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "The configuration is an array, or has an array of resources.");
            }
        }
        List<JsonNode> documents = new ArrayList<>();
        for (JsonNode document :
                list.isArray() ? list : JsonNodeFactory.instance.arrayNode().add(list)) {
            if (document.deepCopy() instanceof ObjectNode object) {
                object.remove("status");
                documents.add(object);
            } else {
                documents.add(document);
            }
        }
        return documents;
    }

    private CompletionStage<HttpResponse> export(ApiRequest request) {
        control.require(request);
        boolean secrets = Requests.flag(request, "secrets");
        if (secrets && !request.caller().is(Principal.Role.ADMIN)) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "Secrets are for administrators.");
        }
        Configuration configuration = control.configuration();
        ArrayNode documents = JsonNodeFactory.instance.arrayNode();
        configuration
                .items()
                .values()
                .forEach(item -> documents.add(secrets ? item.document() : Secrets.hidden(item.document())));
        String format = request.query("format")
                .orElse(request.header("Accept").orElse("").contains("yaml") ? "yaml" : "json");
        HttpResponse response = switch (format) {
            case "yaml" ->
                HttpResponse.create()
                        .withEntity(HttpEntities.create(
                                ContentTypes.parse("application/yaml"),
                                YamlBody.write(documents).getBytes(StandardCharsets.UTF_8)));
            case "json" -> {
                ObjectNode json = JsonNodeFactory.instance.objectNode();
                json.set("resources", documents);
                yield Answer.json(json);
            }
            default -> throw new ProblemException(ErrorCode.INVALID_REQUEST, "format is yaml or json.");
        };
        return Answer.now(Answer.tagged(response, EntityTag.of(configuration.generation())));
    }
}
