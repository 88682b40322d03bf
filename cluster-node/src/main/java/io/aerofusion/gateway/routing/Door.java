package io.aerofusion.gateway.routing;

/**
 * A listener, as routes see it. Several with different host names may share one port; then the most specific one that the request's
 * host fits takes the request.
 *
 * @param name what {@code parentRefs[].sectionName} refers to
 * @param port what {@code parentRefs[].port} refers to and redirects state; as clients see it
 * @param hostname which hosts it serves: empty for all, exact, or {@code *.example.com}
 * @param tls whether clients speak TLS to it
 */
public record Door(String name, int port, String hostname, boolean tls) {
    /** A listener for every host. */
    public Door(String name, int port, boolean tls) {
        this(name, port, "", tls);
    }
}
