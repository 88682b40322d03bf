package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What operators ask of the running gateway: what it would do with a request, and how it is on each node. */
final class OperationRoutes {
    private static final String STATUS = """
            {"type":"object","required":["generation","resources","nodes","silent"],"properties":{\
            "generation":{"type":"integer","description":"the newest that the answering node holds"},\
            "resources":{"type":"integer"},"publishedAt":{"type":"string"},"publishedBy":{"type":"string"},\
            "nodes":{"type":"array","items":{"type":"object","required":["node","generation","ageMs","stale"]}},\
            "silent":{"type":"array","items":{"type":"string"},\
            "description":"nodes that did not answer in time"}}}""";
    private static final String QUESTION = """
            {"type":"object","required":["host","path"],"properties":{"method":{"type":"string","default":"GET"},\
            "host":{"type":"string"},"path":{"type":"string","description":"with its query, as a client sends it"},\
            "headers":{"type":"object","additionalProperties":{"type":"string"}},\
            "clientAddress":{"type":"string","default":"127.0.0.1"},\
            "listener":{"type":"string","description":"by default the first one"}}}""";

    private static final String EXPLANATION = """
            {"type":"object","required":["generation","host","path","outcome","others"],"properties":{\
            "generation":{"type":"integer"},"listener":{"type":"string"},"host":{"type":"string"},"path":{"type":"string"},\
            "ambiguities":{"type":"array","items":{"type":"string"}},\
            "status":{"type":"integer","description":"of the gateway's own answer; missing if an upstream answers"},\
            "outcome":{"type":"string"},"chosen":{"type":"object","description":"the match that takes the request, and why"},\
            "policies":{"type":"array","description":"what they say of the request, in the order they are asked","items":{\
            "type":"object","required":["field","policy","says","detail"],"properties":{"field":{"type":"string"},\
            "policy":{"type":"string"},"says":{"enum":["passes","refuses","not asked","not reached"]},\
            "status":{"type":"integer"},"code":{"type":"string"},"detail":{"type":"string"}}}},\
            "others":{"type":"array","items":{"type":"object"}},"othersLeftOut":{"type":"integer"}}}""";

    private final GatewayControl control;
    private final GatewayControl.DataPath dataPath;

    OperationRoutes(GatewayControl control, GatewayControl.DataPath dataPath) {
        this.control = control;
        this.dataPath = dataPath;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        "/api/v1/gateway/explain",
                        "explainGatewayRequest",
                        "What the gateway would do with a request, and why; nothing is sent",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        QUESTION,
                        List.of(GatewayJson.reply(200, "The explanation", EXPLANATION)),
                        this::explain),
                new Endpoint(
                        HttpMethods.GET,
                        "/api/v1/gateway/status",
                        "getGatewayStatus",
                        "The generation on each node and its age, the health of upstreams, counters",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "",
                        List.of(GatewayJson.reply(200, "The status", STATUS)),
                        this::status));
    }

    private CompletionStage<HttpResponse> explain(ApiRequest request) {
        control.require(request);
        return CompletableFuture.supplyAsync(
                () -> Answer.json(
                        dataPath.explain().apply(control.configuration().generationOf(), request.json())),
                control.blocking());
    }

    private CompletionStage<HttpResponse> status(ApiRequest request) {
        control.require(request);
        Configuration configuration = control.configuration();
        return control.holdings().thenApply(holdings -> {
            ObjectNode json = JsonNodeFactory.instance
                    .objectNode()
                    .put("generation", configuration.generation())
                    .put("resources", configuration.items().size());
            if (configuration.generation() > 0) {
                json.put("publishedAt", Instant.ofEpochMilli(configuration.at()).toString())
                        .put("publishedBy", configuration.by());
            }
            ArrayNode nodes = json.putArray("nodes");
            for (Holding holding : holdings.told()) {
                ObjectNode node = nodes.addObject()
                        .put("node", holding.node())
                        .put("generation", holding.revision().number())
                        .put("ageMs", holding.ageMillis())
                        .put("stale", holding.stale());
                if (holding.detail() instanceof ObjectNode detail) {
                    node.setAll(detail);
                }
            }
            ArrayNode silent = json.putArray("silent");
            holdings.silent().forEach(silent::add);
            return Answer.json(json);
        });
    }
}
