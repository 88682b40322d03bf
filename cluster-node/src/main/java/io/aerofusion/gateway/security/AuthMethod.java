package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestView;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A way of callers to say who they are. Asked on event loops: does not block. */
interface AuthMethod {
    Answer check(RequestView request);

    /** The challenge that invites to this way, with what was wrong with the credential that came, if one came (RFC 9110, 11.6.1). */
    @Nullable String challenge(@Nullable Refusal refusal);

    /** Whether {@link #check} can answer {@link Answer.Wait}. */
    boolean canWait();

    /** The header {@code Authorization} without its scheme; null when it is absent or of another scheme, empty when it comes twice. */
    static @Nullable String credentials(RequestView request, String lowerCaseScheme) {
        List<String> fields = request.headers("authorization");
        if (fields.isEmpty()) {
            return null;
        }
        String field = fields.getFirst();
        int length = lowerCaseScheme.length();
        if (field.length() <= length
                || field.charAt(length) != ' '
                || !field.regionMatches(true, 0, lowerCaseScheme, 0, length)) {
            return null;
        }
        // What stands there twice could be read differently behind us.
        return fields.size() > 1 ? "" : field.substring(length + 1).strip();
    }

    /** A challenge of a token, as RFC 6750, section 3 has it. */
    static String bearer(@Nullable Refusal refusal) {
        return refusal == null
                ? "Bearer realm=\"gateway\""
                : "Bearer realm=\"gateway\", error=\"invalid_token\", error_description=\"" + refusal.sentence() + "\"";
    }

    /** A header's name as requests are asked for it. */
    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
