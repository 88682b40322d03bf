package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The public HTTP API, as far as a fleet's operator needs it: making spaces and devices, and asking for what they hold. */
final class Api {
    private static final Duration TIMEOUT = Duration.ofSeconds(75);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final URI node;
    private final String token;

    Api(URI node, String token) {
        this.node = node;
        this.token = token;
    }

    void createSpace(String space) {
        if (!createSpaceIfAbsent(space)) {
            throw new IllegalStateException("the space " + space + " exists already");
        }
    }

    /** Whether it was this call that made the space. Making one again is harmless, so the answer alone would not tell. */
    boolean createSpaceIfAbsent(String space) {
        if (send("GET", "/api/v1/spaces/" + space, null).statusCode() != 404) {
            return false;
        }
        ObjectNode body = JSON.createObjectNode().put("space", space).put("title", space);
        expect(send("POST", "/api/v1/spaces", body), 201);
        return true;
    }

    void setSchema(String space, String collection, String schema) {
        expect(send("PUT", "/api/v1/spaces/" + space + "/collections/" + collection + "/schema", parse(schema)), 200);
    }

    /** Registers a device and returns its credential. */
    String registerDevice(String device) {
        ObjectNode body = JSON.createObjectNode().put("device", device);
        return parse(expect(send("POST", "/api/v1/devices", body), 201).body())
                .get("credential")
                .asText();
    }

    String hash(String space) {
        return parse(expect(send("GET", "/sync/v1/spaces/" + space + "/hash", null), 200)
                        .body())
                .get("hash")
                .asText();
    }

    /** The document, or a missing node when there is none. */
    JsonNode document(String space, String collection, String id) {
        HttpResponse<String> response =
                send("GET", "/sync/v1/spaces/" + space + "/documents/" + collection + "/" + id, null);
        return response.statusCode() == 404
                ? MissingNode.getInstance()
                : parse(expect(response, 200).body());
    }

    JsonNode get(String path) {
        return parse(expect(send("GET", path, null), 200).body());
    }

    /** Whether the node says that it is ready; false also when it cannot be reached. */
    boolean ready() {
        try {
            return send("GET", "/health/ready", null).statusCode() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    HttpResponse<String> send(String method, String path, @Nullable JsonNode body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.toString()));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static HttpResponse<String> expect(HttpResponse<String> response, int status) {
        if (response.statusCode() != status) {
            throw new IllegalStateException(
                    response.request().uri() + " answered " + response.statusCode() + ": " + response.body());
        }
        return response;
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
