package io.aerofusion.gateway.routing;

import io.aerofusion.route.Filter.RequestRedirect;
import org.jspecify.annotations.Nullable;

/** An answer that sends the client elsewhere. */
public final class Redirect {
    private final @Nullable String scheme;
    private final @Nullable String hostname;
    private final @Nullable Integer port;
    private final @Nullable PathChange path;
    private final int status;

    Redirect(RequestRedirect redirect) {
        this.scheme = redirect.scheme();
        this.hostname = redirect.hostname();
        this.port = redirect.port();
        this.path = PathChange.of(redirect.path());
        this.status = redirect.statusCode();
    }

    /** 301, 302, 303, 307 or 308. */
    public int status() {
        return status;
    }

    /**
     * The address for {@code Location}, by the rules of the Gateway API: a port that is not stated is the well-known one of a stated scheme,
     * otherwise the listener's; 80 for http and 443 for https are left out.
     *
     * @param door the listener that took the request
     * @param host the request's host without port
     * @param rawTarget path and query as they were sent
     * @param normalPath the path in its normal form
     * @param prefixLength how much of it matched: {@link Candidate#prefixLength}
     */
    public String location(Door door, String host, String rawTarget, String normalPath, int prefixLength) {
        String toScheme = scheme == null ? (door.tls() ? "https" : "http") : scheme;
        int wellKnown = toScheme.equals("https") ? 443 : 80;
        int toPort;
        if (port != null) {
            toPort = port;
        } else {
            toPort = scheme != null ? wellKnown : door.port();
        }
        StringBuilder out = new StringBuilder(64);
        out.append(toScheme).append("://").append(hostname == null ? host : hostname);
        if (toPort != wellKnown && toPort > 0) {
            out.append(':').append(toPort);
        }
        int question = rawTarget.indexOf('?');
        String rawPath = question < 0 ? rawTarget : rawTarget.substring(0, question);
        out.append(path == null ? rawPath : path.apply(rawPath, normalPath, prefixLength));
        if (question >= 0) {
            out.append(rawTarget, question, rawTarget.length());
        }
        return out.toString();
    }
}
