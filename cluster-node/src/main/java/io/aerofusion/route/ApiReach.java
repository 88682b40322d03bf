package io.aerofusion.route;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One way through the gateway to an upstream: a match of a rule of a route.
 *
 * @param rule the rule's name, if it has one
 * @param origins where clients find it
 * @param method that it is for; null for all
 * @param fullPath what the whole path becomes on its way; null if it does not
 * @param prefix what the matched prefix becomes on its way; null if it stays
 * @param versioning how callers name versions, if the rule serves one
 * @param version that the rule serves
 * @param deprecated since when it should no longer be used, by its version or a policy
 * @param sunset from when on it is expected not to answer any more
 */
record ApiReach(
        String route,
        @Nullable String rule,
        List<Origin> origins,
        @Nullable String method,
        RouteSpec.PathMatch path,
        @Nullable String fullPath,
        @Nullable String prefix,
        @Nullable Versioning versioning,
        @Nullable String version,
        @Nullable Instant deprecated,
        @Nullable Instant sunset) {
    /**
     * A listener of the gateway and a host that it serves.
     *
     * @param hostname empty for every host; it may begin with {@code *.}
     */
    record Origin(boolean tls, String hostname, int port) {
        /** The address; that of an origin for every host has the host by which the caller found this node. */
        String url(String caller) {
            String host = hostname.isEmpty()
                    ? caller
                    : hostname.startsWith("*.") ? "{host}" + hostname.substring(1) : hostname;
            boolean usual = port == (tls ? 443 : 80);
            return (tls ? "https://" : "http://") + host + (usual ? "" : ":" + port);
        }

        boolean wildcard() {
            return hostname.startsWith("*.");
        }
    }

    /** The path at which clients find what the upstream has at this one; empty if it cannot be reached this way. */
    Optional<String> exposed(String upstreamPath) {
        String at = path.value();
        return switch (path.type()) {
            case EXACT -> upstreamPath.equals(fullPath == null ? at : fullPath) ? Optional.of(at) : Optional.empty();
            case PATH_PREFIX -> {
                String outer = trimmed(at);
                if (fullPath != null) {
                    yield upstreamPath.equals(fullPath) ? Optional.of(orRoot(outer)) : Optional.empty();
                }
                String inner = prefix == null ? outer : trimmed(prefix);
                yield upstreamPath.equals(inner) || upstreamPath.startsWith(inner + "/")
                        ? Optional.of(orRoot(outer + upstreamPath.substring(inner.length())))
                        : Optional.empty();
            }
            case REGULAR_EXPRESSION ->
                fullPath == null && prefix == null && fits(at, upstreamPath)
                        ? Optional.of(upstreamPath)
                        : Optional.empty();
        };
    }

    /** Whether operations of that method get through; documents write it in lower case. */
    boolean takes(String lowerCase) {
        return method == null || method.toLowerCase(Locale.ROOT).equals(lowerCase);
    }

    private static boolean fits(String expression, String path) {
        try {
            return Pattern.compile(expression).matches(path);
        } catch (PatternSyntaxException refusedBefore) {
            return false;
        }
    }

    private static String trimmed(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    private static String orRoot(String path) {
        return path.isEmpty() ? "/" : path;
    }
}
