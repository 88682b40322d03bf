package io.aerofusion.route;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** The APIs behind the gateway, for those who use them: a list to search, each one's document, and one of all. */
final class ApiRoutes {
    private static final int QUERY_LENGTH_MAX = 200;
    private static final String API = """
            {"type":"object","required":["name","title","document"],"properties":{"name":{"type":"string","description":\
            "of the upstream"},"title":{"type":"string"},"version":{"type":"string"},"description":{"type":"string"},\
            "listed":{"type":"boolean","description":"whether users see it"},"operations":{"type":"integer"},\
            "deprecated":{"type":"boolean"},"sunset":{"type":"string","format":"date-time"},\
            "routes":{"type":"array","items":{"type":"object","properties":{"route":{"type":"string"},"rule":{"type":"string"},\
            "path":{"type":"string"},"method":{"type":"string"},"version":{"type":"string"},\
            "deprecated":{"type":"string","format":"date-time"},"sunset":{"type":"string","format":"date-time"},\
            "servers":{"type":"array","items":{"type":"string"}}}}},\
            "document":{"type":"object","properties":{"state":{"enum":["pending","current","stale","invalid","unreachable"]},\
            "openapi":{"type":"string"},"url":{"type":"string"},"gotAt":{"type":"string","format":"date-time"},\
            "checkedAt":{"type":"string","format":"date-time"},\
            "failure":{"type":"string","description":"why the last attempt to fetch it gave nothing"},\
            "problems":{"type":"array","items":{"type":"object",\
            "properties":{"pointer":{"type":"string","description":"RFC 6901"},"detail":{"type":"string"}}}}}},\
            "matches":{"type":"array","items":{"type":"object","properties":{"method":{"type":"string"},"path":{"type":"string"},\
            "summary":{"type":"string"}}}}}}""";

    private final GatewayControl control;
    private final ApiCatalog catalog;

    ApiRoutes(GatewayControl control, ApiCatalog catalog) {
        this.control = control;
        this.catalog = catalog;
    }

    List<Endpoint> endpoints() {
        List<Endpoint.Parameter> search = new ArrayList<>(List.of(Endpoint.Parameter.query(
                "q",
                "A part of a title, a description, a path or a summary",
                "{\"type\":\"string\",\"maxLength\":" + QUERY_LENGTH_MAX + "}")));
        search.addAll(Paging.PARAMETERS);
        return List.of(
                endpoint(
                        "/api/v1/gateway/apis",
                        "listGatewayApis",
                        "The APIs behind the gateway, and which of their operations the search finds",
                        search,
                        GatewayJson.reply(200, "A page", Paging.schema(API)),
                        this::list),
                endpoint(
                        "/api/v1/gateway/apis/{name}/openapi.json",
                        "getGatewayApiDocument",
                        "The OpenAPI document of one, with servers and paths as the gateway exposes them",
                        List.of(),
                        GatewayJson.reply(200, "The document", "{\"type\":\"object\"}"),
                        this::document),
                endpoint(
                        "/api/v1/gateway/openapi.json",
                        "getGatewayDocument",
                        "One OpenAPI document of all; components of the same name carry the API's name",
                        List.of(),
                        GatewayJson.reply(200, "The document", "{\"type\":\"object\"}"),
                        this::merged));
    }

    private static Endpoint endpoint(
            String path,
            String id,
            String summary,
            List<Endpoint.Parameter> parameters,
            Endpoint.Reply reply,
            Endpoint.Handler handler) {
        return new Endpoint(
                HttpMethods.GET,
                path,
                id,
                summary,
                Endpoint.Access.AUTHENTICATED,
                parameters,
                "",
                List.of(reply),
                handler);
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        Paging paging = Paging.of(request);
        String query = request.query("q").orElse("").toLowerCase(Locale.ROOT).strip();
        if (query.length() > QUERY_LENGTH_MAX) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "q has " + QUERY_LENGTH_MAX + " characters at most.");
        }
        return with(request, apis -> {
            List<ObjectNode> items = new ArrayList<>();
            String last = "";
            for (ApiCatalog.Api api : apis.tailMap(paging.after() + "\0").values()) {
                ObjectNode json =
                        catalog.json(api, query, host(request), request.caller().operates());
                if (json != null) {
                    if (items.size() == paging.limit()) {
                        return paging.page(items, last);
                    }
                    items.add(json);
                    last = api.name();
                }
            }
            return paging.page(items, null);
        });
    }

    private CompletionStage<HttpResponse> document(ApiRequest request) {
        return with(request, apis -> {
            ApiCatalog.Api api = apis.get(request.path("name"));
            byte[] document = api == null ? null : catalog.document(api, host(request));
            if (document == null) {
                throw new ProblemException(
                        ErrorCode.NOT_FOUND,
                        api == null
                                ? "There is no API of this name."
                                : "The service gave no valid document yet: it is "
                                        + api.known().state().text() + ".");
            }
            return written(document);
        });
    }

    private CompletionStage<HttpResponse> merged(ApiRequest request) {
        return with(
                request,
                apis -> written(
                        catalog.merged(apis, host(request), request.caller().operates())));
    }

    /** What is done with the APIs that the caller may see. */
    @FunctionalInterface
    private interface Use {
        HttpResponse of(SortedMap<String, ApiCatalog.Api> apis);
    }

    private CompletionStage<HttpResponse> with(ApiRequest request, Use use) {
        control.require(request);
        boolean all = request.caller().operates();
        return catalog.ready()
                .thenApplyAsync(
                        apis -> {
                            SortedMap<String, ApiCatalog.Api> seen = new TreeMap<>(apis.apply(host(request)));
                            if (!all) {
                                seen.values().removeIf(api -> !api.listed());
                            }
                            return use.of(seen);
                        },
                        control.blocking());
    }

    /** The host by which the caller found this node, without the port. */
    static String host(ApiRequest request) {
        String host = request.http().getUri().host().address();
        return host.isEmpty() || host.length() > 255 ? "localhost" : host.indexOf(':') < 0 ? host : "[" + host + "]";
    }

    private static HttpResponse written(byte[] document) {
        return HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, document));
    }
}
