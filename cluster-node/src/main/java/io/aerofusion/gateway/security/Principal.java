package io.aerofusion.gateway.security;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, as one of a route's authentication methods found out.
 *
 * @param consumer the name of the consumer; null for somebody known by a token only, or by nothing
 * @param subject what the method knows the caller by: a token's subject, a user name, a certificate's subject; may be empty
 * @param scheme {@code jwt}, {@code introspection}, {@code apiKey}, {@code basic}, {@code mtls} or {@code anonymous}
 * @param roles of the consumer and of the token together
 * @param labels of the consumer
 * @param claims of the token
 */
public record Principal(
        @Nullable String consumer,
        String subject,
        String scheme,
        Set<String> roles,
        Set<String> scopes,
        Map<String, String> labels,
        Map<String, @Nullable Object> claims) {
    /** A caller without credentials, where a route allows that. */
    public static final Principal ANONYMOUS =
            new Principal(null, "", "anonymous", Set.of(), Set.of(), Map.of(), Map.of());

    /** Whether the caller brought no credential. */
    public boolean isAnonymous() {
        return scheme.equals("anonymous");
    }
}
