package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Gives consumers API keys and takes them back. A key is shown once; what is kept is its hash. */
final class ConsumerKeys {
    private static final String PREFIX = "afk_";
    private static final int KEY_BYTES = 24;
    private static final int HINT_LENGTH = 10;
    /** Somebody else may change the consumer between the reading and the writing: so often it is tried again. */
    private static final int ATTEMPTS_MAX = 5;

    private final GatewayControl control;
    private final SecureRandom random = new SecureRandom();

    ConsumerKeys(GatewayControl control) {
        this.control = control;
    }

    /**
     * Gives it one more key, that ends at the request's {@code expiresAt} if there is one.
     *
     * @param allowed throws if the caller may not give this consumer one
     * @return the key with its hint
     */
    CompletionStage<ObjectNode> issue(ApiRequest request, String consumer, Consumer<JsonNode> allowed) {
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
                        consumer,
                        allowed,
                        credentials -> credentials.addObject().set("apiKey", credential),
                        "key " + credential.path("hint").asText() + " issued",
                        ATTEMPTS_MAX)
                .thenApply(done -> {
                    ObjectNode json = credential.deepCopy().put("key", key);
                    json.remove("hash");
                    return json;
                });
    }

    /**
     * Takes back the keys with that hint.
     *
     * @param allowed throws if the caller may not
     */
    CompletionStage<Publication.Published> revoke(
            ApiRequest request, String consumer, String hint, Consumer<JsonNode> allowed) {
        return change(
                request,
                consumer,
                allowed,
                credentials -> {
                    boolean found = false;
                    for (int i = credentials.size() - 1; i >= 0; i--) {
                        if (credentials.path(i).at("/apiKey/hint").asText("").equals(hint)) {
                            credentials.remove(i);
                            found = true;
                        }
                    }
                    if (!found) {
                        throw new ProblemException(ErrorCode.NOT_FOUND, "There is no key " + hint + ".");
                    }
                },
                "key " + hint + " revoked",
                ATTEMPTS_MAX);
    }

    private CompletionStage<Publication.Published> change(
            ApiRequest request,
            String consumer,
            Consumer<JsonNode> allowed,
            Consumer<ArrayNode> edit,
            String note,
            int attempts) {
        ResourceKey key = new ResourceKey(Kind.CONSUMER, consumer);
        Configuration.Item item = control.configuration()
                .find(key)
                .orElseThrow(() -> new ProblemException(ErrorCode.NOT_FOUND, "There is no " + key + "."));
        allowed.accept(item.document());
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
                                .thenCompose(newer -> change(request, consumer, allowed, edit, note, attempts - 1));
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

    /** In hex. */
    static String sha256(String text) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
