package io.aerofusion.route;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A listener of the gateway, as clients see it.
 *
 * @param hostname which hosts it serves: empty for all, exact, or {@code *.example.com}
 * @param publicUrl by which clients find it, if that is not by its own port: a scheme, a host, perhaps a port
 */
public record GatewayListener(
        String name,
        int port,
        String hostname,
        boolean tls,
        @Nullable URI publicUrl) {
    /** Whether a route with this parent is attached to it. */
    boolean is(ParentRef parent) {
        return (parent.sectionName() == null || parent.sectionName().equals(name))
                && (parent.port() == null || parent.port() == port);
    }

    /** Where clients find a host of it; empty for all of them. */
    ApiReach.Origin origin(String host) {
        if (publicUrl == null) {
            return new ApiReach.Origin(tls, host, port);
        }
        boolean https = publicUrl.getScheme().equals("https");
        int usual = https ? 443 : 80;
        return new ApiReach.Origin(
                https,
                host.isEmpty() ? publicUrl.getHost() : host,
                publicUrl.getPort() < 0 ? usual : publicUrl.getPort());
    }
}
