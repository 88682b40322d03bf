package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethod;
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
import io.aerofusion.platform.http.ProblemException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What users do for themselves: consumers of their own with keys, and what these may and did use. */
final class PortalRoutes {
    private static final String BASE = "/api/v1/gateway/portal";
    private static final String ITEM = BASE + "/consumers/{name}";
    private static final String KEY = """
            {"type":"object","required":["hint"],"properties":{"hint":{"type":"string"},"expiresAt":%s}}""".formatted(GatewayJson.TIME);
    private static final String CONSUMER = """
            {"type":"object","required":["name","title","keys"],"properties":{"name":{"type":"string"},"title":{"type":"string"},\
            "roles":{"type":"array","items":{"type":"string"}},"disabled":{"type":"boolean"},"createdAt":%s,\
            "keys":{"type":"array","items":%s}}}""".formatted(GatewayJson.TIME, KEY);
    private static final String ISSUED = """
            {"type":"object","required":["key","hint"],"properties":{"key":{"type":"string"},"hint":{"type":"string"},\
            "expiresAt":%s}}""".formatted(GatewayJson.TIME);
    private static final String LIMITS = """
            {"type":"object","required":["routes"],"properties":{"routes":{"type":"array","items":{"type":"object","properties":\
            {"kind":{"type":"string"},"route":{"type":"string"},"rule":{"type":"string"},"access":{"enum":["allowed","conditional"],"description":\
            "conditional: it depends on the request"},"apiKey":{"type":"object","properties":{"headers":{"type":"array","items":\
            {"type":"string"}},"queryParams":{"type":"array","items":{"type":"string"}}}},"limits":{"type":"array","items":\
            {"type":"object","properties":{"requests":{"type":"integer"},"unit":{"type":"string"},"burst":{"type":"integer"},\
            "key":{"type":"string"},"scope":{"type":"string"},"dryRun":{"type":"boolean"}}}}}}},"usage":{"type":"object","description":"since the start of each node; absent if there is none",\
            "properties":{"requests":{"type":"integer"},"errors":{"type":"integer"},"active":{"type":"integer"},"nodes":\
            {"type":"integer"}}}}}""";

    private final GatewayControl control;
    private final GatewayControl.DataPath dataPath;
    private final OwnConsumers own;
    private final ConsumerKeys keys;

    PortalRoutes(GatewayControl control, GatewayControl.DataPath dataPath, OwnConsumers own) {
        this.control = control;
        this.dataPath = dataPath;
        this.own = own;
        this.keys = new ConsumerKeys(control);
    }

    List<Endpoint> endpoints() {
        String name =
                "{\"type\":\"object\",\"required\":[\"title\"],\"properties\":{\"title\":{\"type\":\"string\",\"minLength\":1,"
                        + "\"maxLength\":" + OwnConsumers.TITLE_LENGTH_MAX + "}}}";
        String expiry = "{\"type\":\"object\",\"properties\":{\"expiresAt\":" + GatewayJson.TIME + "}}";
        Endpoint.Reply gone = new Endpoint.Reply(204, "Gone", "", "");
        return List.of(
                endpoint(
                        HttpMethods.GET,
                        BASE,
                        "getPortal",
                        "Who the caller is, and what the portal allows",
                        "",
                        GatewayJson.reply(200, "The caller", "{\"type\":\"object\"}"),
                        this::portal),
                endpoint(
                        HttpMethods.GET,
                        BASE + "/consumers",
                        "listOwnConsumers",
                        "The caller's own consumers, with the hints of their keys",
                        "",
                        GatewayJson.reply(
                                200,
                                "All of them",
                                "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":"
                                        + CONSUMER + "}}}"),
                        this::list),
                endpoint(
                        HttpMethods.POST,
                        BASE + "/consumers",
                        "createOwnConsumer",
                        "Make a consumer of the caller's own, as many as the portal allows",
                        name,
                        GatewayJson.reply(201, "The consumer", CONSUMER),
                        this::create),
                endpoint(
                        HttpMethods.DELETE,
                        ITEM,
                        "deleteOwnConsumer",
                        "Remove it; its keys end on every node with the next generation",
                        "",
                        gone,
                        this::delete),
                endpoint(
                        HttpMethods.POST,
                        ITEM + "/keys",
                        "issueOwnKey",
                        "Get one more key for it; it is shown this once",
                        expiry,
                        GatewayJson.reply(201, "The key", ISSUED),
                        this::issue),
                endpoint(
                        HttpMethods.DELETE,
                        ITEM + "/keys/{hint}",
                        "revokeOwnKey",
                        "Take the key with that hint back",
                        "",
                        gone,
                        this::revoke),
                endpoint(
                        HttpMethods.GET,
                        ITEM + "/limits",
                        "getOwnLimits",
                        "Which routes it may use, within which limits, and what it did so far on all nodes",
                        "",
                        GatewayJson.reply(200, "Its limits", LIMITS),
                        this::limits));
    }

    private static Endpoint endpoint(
            HttpMethod method,
            String path,
            String id,
            String summary,
            String body,
            Endpoint.Reply reply,
            Endpoint.Handler handler) {
        return new Endpoint(
                method, path, id, summary, Endpoint.Access.AUTHENTICATED, List.of(), body, List.of(reply), handler);
    }

    private CompletionStage<HttpResponse> portal(ApiRequest request) {
        control.require(request);
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("user", request.caller().user())
                .put("operator", request.caller().operates())
                .put("selfService", own.settings().enabled() && request.caller().device() == null)
                .put("consumersMax", own.settings().consumersMax())
                .put("keysMax", own.settings().keysMax());
        own.rolesFor(request.caller()).forEach(json.putArray("roles")::add);
        return Answer.now(Answer.json(json));
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        String user = own.user(request);
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode items = json.putArray("items");
        own.of(user).forEach(item -> items.add(consumer(item.document())));
        return Answer.now(Answer.json(json));
    }

    private CompletionStage<HttpResponse> create(ApiRequest request) {
        own.change(request);
        return own.create(request).thenApply(item -> Answer.json(201, consumer(item)));
    }

    private CompletionStage<HttpResponse> delete(ApiRequest request) {
        own.change(request);
        return own.delete(request).thenApply(done -> Answer.nothing());
    }

    private CompletionStage<HttpResponse> issue(ApiRequest request) {
        String user = own.change(request);
        return keys.issue(request, request.path("name"), document -> own.mayIssue(user, document))
                .thenApply(key -> Answer.json(201, key));
    }

    private CompletionStage<HttpResponse> revoke(ApiRequest request) {
        String user = own.change(request);
        return keys.revoke(
                        request, request.path("name"), request.path("hint"), document -> own.mayChange(user, document))
                .thenApply(done -> Answer.nothing());
    }

    private CompletionStage<HttpResponse> limits(ApiRequest request) {
        String user = own.user(request);
        String name = request.path("name");
        JsonNode document = control.configuration()
                .find(new ResourceKey(Kind.CONSUMER, name))
                .map(Configuration.Item::document)
                .orElseThrow(() -> new ProblemException(ErrorCode.NOT_FOUND, "You have no consumer " + name + "."));
        if (!request.caller().operates()) {
            own.mayChange(user, document);
        }
        return CompletableFuture.supplyAsync(() -> dataPath.rights().apply(name), control.blocking())
                .thenCombine(control.holdings(), (rights, nodes) -> {
                    ConsumerUsage.of(nodes.told(), name).ifPresent(usage -> rights.set("usage", usage));
                    return Answer.json(rights);
                });
    }

    private static ObjectNode consumer(JsonNode document) {
        JsonNode metadata = document.path("metadata");
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("name", metadata.path("name").asText())
                .put(
                        "title",
                        metadata.path("labels")
                                .path(OwnConsumers.TITLE)
                                .asText(metadata.path("name").asText()))
                .put("createdAt", metadata.path("createdAt").asText())
                .put("disabled", document.at("/spec/disabled").asBoolean());
        ArrayNode roles = json.putArray("roles");
        document.at("/spec/roles").forEach(role -> roles.add(role.asText()));
        ArrayNode keys = json.putArray("keys");
        document.at("/spec/credentials").forEach(credential -> {
            JsonNode key = credential.path("apiKey");
            if (key.isObject()) {
                ObjectNode shown = keys.addObject().put("hint", key.path("hint").asText());
                if (key.path("expiresAt").isTextual()) {
                    shown.put("expiresAt", key.path("expiresAt").asText());
                }
            }
        });
        return json;
    }
}
