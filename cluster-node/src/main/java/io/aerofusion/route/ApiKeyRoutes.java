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
import io.aerofusion.platform.http.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Gives keys to consumers and takes them back. A key is shown once; what is kept is its hash. */
final class ApiKeyRoutes {
    private static final String PREFIX = "afk_";
    private static final int KEY_BYTES = 24;
    private static final int HINT_LENGTH = 10;
    /** Somebody else may change the consumer between the reading and the writing: so often it is tried again. */
    private static final int ATTEMPTS_MAX = 5;

    private final GatewayControl control;
    private final SecureRandom random = new SecureRandom();

    ApiKeyRoutes(GatewayControl control) {
        this.control = control;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        "/api/v1/gateway/consumers/{name}/keys",
                        "issueConsumerKey",
                        "Give the consumer one more API key; it is shown this once",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "{\"type\":\"object\",\"properties\":{\"expiresAt\":" + GatewayJson.TIME + "}}",
                        List.of(GatewayJson.reply(
                                201,
                                "The key",
                                "{\"type\":\"object\",\"required\":[\"key\",\"hint\"],\"properties\":{\"key\":{\"type\":\"string\"},"
                                        + "\"hint\":{\"type\":\"string\"},\"expiresAt\":" + GatewayJson.TIME + "}}")),
                        this::issue),
                new Endpoint(
                        HttpMethods.DELETE,
                        "/api/v1/gateway/consumers/{name}/keys/{hint}",
                        "revokeConsumerKey",
                        "Take the key with that hint back; it ends on every node with the next generation",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(204, "Taken back", "", "")),
                        this::revoke));
    }

    private CompletionStage<HttpResponse> issue(ApiRequest request) {
        control.require(request);
        JsonNode expiry = request.json().path("expiresAt");
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        ObjectNode credential = JsonNodeFactory.instance
                .objectNode()
                .put("hash", sha256(key))
                .put("hint", key.substring(0, HINT_LENGTH));
        if (!expiry.isMissingNode() && !expiry.isNull()) {
            credential.put("expiresAt", instant(expiry).toString());
        }
        return change(
                        request,
                        credentials -> credentials.addObject().set("apiKey", credential),
                        "key " + credential.path("hint").asText() + " issued",
                        ATTEMPTS_MAX)
                .thenApply(done -> {
                    ObjectNode json = credential.deepCopy().put("key", key);
                    json.remove("hash");
                    return Answer.json(201, json);
                });
    }

    private CompletionStage<HttpResponse> revoke(ApiRequest request) {
        control.require(request);
        String hint = request.path("hint");
        return change(
                        request,
                        credentials -> {
                            boolean found = false;
                            for (int i = credentials.size() - 1; i >= 0; i--) {
                                if (credentials
                                        .path(i)
                                        .at("/apiKey/hint")
                                        .asText("")
                                        .equals(hint)) {
                                    credentials.remove(i);
                                    found = true;
                                }
                            }
                            if (!found) {
                                throw new ProblemException(ErrorCode.NOT_FOUND, "There is no key " + hint + ".");
                            }
                        },
                        "key " + hint + " revoked",
                        ATTEMPTS_MAX)
                .thenApply(done -> Answer.nothing());
    }

    private CompletionStage<Publication.Published> change(
            ApiRequest request, Consumer<ArrayNode> edit, String note, int attempts) {
        ResourceKey key = new ResourceKey(Kind.CONSUMER, request.path("name"));
        Configuration.Item item = control.configuration()
                .find(key)
                .orElseThrow(() -> new ProblemException(ErrorCode.NOT_FOUND, "There is no " + key + "."));
        ObjectNode document = item.document().deepCopy();
        edit.accept(document.withObject("/spec").withArray("credentials"));
        return control.publish(request, ChangeSet.put(document, item.version(), note), false)
                .thenCompose(reply -> switch (reply) {
                    case Publication.Published published -> CompletableFuture.completedFuture(published);
                    case Publication.Refused refused -> {
                        if (refused.code() != ErrorCode.PRECONDITION_FAILED || attempts == 1) {
                            throw GatewayJson.problem(refused);
                        }
                        // this node may not have heard yet of what made it fail
                        yield control.refreshed(item.version() + 1)
                                .thenCompose(newer -> change(request, edit, note, attempts - 1));
                    }
                });
    }

    private static Instant instant(JsonNode json) {
        try {
            return Instant.parse(json.asText());
        } catch (DateTimeParseException e) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "expiresAt is a time such as 2027-01-31T12:00:00Z.");
        }
    }

    private static String sha256(String text) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
