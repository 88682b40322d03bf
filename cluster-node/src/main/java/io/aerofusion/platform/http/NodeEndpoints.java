package io.aerofusion.platform.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What every node serves beside its domains: health, metrics, the API's description and a page to read it. */
public final class NodeEndpoints {
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors"
                    + " 'none'";
    /** Put together rather than parsed: the parser of header values would be loaded on the way to the first bind. */
    private static final ContentType PROMETHEUS = ContentTypes.create(
            MediaTypes.customWithOpenCharset("text", "plain", Map.of("version", "0.0.4"), false), HttpCharsets.UTF_8);

    private NodeEndpoints() {}

    /**
     * The table with the node's own endpoints in front.
     *
     * @param readiness name of each condition and whether it holds; ready when all do
     * @param gateway which generation the gateway has, and how old it is; that it is stale does not make the node unready
     * @param metrics Prometheus text
     */
    public static List<Endpoint> with(
            List<Endpoint> domains,
            String version,
            Supplier<Map<String, Boolean>> readiness,
            Supplier<JsonNode> gateway,
            Supplier<String> metrics) {
        List<Endpoint> all = new ArrayList<>(List.of(
                live(),
                ready(readiness, gateway),
                metrics(metrics),
                page("/docs", "docs", "docs.html", html()),
                page("/docs/docs.js", "docsScript", "docs.js", javascript()),
                page("/docs/docs.css", "docsStyle", "docs.css", css()),
                page("/portal", "portal", "portal.html", html()),
                page("/portal/portal.js", "portalScript", "portal.js", javascript()),
                page("/portal/elements.js", "portalElements", "portal-elements.js", javascript()),
                page("/portal/operations.js", "portalOperations", "portal-operations.js", javascript()),
                page("/portal/portal.css", "portalStyle", "portal.css", css())));
        all.addAll(domains);
        // The document describes itself, so it is written when its own endpoint stands in the table.
        byte[][] document = new byte[1][];
        all.add(endpoint(
                "/openapi.json",
                "openapi",
                "This document",
                new Endpoint.Reply(200, "OpenAPI 3.1", "application/json", "{\"type\":\"object\"}"),
                () -> HttpResponse.create()
                        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, document[0]))));
        document[0] = OpenApi.document(all, version).toString().getBytes(StandardCharsets.UTF_8);
        return List.copyOf(all);
    }

    private static Endpoint live() {
        return endpoint(
                "/health/live",
                "live",
                "Whether the process runs; restart it when this fails",
                new Endpoint.Reply(200, "It runs", "application/json", "{\"type\":\"object\"}"),
                () -> Answer.json(JsonNodeFactory.instance.objectNode().put("live", true)));
    }

    private static Endpoint ready(Supplier<Map<String, Boolean>> readiness, Supplier<JsonNode> gateway) {
        return endpoint(
                "/health/ready",
                "ready",
                "Whether the node should get requests: joined, migrated, warmed up, not leaving",
                new Endpoint.Reply(
                        200,
                        "Ready",
                        "application/json",
                        "{\"type\":\"object\",\"required\":[\"ready\",\"checks\"],\"properties\":{\"ready\":{\"type\":\"boolean\"},"
                                + "\"checks\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"boolean\"}},"
                                + "\"gateway\":{\"type\":\"object\",\"properties\":{\"generation\":{\"type\":\"integer\"},"
                                + "\"ageMs\":{\"type\":\"integer\"},\"stale\":{\"type\":\"boolean\"}}}}}"),
                () -> {
                    Map<String, Boolean> checks = readiness.get();
                    boolean ready = !checks.containsValue(false);
                    ObjectNode body = ready
                            ? JsonNodeFactory.instance.objectNode()
                            : Problems.body(ErrorCode.UNAVAILABLE, "The node is not ready.", "");
                    body.put("ready", ready);
                    ObjectNode states = body.putObject("checks");
                    checks.forEach(states::put);
                    body.set("gateway", gateway.get());
                    return ready ? Answer.json(body) : Problems.response(ErrorCode.UNAVAILABLE, body);
                });
    }

    private static Endpoint metrics(Supplier<String> metrics) {
        return endpoint(
                "/metrics",
                "metrics",
                "Metrics in the Prometheus text format",
                new Endpoint.Reply(200, "Metrics", "text/plain", "{\"type\":\"string\"}"),
                () -> HttpResponse.create()
                        .withEntity(
                                HttpEntities.create(PROMETHEUS, metrics.get().getBytes(StandardCharsets.UTF_8))));
    }

    private static Endpoint page(String path, String id, String resource, ContentType type) {
        byte[] bytes;
        try (InputStream in = NodeEndpoints.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from the build");
            }
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String media = type.mediaType().toString();
        return endpoint(
                path,
                id,
                path.startsWith("/portal")
                        ? "A part of the developer portal"
                        : "A part of the page that shows this document",
                new Endpoint.Reply(200, "The page", media, "{\"type\":\"string\"}"),
                () -> HttpResponse.create()
                        .withStatus(StatusCodes.OK)
                        .addHeader(RawHeader.create("Content-Security-Policy", POLICY))
                        .withEntity(HttpEntities.create(type, bytes)));
    }

    private static Endpoint endpoint(
            String path, String id, String summary, Endpoint.Reply reply, Supplier<HttpResponse> answer) {
        return new Endpoint(
                HttpMethods.GET,
                path,
                id,
                summary,
                Endpoint.Access.PUBLIC,
                List.of(),
                "",
                List.of(reply),
                request -> Answer.now(answer.get()));
    }

    private static ContentType html() {
        return ContentTypes.TEXT_HTML_UTF8;
    }

    private static ContentType javascript() {
        return MediaTypes.APPLICATION_JAVASCRIPT.toContentType(akka.http.javadsl.model.HttpCharsets.UTF_8);
    }

    private static ContentType css() {
        return MediaTypes.TEXT_CSS.toContentType(akka.http.javadsl.model.HttpCharsets.UTF_8);
    }
}
