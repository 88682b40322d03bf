package io.aerofusion.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Sets up spaces, devices and users over the platform's public HTTP API; {@code /docs} on a node describes all of it, and {@link
 * #call} reaches what has no method here. Calls block until the answer is there, at most {@link #ANSWER_MAX}; they fail with {@link
 * ApiException}. Thread-safe.
 */
public final class Admin {
    /** How long to wait for an answer. */
    public static final Duration ANSWER_MAX = Duration.ofSeconds(30);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI server;
    private final String token;
    private final HttpClient http;

    /** Acts as the owner of a token: a user's, or the admin token of a node in development. */
    public Admin(URI server, String token) {
        this(server, token, ClientRuntime.shared());
    }

    public Admin(URI server, String token, ClientRuntime runtime) {
        this.server = server;
        this.token = token;
        this.http = runtime.http();
    }

    /** The same server with another identity. */
    public Admin as(String otherToken) {
        return new Admin(server, otherToken, http);
    }

    private Admin(URI server, String token, HttpClient http) {
        this.server = server;
        this.token = token;
        this.http = http;
    }

    /** Makes a space that the caller owns. */
    public JsonNode createSpace(String space) {
        return call("POST", "/api/v1/spaces", object().put("space", space));
    }

    /** Gives a user a right in the space: {@code read}, {@code write} or {@code manage}. */
    public JsonNode setMember(String space, String user, String right) {
        return call("PUT", path("/api/v1/spaces", space, "members", user), object().put("right", right));
    }

    /** Takes a user's right; the user's devices lose the space. */
    public JsonNode removeMember(String space, String user) {
        return call("DELETE", path("/api/v1/spaces", space, "members", user), null);
    }

    /** Sets the JSON Schema of a collection, with {@code x-sync} for types and policies. */
    public JsonNode setSchema(String space, String collection, JsonNode schema) {
        return call("PUT", path("/api/v1/spaces", space, "collections", collection, "schema"), schema);
    }

    /** The hash of the space as the server has it, with the number of documents and the cursor. */
    public JsonNode hash(String space) {
        return call("GET", path("/sync/v1/spaces", space, "hash"), null);
    }

    /** The document as the server has it. @throws ApiException with status 404 when there is none */
    public JsonNode document(String space, String collection, String id) {
        return call("GET", path("/sync/v1/spaces", space, "documents", collection, id), null);
    }

    /** The conflicts of a space that wait for somebody to decide. */
    public JsonNode conflicts(String space) {
        return call("GET", path("/api/v1/spaces", space, "conflicts"), null);
    }

    /**
     * Settles a conflict that waits: what is at the path becomes the value.
     *
     * @param path as the conflict names it; "" is the whole document
     * @param value null takes away what is there
     */
    public JsonNode resolveConflict(String space, String collection, String id, String path, @Nullable JsonNode value) {
        ObjectNode body = object().put("collection", collection).put("id", id).put("path", path);
        if (value != null) {
            body.set("value", value);
        }
        return call("POST", path("/api/v1/spaces", space, "conflicts", "resolve"), body);
    }

    /** The changes of devices that were away too long, which wait for somebody to decide. */
    public JsonNode quarantine(String space) {
        return call("GET", path("/api/v1/spaces", space, "quarantine"), null);
    }

    /** Makes a change in quarantine on what is there now, or drops it. */
    public JsonNode decideQuarantine(String space, String device, long seq, boolean accept) {
        return call(
                "POST",
                path("/api/v1/spaces", space, "quarantine", device, Long.toString(seq)),
                object().put("accept", accept));
    }

    /** Registers a device of the caller and returns its credential, which is shown this once. */
    public String registerDevice(String device) {
        return call("POST", "/api/v1/devices", object().put("device", device))
                .path("credential")
                .asText();
    }

    /** Ends the device's credential and its session. */
    public JsonNode revokeDevice(String device) {
        return call("POST", path("/api/v1/devices", device, "revoke"), null);
    }

    /** Both sides of a device's twin. */
    public JsonNode twin(String device) {
        return call("GET", path("/api/v1/devices", device, "twin"), null);
    }

    /** Changes the desired side of a device's twin by a JSON merge patch (RFC 7396). */
    public JsonNode patchDesired(String device, JsonNode patch) {
        return call("PATCH", path("/api/v1/devices", device, "twin"), patch);
    }

    /** Creates a user with roles of {@code admin}, {@code operator} and {@code user}; with the last when none is given. */
    public JsonNode createUser(String user, String... roles) {
        ObjectNode body = object().put("user", user);
        for (String role : roles) {
            body.withArray("roles").add(role);
        }
        return call("POST", "/api/v1/users", body);
    }

    /** Issues a token for a user and returns it; it is shown this once. The name tells tokens apart. */
    public String issueToken(String user, String name) {
        return call("POST", path("/api/v1/users", user, "tokens"), object().put("name", name))
                .path("secret")
                .asText();
    }

    /** Erases a user for good: sessions end, and the key to everything stored about the user is destroyed. */
    public JsonNode eraseUser(String user) {
        return call("DELETE", path("/api/v1/users", user), null);
    }

    /**
     * Any call of the API.
     *
     * @param path from the root, with its query
     * @param body null for none
     * @return the answer's JSON; a missing node when it has none
     */
    public JsonNode call(String method, String path, @Nullable JsonNode body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(ANSWER_MAX)
                .header("Authorization", "Bearer " + token)
                .header("Accept", "application/json");
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString(body.toString()));
        }
        HttpResponse<String> answer;
        try {
            answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new ApiException(0, "", method + " " + path + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(0, "", "interrupted while waiting for an answer");
        }
        JsonNode json = json(answer.body());
        if (answer.statusCode() >= 300) {
            String detail = json.path("detail").asText(json.path("title").asText());
            throw new ApiException(answer.statusCode(), json.path("code").asText(), detail);
        }
        return json;
    }

    private static JsonNode json(String text) {
        try {
            return text.isEmpty() ? MissingNode.getInstance() : JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static String path(String root, String... segments) {
        StringBuilder path = new StringBuilder(root);
        for (String segment : segments) {
            path.append('/')
                    .append(URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20"));
        }
        return path.toString();
    }
}
