package io.aerofusion.gateway.cache;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The directives of {@code Cache-Control} (RFC 9111, 5.2) of one message: names in lower case, arguments without their quotes. */
public final class Directives {
    /** What a number of seconds that is too large counts as (RFC 9111, 1.2.2). */
    static final long SECONDS_MAX = Integer.MAX_VALUE;

    private final Map<String, String> values = new HashMap<>();

    private Directives() {}

    /** Reads the field's lines. Of a directive that stands there twice the first counts; what cannot be read is passed over. */
    public static Directives of(List<String> fields) {
        Directives directives = new Directives();
        for (String field : fields) {
            directives.read(field);
        }
        return directives;
    }

    private void read(String field) {
        int at = 0;
        while (at < field.length()) {
            int end = at;
            boolean quoted = false;
            while (end < field.length() && (quoted || field.charAt(end) != ',')) {
                if (field.charAt(end) == '"') {
                    quoted = !quoted;
                } else if (quoted && field.charAt(end) == '\\') {
                    end++;
                }
                end++;
            }
            String directive =
                    field.substring(at, Math.min(end, field.length())).strip();
            at = end + 1;
            int equals = directive.indexOf('=');
            String name = (equals < 0 ? directive : directive.substring(0, equals))
                    .strip()
                    .toLowerCase(Locale.ROOT);
            String value = equals < 0 ? "" : directive.substring(equals + 1).strip();
            if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
                value = value.substring(1, value.length() - 1);
            }
            if (!name.isEmpty()) {
                values.putIfAbsent(name, value);
            }
        }
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** Whether the directive stands there without naming fields: {@code no-cache="x"} is about one field only. */
    boolean hasWhole(String name) {
        String value = values.get(name);
        return value != null && value.isEmpty();
    }

    /** The seconds of a directive; null when it is absent, 0 when they cannot be read: rather stale than too fresh. */
    @Nullable Long seconds(String name) {
        String value = values.get(name);
        if (value == null) {
            return null;
        }
        if (value.isEmpty() || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0L;
        }
        return value.length() > 10 ? SECONDS_MAX : Math.min(SECONDS_MAX, Long.parseLong(value));
    }
}
