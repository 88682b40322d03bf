package io.aerofusion.gateway.routing;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads parameters in a raw query, as forms write them ({@code +} is a space). */
final class Query {
    private Query() {}

    /** Whether the first parameter of that name has that value. Makes no object unless something is encoded. */
    static boolean firstIs(String query, String name, String value) {
        for (int from = 0; from < query.length(); ) {
            int end = end(query, from);
            int equals = equals(query, from, end);
            if (is(query, from, equals, name)) {
                return is(query, Math.min(equals + 1, end), end, value);
            }
            from = end + 1;
        }
        return false;
    }

    /** The first parameter of that name, decoded. */
    static @Nullable String first(String query, String name) {
        for (int from = 0; from < query.length(); ) {
            int end = end(query, from);
            int equals = equals(query, from, end);
            if (is(query, from, equals, name)) {
                return decoded(query, Math.min(equals + 1, end), end);
            }
            from = end + 1;
        }
        return null;
    }

    private static int end(String query, int from) {
        int end = query.indexOf('&', from);
        return end < 0 ? query.length() : end;
    }

    private static int equals(String query, int from, int end) {
        int at = query.indexOf('=', from);
        return at < 0 || at > end ? end : at;
    }

    private static boolean is(String query, int from, int to, String text) {
        for (int i = from; i < to; i++) {
            if (query.charAt(i) == '%' || query.charAt(i) == '+') {
                return decoded(query, from, to).equals(text);
            }
        }
        return to - from == text.length() && query.startsWith(text, from);
    }

    private static String decoded(String query, int from, int to) {
        byte[] bytes = new byte[(to - from) * 3];
        int count = 0;
        for (int i = from; i < to; i++) {
            char unit = query.charAt(i);
            if (unit == '%' && i + 2 < to && hex(query, i + 1) >= 0 && hex(query, i + 2) >= 0) {
                bytes[count++] = (byte) (hex(query, i + 1) << 4 | hex(query, i + 2));
                i += 2;
            } else if (unit == '+') {
                bytes[count++] = ' ';
            } else {
                byte[] one = String.valueOf(unit).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(one, 0, bytes, count, one.length);
                count += one.length;
            }
        }
        return new String(bytes, 0, count, StandardCharsets.UTF_8);
    }

    private static int hex(String text, int at) {
        char unit = text.charAt(at);
        return unit < 128 ? Character.digit(unit, 16) : -1;
    }
}
