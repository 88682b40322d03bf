package io.aerofusion.platform.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The {@code Idempotency-Key} of a creation, bound to its caller: two callers with one key do not meet.
 *
 * <p>There is no store of keys. What is created remembers the {@link #fingerprint} of its request, and a generated id is
 * {@link #derivedId derived} from the key, so that a repeat finds the very same entity, which then knows that it is a repeat.
 *
 * @param digest of the key and the caller, hex
 */
public record IdempotencyKey(String digest) {
    private static final int LENGTH_MAX = 128;
    private static final int DIGEST_CHARACTERS = 32;

    /** What a creation declares. */
    public static final Endpoint.Parameter PARAMETER = new Endpoint.Parameter(
            "header",
            "Idempotency-Key",
            false,
            "Makes a repeat of this request harmless: it answers for what the first one created",
            "{\"type\":\"string\",\"minLength\":1,\"maxLength\":" + LENGTH_MAX + "}");

    /** Of a request. @throws ProblemException {@code invalid-request} when it is empty or too long */
    public static Optional<IdempotencyKey> of(ApiRequest request) {
        return request.header("Idempotency-Key").map(key -> {
            if (key.isBlank() || key.length() > LENGTH_MAX) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "Idempotency-Key has 1 to " + LENGTH_MAX + " characters.");
            }
            return new IdempotencyKey(
                    digest(request.caller().tenant() + "\n" + request.caller().actor() + "\n" + key));
        });
    }

    /** {@code <digest of the key>:<digest of the body>}: what is created keeps it to know a repeat from another request. */
    public String fingerprint(JsonNode body) {
        return digest + ":" + digest(body.toString());
    }

    /** An id for what is created, the same for every repeat. */
    public String derivedId() {
        return digest(digest);
    }

    private static String digest(String text) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha).substring(0, DIGEST_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
