package io.aerofusion.route;

/**
 * A listener of the gateway, as clients see it.
 *
 * @param hostname which hosts it serves: empty for all, exact, or {@code *.example.com}
 */
public record GatewayListener(String name, int port, String hostname, boolean tls) {
    /** Whether a route with this parent is attached to it. */
    boolean is(ParentRef parent) {
        return (parent.sectionName() == null || parent.sectionName().equals(name))
                && (parent.port() == null || parent.port() == port);
    }
}
