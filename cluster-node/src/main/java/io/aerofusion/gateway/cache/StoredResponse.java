package io.aerofusion.gateway.cache;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A response as it is kept. Immutable, although its fields lie in {@link Headers}: nobody changes those.
 *
 * @param fields without those of a connection, without {@code Age}
 * @param vary the request's values of the fields that {@code Vary} named, by their names in lower case
 * @param initialAge milliseconds: how old it was when it came (RFC 9111, 4.2.3)
 * @param receivedAt milliseconds of the epoch
 * @param lifetime milliseconds: how long it is fresh (RFC 9111, 4.2.1)
 */
@SuppressWarnings("ArrayRecordComponent") // nothing compares it
public record StoredResponse(
        int status,
        Headers fields,
        byte[] body,
        Map<String, String> vary,
        long initialAge,
        long receivedAt,
        long lifetime) {

    /** The request's values of the fields that a response varies by; null when it varies by everything ({@code *}). */
    static @Nullable Map<String, String> vary(Headers response, RequestView request) {
        Map<String, String> values = new TreeMap<>();
        for (String field : response.all("vary")) {
            for (String name : field.split(",")) {
                String lower = name.strip().toLowerCase(Locale.ROOT);
                if (lower.equals("*")) {
                    return null;
                }
                if (!lower.isEmpty()) {
                    values.put(lower, value(request, lower));
                }
            }
        }
        return Map.copyOf(values);
    }

    /** Several lines of a field are one list; space around its elements does not count (RFC 9111, 4.1). */
    private static String value(RequestView request, String name) {
        List<String> lines = request.headers(name);
        return lines.isEmpty() ? "\0" : String.join(",", lines).strip().replaceAll("\\s*,\\s*", ",");
    }

    /** Whether it was selected by the same values of the fields it varies by. */
    boolean matches(RequestView request) {
        for (Map.Entry<String, String> selecting : vary.entrySet()) {
            if (!selecting.getValue().equals(value(request, selecting.getKey()))) {
                return false;
            }
        }
        return true;
    }

    /** How old it is, in milliseconds. */
    long age(long now) {
        return initialAge + Math.max(0, now - receivedAt);
    }

    /** How much memory it takes, about. */
    int weight() {
        int bytes = 512 + body.length;
        for (int entry = fields.next(0); entry >= 0; entry = fields.next(entry + 1)) {
            bytes += fields.name(entry).length() + fields.value(entry).length() + 24;
        }
        return bytes;
    }
}
