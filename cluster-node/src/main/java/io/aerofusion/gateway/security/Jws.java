package io.aerofusion.gateway.security;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A token in its compact form (RFC 7515, section 3.1), taken apart and not yet believed.
 *
 * @param keyId the key it names, at most {@link #KEY_ID_MAX} characters; only ever compared with names of the key set
 * @param signed what the signature is over
 */
@SuppressWarnings("ArrayRecordComponent") // on its way from the parser to the check; nothing compares it
record Jws(
        JwsAlgorithm algorithm,
        @Nullable String keyId,
        @Nullable String type,
        Map<String, @Nullable Object> claims,
        byte[] signed,
        byte[] signature) {
    /** The longest name of a key. */
    static final int KEY_ID_MAX = 256;

    /** A token, or why it is none. */
    sealed interface Parsed {
        /** A well-formed token. */
        record Token(Jws jws) implements Parsed {}

        /** Not one that could be accepted, whatever its signature says. */
        record Refused(Refusal refusal) implements Parsed {}
    }

    /** Whether a credential has the form of a signed token: two dots. Says nothing about what is between them. */
    static boolean looksLikeOne(String token) {
        int first = token.indexOf('.');
        int second = token.indexOf('.', first + 1);
        return first > 0 && second > first && token.indexOf('.', second + 1) < 0;
    }

    static Parsed parse(String token) {
        int first = token.indexOf('.');
        int second = token.indexOf('.', first + 1);
        if (first < 1 || second < first + 2 || second == token.length() - 1 || token.indexOf('.', second + 1) >= 0) {
            return new Parsed.Refused(Refusal.MALFORMED);
        }
        byte[] header = StrictBase64.url(token, 0, first);
        byte[] payload = StrictBase64.url(token, first + 1, second);
        byte[] signature = StrictBase64.url(token, second + 1, token.length());
        if (header == null || payload == null || signature == null) {
            return new Parsed.Refused(Refusal.MALFORMED);
        }
        Map<String, @Nullable Object> names = StrictJson.object(header);
        if (names == null) {
            return new Parsed.Refused(Refusal.MALFORMED);
        }
        // "crit" names extensions that must be understood; none is. "zip" and "enc" belong to encrypted tokens.
        if (names.containsKey("crit")
                || names.containsKey("b64")
                || names.containsKey("zip")
                || names.containsKey("enc")) {
            return new Parsed.Refused(Refusal.CRITICAL);
        }
        if (!(names.get("alg") instanceof String name)) {
            return new Parsed.Refused(Refusal.ALGORITHM);
        }
        Optional<JwsAlgorithm> algorithm = JwsAlgorithm.named(name);
        if (algorithm.isEmpty()) {
            return new Parsed.Refused(Refusal.ALGORITHM);
        }
        Object kid = names.get("kid");
        Object type = names.get("typ");
        boolean usable = kid instanceof String id ? id.length() <= KEY_ID_MAX : !names.containsKey("kid");
        if (!usable) {
            return new Parsed.Refused(Refusal.UNKNOWN_KEY);
        }
        if (names.containsKey("typ") && !(type instanceof String)) {
            return new Parsed.Refused(Refusal.TYPE);
        }
        Map<String, @Nullable Object> claims = StrictJson.object(payload);
        if (claims == null) {
            return new Parsed.Refused(Refusal.MALFORMED);
        }
        byte[] signed = token.substring(0, second).getBytes(StandardCharsets.US_ASCII);
        return new Parsed.Token(new Jws(algorithm.get(), (String) kid, (String) type, claims, signed, signature));
    }
}
