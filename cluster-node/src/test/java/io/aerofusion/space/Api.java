package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.DescribedApi;
import io.aerofusion.platform.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;

/** The HTTP API of a node, as one caller uses it; for tests. */
record Api(URI uri, String token) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An answer with its body as JSON. */
    record Answer(int status, JsonNode json, HttpResponse<String> http) {
        String code() {
            return json.path("code").asText();
        }

        String etag() {
            return http.headers().firstValue("ETag").orElseThrow();
        }
    }

    static Api admin(Node node) {
        return new Api(node.uri(), node.adminToken());
    }

    /** The same through the node's gateway. */
    static Api throughTheGateway(Node node) {
        return new Api(node.gatewayUri(), node.adminToken());
    }

    /** A user of its own, with a token. */
    Api user(String name) throws Exception {
        assertThat(post("/api/v1/users", "{\"user\":\"" + name + "\"}").status())
                .isIn(201, 409);
        Answer made = post("/api/v1/users/" + name + "/tokens", "{\"name\":\"test\"}");
        assertThat(made.status()).as(made.json().toString()).isEqualTo(201);
        return new Api(uri, made.json().path("secret").asText());
    }

    String newSpace() throws Exception {
        String space = "s" + UUID.randomUUID();
        Answer created = post("/api/v1/spaces", "{\"space\":\"" + space + "\"}");
        assertThat(created.status()).as(created.json().toString()).isEqualTo(201);
        return space;
    }

    Answer get(String path, String... headers) throws Exception {
        return send("GET", path, "", headers);
    }

    Answer post(String path, String body, String... headers) throws Exception {
        return send("POST", path, body, headers);
    }

    Answer put(String path, String body, String... headers) throws Exception {
        return send("PUT", path, body, headers);
    }

    Answer delete(String path, String... headers) throws Exception {
        return send("DELETE", path, "", headers);
    }

    /** Pushes one change by a device of that name. */
    Answer push(String space, String device, long seq, String op) throws Exception {
        return post(
                "/sync/v1/spaces/" + space + "/push",
                "{\"device\":\"" + device + "\",\"firstSeq\":" + seq + ",\"ops\":[" + op + "]}");
    }

    /** Posts bytes that need not be text. */
    Answer post(String path, byte[] body) throws Exception {
        return send(HttpRequest.newBuilder(request("POST", path, ""), (name, value) -> true)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    }

    private Answer send(String method, String path, String body, String... headers) throws Exception {
        return send(request(method, path, body, headers));
    }

    private static Answer send(HttpRequest request) throws Exception {
        HttpResponse<String> response = DescribedApi.check(HTTP.send(request, HttpResponse.BodyHandlers.ofString()));
        String text = response.body();
        return new Answer(response.statusCode(), text.startsWith("{") ? parse(text) : JSON.nullNode(), response);
    }

    HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri.resolve(path))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json");
        return (headers.length == 0 ? request : request.headers(headers)).build();
    }

    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
