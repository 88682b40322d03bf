package io.aerofusion.gateway.upstream;

import io.aerofusion.route.UpstreamSpec;
import org.jspecify.annotations.Nullable;

/**
 * How an upstream is spoken to. Connections belong to it: an upstream whose transport changes begins with new endpoints.
 *
 * @param protocol what goes over its connections
 * @param tls null for none
 */
public record Transport(Protocol protocol, UpstreamSpec.@Nullable Tls tls) {
    /** What goes over a connection. */
    public enum Protocol {
        HTTP1,
        HTTP2
    }

    public static final Transport HTTP = new Transport(Protocol.HTTP1, null);
}
