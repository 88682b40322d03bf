package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;

/** Calls a node's API with its admin token. */
final class ApiClient {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final Node node;

    ApiClient(Node node) {
        this.node = node;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send("GET", path, "");
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send("POST", path, body);
    }

    HttpResponse<String> send(String method, String path, String body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.uri().resolve(path))
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + node.adminToken());
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        request.method(
                method,
                body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        return DescribedApi.check(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()));
    }

    /** Without a token. */
    HttpResponse<String> anonymously(String method, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(node.uri().resolve(path))
                .timeout(TIMEOUT)
                .method(method.toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.noBody())
                .build();
        return DescribedApi.check(HTTP.send(request, HttpResponse.BodyHandlers.ofString()));
    }

    static JsonNode json(HttpResponse<String> response) throws IOException {
        return JSON.readTree(response.body());
    }
}
