package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.Filter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The CORS protocol (Fetch, 3.2): which origins may read answers. */
public final class Cors {
    private static final String ALLOW_ORIGIN = "access-control-allow-origin";
    private static final String ALLOW_CREDENTIALS = "access-control-allow-credentials";
    private static final String EXPOSE_HEADERS = "access-control-expose-headers";

    private final boolean anyOrigin;
    private final List<Origin> origins;
    private final boolean credentials;
    private final boolean anyMethod;
    private final String methods;
    private final boolean anyHeader;
    private final String headers;
    private final boolean anyExposed;
    private final String exposed;
    private final String maxAge;

    Cors(Filter.Cors cors) {
        anyOrigin = cors.allowOrigins().contains("*");
        origins = cors.allowOrigins().stream().map(Origin::of).toList();
        credentials = cors.allowCredentials();
        anyMethod = cors.allowMethods().contains("*");
        methods = String.join(", ", cors.allowMethods());
        anyHeader = cors.allowHeaders().contains("*");
        headers = String.join(", ", cors.allowHeaders());
        anyExposed = cors.exposeHeaders().contains("*");
        exposed = String.join(", ", cors.exposeHeaders());
        maxAge = Integer.toString(cors.maxAge());
    }

    /**
     * The answer's headers if the request is a preflight: it is answered with 204 and goes no further. Null if it is none.
     *
     * <p>An origin that is not allowed gets the same answer without any of the headers: its browser then refuses.
     */
    public @Nullable Headers preflight(RequestView request) {
        String origin = request.header("origin");
        String method = request.header("access-control-request-method");
        if (origin == null || method == null || !request.method().equals("OPTIONS")) {
            return null;
        }
        Headers answer = Headers.of("vary", "origin, access-control-request-method, access-control-request-headers");
        if (!allows(origin)) {
            return answer;
        }
        origin(origin, answer);
        // with credentials a star would be taken literally, so what was asked for is named
        String allowedMethods = anyMethod ? method : methods;
        if (!allowedMethods.isEmpty()) {
            answer.add("access-control-allow-methods", allowedMethods);
        }
        String asked = request.header("access-control-request-headers");
        String allowedHeaders = anyHeader ? asked : headers;
        if (allowedHeaders != null && !allowedHeaders.isEmpty()) {
            answer.add("access-control-allow-headers", allowedHeaders);
        }
        answer.add("access-control-max-age", maxAge);
        if (!exposed.isEmpty() && !(anyExposed && credentials)) {
            answer.add(EXPOSE_HEADERS, exposed);
        }
        return answer;
    }

    /** Adds what the answer to an actual request needs; what the upstream says of CORS itself is replaced. */
    public void answered(RequestView request, Headers response) {
        String origin = request.header("origin");
        if (origin == null) {
            return;
        }
        response.remove(ALLOW_ORIGIN);
        response.remove(ALLOW_CREDENTIALS);
        response.remove(EXPOSE_HEADERS);
        if (!anyOrigin || credentials) {
            response.add("vary", "origin");
        }
        if (!allows(origin)) {
            return;
        }
        origin(origin, response);
        if (anyExposed && credentials) {
            response.add(EXPOSE_HEADERS, named(response));
        } else if (!exposed.isEmpty()) {
            response.add(EXPOSE_HEADERS, exposed);
        }
    }

    private void origin(String origin, Headers answer) {
        answer.add(ALLOW_ORIGIN, anyOrigin && !credentials ? "*" : origin);
        if (credentials) {
            answer.add(ALLOW_CREDENTIALS, "true");
        }
    }

    private boolean allows(String origin) {
        if (anyOrigin) {
            return true;
        }
        for (int i = 0; i < origins.size(); i++) {
            if (origins.get(i).fits(origin)) {
                return true;
            }
        }
        return false;
    }

    /** The names of the response's own headers, where a star may not stand for them. */
    private static String named(Headers response) {
        StringBuilder out = new StringBuilder();
        for (int entry = response.next(0); entry >= 0; entry = response.next(entry + 1)) {
            String name = response.lowerCaseName(entry);
            if (!name.startsWith("access-control-") && !name.equals("set-cookie") && !name.equals("vary")) {
                out.append(out.isEmpty() ? "" : ", ").append(name);
            }
        }
        return out.toString();
    }

    /** An origin, or with a star all hosts below one: what stands before and after the star. */
    private record Origin(String before, @Nullable String after) {
        static Origin of(String pattern) {
            String lower = pattern.toLowerCase(Locale.ROOT);
            int star = lower.indexOf('*');
            return star < 0 ? new Origin(lower, null) : new Origin(lower.substring(0, star), lower.substring(star + 1));
        }

        boolean fits(String origin) {
            if (after == null) {
                return origin.equalsIgnoreCase(before);
            }
            int least = before.length() + after.length();
            if (origin.length() <= least
                    || !origin.regionMatches(true, 0, before, 0, before.length())
                    || !origin.regionMatches(true, origin.length() - after.length(), after, 0, after.length())) {
                return false;
            }
            // the star stands for names, never for a port or another scheme
            for (int i = before.length(); i < origin.length() - after.length(); i++) {
                char unit = origin.charAt(i);
                boolean name =
                        (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || (unit >= '0' && unit <= '9');
                if (!name && unit != '-' && unit != '.' && unit != '_') {
                    return false;
                }
            }
            return true;
        }
    }
}
