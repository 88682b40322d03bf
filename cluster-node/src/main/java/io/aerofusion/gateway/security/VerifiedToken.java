package io.aerofusion.gateway.security;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A token whose signature, times, issuer and audience were right.
 *
 * @param subject {@code sub}, or empty
 * @param id {@code jti}, or null
 * @param expiresAt milliseconds of the epoch after which it counts no more, the tolerated skew included
 */
public record VerifiedToken(
        String issuer,
        String subject,
        @Nullable String id,
        Set<String> roles,
        Set<String> scopes,
        Map<String, @Nullable Object> claims,
        long expiresAt) {

    /** What a claim holds as a set of words: a list of strings, or one string with spaces (RFC 8693, 4.2); the path's names by dots. */
    static Set<String> words(Map<String, @Nullable Object> claims, List<String> paths) {
        Set<String> words = new LinkedHashSet<>();
        for (String path : paths) {
            Object value = claim(claims, path);
            if (value instanceof String text) {
                for (String word : text.split(" ")) {
                    if (!word.isEmpty()) {
                        words.add(word);
                    }
                }
            } else if (value instanceof List<?> list) {
                for (Object word : list) {
                    if (word instanceof String text) {
                        words.add(text);
                    }
                }
            }
        }
        return Set.copyOf(words);
    }

    /** A claim by its name, or else by its path of names with dots ({@code realm_access.roles}). */
    static @Nullable Object claim(Map<String, @Nullable Object> claims, String path) {
        Object named = claims.get(path);
        if (named != null || path.indexOf('.') < 0 || claims.containsKey(path)) {
            return named;
        }
        Object value = claims;
        for (String name : path.split("\\.")) {
            if (!(value instanceof Map<?, ?> map)) {
                return null;
            }
            value = map.get(name);
        }
        return value;
    }
}
