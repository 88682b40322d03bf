package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/**
 * Keeps private keys and passwords of resources out of what the API shows. In their place stands a mark, which means "as it is" when
 * the document is sent back; so what was read can be changed and written without knowing them.
 */
final class Secrets {
    private static final Set<String> MEMBERS = Set.of("privateKey", "clientSecret");
    private static final String MARK = "secret:";
    private static final int MARK_HEX_DIGITS = 16;

    private Secrets() {}

    /** A copy with marks in place of the secrets. */
    static JsonNode hidden(JsonNode document) {
        JsonNode copy = document.deepCopy();
        replace(copy, Secrets::mark);
        return copy;
    }

    /** A copy with the secrets of the stored document in place of its marks; a mark of no known secret stays and is refused later. */
    static JsonNode restored(JsonNode document, JsonNode stored) {
        Map<String, String> known = new HashMap<>();
        replace(stored.deepCopy(), secret -> {
            known.put(mark(secret), secret);
            return secret;
        });
        JsonNode copy = document.deepCopy();
        replace(copy, text -> known.getOrDefault(text, text));
        return copy;
    }

    private interface Replacement {
        String of(String secret);
    }

    private static void replace(JsonNode json, Replacement replacement) {
        if (json instanceof ObjectNode object) {
            object.properties().forEach(member -> {
                if (MEMBERS.contains(member.getKey()) && member.getValue().isTextual()) {
                    member.setValue(
                            object.textNode(replacement.of(member.getValue().textValue())));
                } else {
                    replace(member.getValue(), replacement);
                }
            });
        } else if (json instanceof ArrayNode array) {
            array.forEach(element -> replace(element, replacement));
        }
    }

    private static String mark(String secret) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
            return MARK + HexFormat.of().formatHex(sha).substring(0, MARK_HEX_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
