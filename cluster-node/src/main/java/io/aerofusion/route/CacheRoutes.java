package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.cluster.EveryNode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Purges stored responses on all nodes. */
final class CacheRoutes {
    private static final int TEXT_LENGTH_MAX = 2_000;
    private static final Set<String> FIELDS = Set.of("route", "host", "path", "pathPrefix", "tag");
    private static final String PURGE = """
            {"type":"object","additionalProperties":false,"description":"what all given fields fit; an empty object: everything",\
            "properties":{"route":{"type":"string","description":"the route's name"},\
            "host":{"type":"string","description":"without port"},\
            "path":{"type":"string","description":"as clients send it, without the query: with every query"},\
            "pathPrefix":{"type":"string","description":"whole segments at the beginning of the path"},\
            "tag":{"type":"string","description":"a word of the response's Surrogate-Key or Cache-Tag"}}}""";
    private static final String PURGED = """
            {"type":"object","required":["purged","nodes","silent"],"properties":{\
            "purged":{"type":"integer","description":"stored responses that are forgotten, of all nodes that answered"},\
            "nodes":{"type":"array","items":{"type":"object","properties":{"node":{"type":"string"},\
            "purged":{"type":"integer"}}}},\
            "silent":{"type":"array","items":{"type":"string"},\
            "description":"nodes that did not answer in time: purge again"}}}""";

    private final GatewayControl control;
    private final EveryNode caches;

    CacheRoutes(GatewayControl control, EveryNode caches) {
        this.control = control;
        this.caches = caches;
    }

    Endpoint endpoint() {
        return new Endpoint(
                HttpMethods.POST,
                "/api/v1/gateway/cache/purge",
                "purgeGatewayCache",
                "Forget stored responses on all nodes",
                Endpoint.Access.OPERATOR,
                List.of(),
                PURGE,
                List.of(GatewayJson.reply(200, "Who answered, and what is forgotten", PURGED)),
                this::purge);
    }

    private CompletionStage<HttpResponse> purge(ApiRequest request) {
        control.require(request);
        RequestFields fields = RequestFields.of(request.json(), FIELDS);
        ObjectNode question = JsonNodeFactory.instance.objectNode();
        for (String field : FIELDS) {
            String text = fields.text(field, TEXT_LENGTH_MAX);
            if (text != null) {
                question.put(field, text);
            }
        }
        for (String path : List.of("path", "pathPrefix")) {
            if (question.has(path) && !question.path(path).textValue().startsWith("/")) {
                throw RequestFields.invalid(path + " begins with a slash.");
            }
        }
        return caches.ask(question).thenApply(CacheRoutes::answer);
    }

    private static HttpResponse answer(EveryNode.Answers answers) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        long purged = 0;
        ArrayNode nodes = JsonNodeFactory.instance.arrayNode();
        for (Map.Entry<String, JsonNode> answer : answers.answers().entrySet()) {
            long here = answer.getValue().path("purged").asLong();
            purged += here;
            nodes.addObject().put("node", answer.getKey()).put("purged", here);
        }
        json.put("purged", purged).set("nodes", nodes);
        ArrayNode silent = json.putArray("silent");
        answers.silent().forEach(silent::add);
        return Answer.json(json);
    }
}
