package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.EntityTag;
import io.aerofusion.platform.http.IdempotencyKey;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.route.GatewayJson.Requests;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The HTTP API of the resources of one kind. Reads are answered by what this node holds; writes go to the publication. */
final class ResourceRoutes {
    private static final Endpoint.Parameter IF_MATCH = new Endpoint.Parameter(
            "header", "If-Match", false, "Only if the ETag is still this one", "{\"type\":\"string\"}");
    private static final Endpoint.Parameter IF_NONE_MATCH = new Endpoint.Parameter(
            "header", "If-None-Match", false, "* : only if there is none yet", "{\"const\":\"*\"}");

    private final GatewayControl control;
    private final Kind kind;
    private final String path;
    private final String noun;

    ResourceRoutes(GatewayControl control, Kind kind) {
        this.control = control;
        this.kind = kind;
        this.path = "/api/v1/gateway/"
                + switch (kind) {
                    case HTTP_ROUTE -> "routes";
                    case GRPC_ROUTE -> "grpc-routes";
                    case UPSTREAM -> "upstreams";
                    case CONSUMER -> "consumers";
                    case POLICY -> "policies";
                    case CERTIFICATE -> "certificates";
                };
        this.noun = switch (kind) {
            case HTTP_ROUTE -> "Route";
            case GRPC_ROUTE -> "GrpcRoute";
            case UPSTREAM, CONSUMER, POLICY, CERTIFICATE -> kind.label();
        };
    }

    List<Endpoint> endpoints() {
        List<Endpoint.Parameter> search = new ArrayList<>(List.of(
                new Endpoint.Parameter("query", "q", false, "A part of the name", "{\"type\":\"string\"}"),
                new Endpoint.Parameter(
                        "query", "label", false, "key=value; may be repeated", "{\"type\":\"string\"}")));
        search.addAll(Paging.PARAMETERS);
        Endpoint.Reply one = GatewayJson.reply(200, "The " + kind.label(), GatewayJson.RESOURCE);
        Endpoint.Reply dry = GatewayJson.reply(202, "What it would change (dryRun)", GatewayJson.PUBLISHED);
        Endpoint.Reply created = GatewayJson.reply(201, "Published with a new generation", GatewayJson.RESOURCE);
        String body = """
                {"type":"object","required":["spec"],"properties":{"kind":{"const":"%s"},"metadata":{"type":"object"},\
                "spec":{"type":"object"}}}""".formatted(kind.label());
        String item = path + "/{name}";
        return List.of(
                endpoint(
                        HttpMethods.GET,
                        path,
                        "list" + noun,
                        "Those of kind " + kind.label() + ", by name",
                        search,
                        "",
                        List.of(GatewayJson.reply(200, "A page", Paging.schema(GatewayJson.RESOURCE))),
                        this::list),
                endpoint(
                        HttpMethods.POST,
                        path,
                        "create" + noun,
                        "Make a new one and publish it",
                        List.of(GatewayJson.DRY_RUN, GatewayJson.NOTE, IdempotencyKey.PARAMETER),
                        body,
                        List.of(created, dry),
                        this::create),
                endpoint(
                        HttpMethods.GET,
                        item,
                        "get" + noun,
                        "One, with the generation that changed it last as its ETag",
                        List.of(),
                        "",
                        List.of(one),
                        this::get),
                endpoint(
                        HttpMethods.PUT,
                        item,
                        "put" + noun,
                        "Make or replace it and publish it; unless the whole would not be valid",
                        List.of(IF_MATCH, IF_NONE_MATCH, GatewayJson.DRY_RUN, GatewayJson.NOTE),
                        body,
                        List.of(one, created, dry),
                        this::put),
                endpoint(
                        HttpMethods.DELETE,
                        item,
                        "delete" + noun,
                        "Remove it and publish that; unless something refers to it",
                        List.of(IF_MATCH, GatewayJson.DRY_RUN, GatewayJson.NOTE),
                        "",
                        List.of(GatewayJson.reply(200, "Removed", GatewayJson.PUBLISHED)),
                        this::delete),
                endpoint(
                        HttpMethods.GET,
                        item + "/history",
                        "get" + noun + "History",
                        "Who made what of it in which generation, the newest first; also after it was removed",
                        List.of(),
                        "",
                        List.of(GatewayJson.reply(
                                200,
                                "The last " + ResourceState.CHANGES_MAX + " changes",
                                Paging.schema("{\"type\":\"object\"}"))),
                        this::history));
    }

    private static Endpoint endpoint(
            HttpMethod method,
            String path,
            String id,
            String summary,
            List<Endpoint.Parameter> parameters,
            String request,
            List<Endpoint.Reply> replies,
            Endpoint.Handler handler) {
        return new Endpoint(method, path, id, summary, Endpoint.Access.OPERATOR, parameters, request, replies, handler);
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        control.require(request);
        Paging paging = Paging.of(request);
        String part = request.query("q").orElse("");
        List<Map.Entry<String, String>> labels = Labels.of(request);
        List<JsonNode> items = new ArrayList<>();
        String last = "";
        for (Map.Entry<ResourceKey, Configuration.Item> entry : control.configuration()
                .items()
                .tailMap(new ResourceKey(kind, paging.after()), false)
                .entrySet()) {
            ResourceKey key = entry.getKey();
            if (key.kind() != kind) {
                break;
            }
            if (key.name().contains(part) && Labels.match(entry.getValue().document(), labels)) {
                if (items.size() == paging.limit()) {
                    return Answer.now(paging.page(items, last));
                }
                items.add(GatewayJson.resource(entry.getValue()));
                last = key.name();
            }
        }
        return Answer.now(paging.page(items, null));
    }

    private CompletionStage<HttpResponse> get(ApiRequest request) {
        control.require(request);
        return Answer.now(shown(item(key(request)), 200));
    }

    private CompletionStage<HttpResponse> history(ApiRequest request) {
        control.require(request);
        return control.historyOf(key(request)).thenApply(changes -> {
            if (changes.isEmpty()) {
                throw new ProblemException(ErrorCode.NOT_FOUND, "There never was a " + key(request) + ".");
            }
            return new Paging(Paging.LIMIT_MAX, "")
                    .page(changes.stream().map(GatewayJson::change).toList(), null);
        });
    }

    private CompletionStage<HttpResponse> create(ApiRequest request) {
        control.require(request);
        JsonNode document = document(request, null);
        ResourceKey key =
                new ResourceKey(kind, document.path("metadata").path("name").asText());
        ChangeSet set = ChangeSet.put(document, ChangeSet.ABSENT, Requests.note(request));
        boolean repeatable = IdempotencyKey.of(request).isPresent();
        return control.publish(request, set, Requests.dryRun(request))
                .thenCompose(reply -> repeatable
                                && reply instanceof Publication.Refused refused
                                && refused.code() == ErrorCode.ALREADY_EXISTS
                        ? repeated(request, document)
                        : CompletableFuture.completedFuture(reply))
                .thenApply(reply -> answer(request, key, reply, true));
    }

    /** A creation that exists already: the same again is the first one's repeat. */
    private CompletionStage<Publication.Reply> repeated(ApiRequest request, JsonNode document) {
        return control.publish(request, ChangeSet.put(document, null, ""), true).thenApply(reply -> switch (reply) {
            case Publication.Published published ->
                published.changed() == 0
                        ? published
                        : new Publication.Refused(
                                ErrorCode.ALREADY_EXISTS, "It exists already, and is something else.", List.of());
            case Publication.Refused refused -> refused;
        });
    }

    private CompletionStage<HttpResponse> put(ApiRequest request) {
        control.require(request);
        ResourceKey key = key(request);
        JsonNode document = document(request, key.name());
        boolean existed = control.configuration().find(key).isPresent();
        return control.publish(
                        request,
                        ChangeSet.put(document, ifVersion(request), Requests.note(request)),
                        Requests.dryRun(request))
                .thenApply(reply -> answer(request, key, reply, !existed));
    }

    private CompletionStage<HttpResponse> delete(ApiRequest request) {
        control.require(request);
        ResourceKey key = key(request);
        ChangeSet set = ChangeSet.remove(kind, key.name(), ifVersion(request), Requests.note(request));
        return control.publish(request, set, Requests.dryRun(request)).thenApply(reply -> switch (reply) {
            case Publication.Published published ->
                Answer.json(GatewayJson.published(published, Requests.dryRun(request)));
            case Publication.Refused refused -> throw GatewayJson.problem(refused);
        });
    }

    private HttpResponse answer(ApiRequest request, ResourceKey key, Publication.Reply reply, boolean created) {
        return switch (reply) {
            case Publication.Published published -> {
                boolean dryRun = Requests.dryRun(request);
                Optional<Configuration.Item> item =
                        dryRun ? Optional.empty() : control.configuration().find(key);
                // Empty also when somebody removed it since.
                yield item.map(now -> created
                                ? shown(now, 201).addHeader(RawHeader.create("Location", path + "/" + key.name()))
                                : shown(now, 200))
                        .orElseGet(() -> Answer.json(202, GatewayJson.published(published, dryRun)));
            }
            case Publication.Refused refused -> throw GatewayJson.problem(refused);
        };
    }

    /** The document with what the path says, and without the status that was shown with it. */
    private JsonNode document(ApiRequest request, @Nullable String name) {
        if (!(request.json() instanceof ObjectNode given)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "The body is one resource: an object.");
        }
        ObjectNode document = given.deepCopy();
        document.remove("status");
        if (!document.has("kind")) {
            document.put("kind", kind.label());
        }
        if (!document.path("kind").asText().equals(kind.label())) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "This path is for the kind " + kind.label() + ".");
        }
        if (name != null) {
            JsonNode metadata = document.path("metadata");
            if (metadata.isMissingNode()) {
                metadata = JsonNodeFactory.instance.objectNode();
                document.set("metadata", metadata);
            }
            if (metadata instanceof ObjectNode object && !object.has("name")) {
                object.put("name", name);
            }
            if (!metadata.path("name").asText().equals(name)) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "metadata.name is another name than that of the path.");
            }
        }
        return document;
    }

    private Configuration.Item item(ResourceKey key) {
        return control.configuration()
                .find(key)
                .orElseThrow(() -> new ProblemException(ErrorCode.NOT_FOUND, "There is no " + key + "."));
    }

    private ResourceKey key(ApiRequest request) {
        return new ResourceKey(kind, request.path("name"));
    }

    private static HttpResponse shown(Configuration.Item item, int status) {
        return Answer.tagged(Answer.json(status, GatewayJson.resource(item)), EntityTag.of(item.version()));
    }

    private static @Nullable Long ifVersion(ApiRequest request) {
        if (request.header("If-None-Match").map(String::strip).orElse("").equals("*")) {
            return ChangeSet.ABSENT;
        }
        return EntityTag.versionIn(request).orElse(null);
    }
}
