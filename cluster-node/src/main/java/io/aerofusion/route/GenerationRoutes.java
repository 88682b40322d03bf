package io.aerofusion.route;

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
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.route.GatewayJson.Requests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Earlier generations: what was published by whom, what it was, how it differs, and back to it. */
final class GenerationRoutes {
    private static final String PATH = "/api/v1/gateway/generations";
    private static final String GENERATION = """
            {"type":"object","properties":{"generation":{"type":"integer"},"at":%s,"by":{"type":"string"},\
            "note":{"type":"string"},"restored":{"type":"integer"},"changes":{"type":"array","items":{"type":"object"}}}}""".formatted(GatewayJson.TIME);

    private final GatewayControl control;

    GenerationRoutes(GatewayControl control) {
        this.control = control;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.GET,
                        PATH,
                        "listGatewayGenerations",
                        "What was published when and by whom, the newest first",
                        Endpoint.Access.OPERATOR,
                        Paging.PARAMETERS,
                        "",
                        List.of(GatewayJson.reply(200, "A page", Paging.schema(GENERATION))),
                        this::list),
                new Endpoint(
                        HttpMethods.GET,
                        PATH + "/{generation}",
                        "getGatewayGeneration",
                        "A generation with all its resources, without secrets",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "",
                        List.of(GatewayJson.reply(200, "The generation", "{\"type\":\"object\"}")),
                        this::get),
                new Endpoint(
                        HttpMethods.GET,
                        PATH + "/{generation}/diff",
                        "diffGatewayGeneration",
                        "How it differs from another one",
                        Endpoint.Access.OPERATOR,
                        List.of(new Endpoint.Parameter(
                                "query",
                                "from",
                                false,
                                "The other one; by default the one before it",
                                "{\"type\":\"integer\",\"minimum\":0}")),
                        "",
                        List.of(GatewayJson.reply(
                                200,
                                "The differences",
                                "{\"type\":\"object\",\"properties\":{\"from\":{\"type\":\"integer\"},\"to\":{\"type\":\"integer\"},"
                                        + "\"differences\":{\"type\":\"array\",\"items\":" + GatewayJson.DIFFERENCE
                                        + "}}}")),
                        this::diff),
                new Endpoint(
                        HttpMethods.POST,
                        PATH + "/{generation}/rollback",
                        "rollBackGateway",
                        "Publish the content of that generation again, as a new one; it is checked as any other",
                        Endpoint.Access.OPERATOR,
                        List.of(GatewayJson.DRY_RUN, GatewayJson.NOTE),
                        "",
                        List.of(GatewayJson.reply(200, "Published", GatewayJson.PUBLISHED)),
                        this::rollBack));
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        control.require(request);
        Paging paging = Paging.of(request);
        long top = paging.after().isEmpty() ? control.configuration().generation() : number(paging.after()) - 1;
        long from = Math.max(1, top - paging.limit() + 1);
        return control.publicationHistory()
                .between(GatewayControl.persistenceId(), from, top)
                .thenApply(generations -> {
                    List<JsonNode> items = new ArrayList<>();
                    generations.reversed().forEach(published -> items.add(described(published)));
                    return paging.page(items, from > 1 ? Long.toString(from) : null);
                });
    }

    private static ObjectNode described(PublicationEvent.Published published) {
        ObjectNode json =
                GatewayJson.generation(published.generation(), published.at(), published.by(), published.note());
        if (published.restored() > 0) {
            json.put("restored", published.restored());
        }
        ArrayNode changes = json.putArray("changes");
        for (ResourceChange change : published.changes()) {
            changes.addObject()
                    .put("kind", change.kind().label())
                    .put("name", change.name())
                    .put(
                            "operation",
                            change.document() == null ? "delete" : change.previous() == 0 ? "create" : "update");
        }
        return json;
    }

    private CompletionStage<HttpResponse> get(ApiRequest request) {
        control.require(request);
        return whole(number(request.path("generation"))).thenApply(configuration -> {
            ObjectNode json =
                    GatewayJson.generation(configuration.generation(), configuration.at(), configuration.by(), "");
            ArrayNode resources = json.putArray("resources");
            configuration.items().values().forEach(item -> resources.add(GatewayJson.resource(item)));
            return Answer.tagged(Answer.json(json), EntityTag.of(configuration.generation()));
        });
    }

    private CompletionStage<HttpResponse> diff(ApiRequest request) {
        control.require(request);
        long to = number(request.path("generation"));
        long from = request.query("from").map(GenerationRoutes::number).orElse(to - 1);
        return whole(from)
                .thenCompose(before -> whole(to).thenApply(after -> {
                    ObjectNode json = JsonNodeFactory.instance
                            .objectNode()
                            .put("from", from)
                            .put("to", to);
                    json.set("differences", GatewayJson.differences(Difference.between(before, after)));
                    return Answer.json(json);
                }));
    }

    private CompletionStage<HttpResponse> rollBack(ApiRequest request) {
        control.require(request);
        long generation = number(request.path("generation"));
        boolean dryRun = Requests.dryRun(request);
        return whole(generation)
                .thenCompose(configuration -> control.publish(
                        request,
                        ChangeSet.all(
                                        configuration.items().values().stream()
                                                .map(Configuration.Item::document)
                                                .toList(),
                                        true,
                                        null,
                                        Requests.note(request))
                                .restoring(generation),
                        dryRun))
                .thenApply(reply -> switch (reply) {
                    case Publication.Published published -> Answer.json(GatewayJson.published(published, dryRun));
                    case Publication.Refused refused -> throw GatewayJson.problem(refused);
                });
    }

    private CompletionStage<Configuration> whole(long generation) {
        if (generation == 0) {
            return CompletableFuture.completedFuture(Configuration.EMPTY);
        }
        Configuration newest = control.configuration();
        return generation == newest.generation()
                ? CompletableFuture.completedFuture(newest)
                : control.publicationHistory().whole(GatewayControl.persistenceId(), generation);
    }

    private static long number(String text) {
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, like a number below 0
        }
        throw new ProblemException(ErrorCode.NOT_FOUND, "A generation is a number.");
    }
}
