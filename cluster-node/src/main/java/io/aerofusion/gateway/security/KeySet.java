package io.aerofusion.gateway.security;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The public keys of an issuer at one moment (RFC 7517, section 5): those of them that can verify the signatures of tokens. */
final class KeySet {
    /** How many keys of a document are looked at; a longer set is refused. */
    static final int KEYS_MAX = 100;
    /** How many keys are tried for a token that does not name one. */
    static final int TRIES_MAX = 4;

    private final List<VerificationKey> keys;

    private KeySet(List<VerificationKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Reads a JWKS document; empty when it is none, or has no key that serves. */
    static Optional<KeySet> parse(String json) {
        // Nimbus overlooks a member that stands there twice.
        if (StrictJson.object(json.getBytes(StandardCharsets.UTF_8)) == null) {
            return Optional.empty();
        }
        try {
            List<JWK> all = JWKSet.parse(json).getKeys();
            if (all.size() > KEYS_MAX) {
                return Optional.empty();
            }
            List<VerificationKey> keys = new ArrayList<>();
            for (JWK key : all) {
                VerificationKey.of(key).ifPresent(keys::add);
            }
            return keys.isEmpty() ? Optional.empty() : Optional.of(new KeySet(keys));
        } catch (ParseException | IllegalArgumentException broken) {
            return Optional.empty();
        }
    }

    /** This set with the keys that it shares with an earlier one taken from that one; the others of the earlier one are retired. */
    KeySet replacing(KeySet earlier) {
        Map<String, VerificationKey> before = new HashMap<>();
        earlier.keys.forEach(key -> before.put(key.identity(), key));
        List<VerificationKey> now = new ArrayList<>();
        for (VerificationKey key : keys) {
            VerificationKey same = before.remove(key.identity());
            now.add(same == null ? key : same);
        }
        before.values().forEach(VerificationKey::retire);
        return new KeySet(now);
    }

    /** The keys to try: those of this name, or without a name at most {@link #TRIES_MAX} that fit the algorithm. */
    List<VerificationKey> candidates(@Nullable String id, JwsAlgorithm algorithm) {
        List<VerificationKey> found = new ArrayList<>(1);
        for (VerificationKey key : keys) {
            if ((id == null || id.equals(key.id())) && key.fits(algorithm) && found.size() < TRIES_MAX) {
                found.add(key);
            }
        }
        return found;
    }

    /** Whether there is a key of this name, whatever it is for. */
    boolean names(String id) {
        return keys.stream().anyMatch(key -> id.equals(key.id()));
    }
}
