package io.aerofusion.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Somebody with a token who calls a node's API. */
public record Caller(URI node, String token) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** What came back. */
    public record Response(int status, JsonNode body, HttpResponse<String> http) {
        public String code() {
            return body.path("code").asText();
        }

        public String text(String field) {
            return body.path(field).asText();
        }

        public String etag() {
            return http.headers().firstValue("ETag").orElseThrow();
        }
    }

    public static Caller admin(Node node) {
        return new Caller(node.uri(), node.adminToken());
    }

    public Caller with(String otherToken) {
        return new Caller(node, otherToken);
    }

    public Response get(String path) {
        return send("GET", path, "", "application/json");
    }

    public Response delete(String path) {
        return send("DELETE", path, "", "application/json");
    }

    /** A body in JSON with single quotes; "" for none. */
    public Response post(String path, String body, String... headers) {
        return send("POST", path, body, "application/json", headers);
    }

    public Response put(String path, String body, String... headers) {
        return send("PUT", path, body, "application/json", headers);
    }

    public Response patch(String path, String body, String... headers) {
        return send("PATCH", path, body, "application/merge-patch+json", headers);
    }

    /** A body in YAML. */
    public Response yaml(String method, String path, String body, String... headers) {
        return send(method, path, body, "application/yaml", headers);
    }

    /** What comes back may be anything. */
    public HttpResponse<String> text(String path) {
        HttpRequest request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .build();
        return exchange(request);
    }

    private static HttpResponse<String> exchange(HttpRequest request) {
        try {
            return DescribedApi.check(HTTP.send(request, HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private Response send(String method, String path, String body, String type, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.resolve(path)).timeout(TIMEOUT);
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (!body.isEmpty()) {
            request.header("Content-Type", type);
        }
        request.method(
                method,
                body.isEmpty()
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(type.endsWith("yaml") ? body : body.replace('\'', '"')));
        HttpResponse<String> response = exchange(request.build());
        try {
            return new Response(response.statusCode(), parse(response.body()), response);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode parse(String body) throws JsonProcessingException {
        return body.isEmpty() ? JSON.missingNode() : JSON.readTree(body);
    }
}
