package io.aerofusion.gateway.upstream;

import io.aerofusion.route.UpstreamSpec;
import org.jspecify.annotations.Nullable;

/**
 * How an upstream is spoken to. Connections belong to it: an upstream whose transport changes begins with new endpoints.
 *
 * @param protocol what goes over its connections
 * @param tls null for none
 * @param anyName whether the certificates that {@code tls} trusts are enough, whatever names they bear: those of the platform's own nodes
 */
public record Transport(Protocol protocol, UpstreamSpec.@Nullable Tls tls, boolean anyName) {
    public Transport(Protocol protocol, UpstreamSpec.@Nullable Tls tls) {
        this(protocol, tls, false);
    }

    /** HTTP/1.1 over TLS to whoever shows this certificate (PEM): to a server that is known by it and not by its name. */
    public static Transport pinned(String certificate) {
        return new Transport(Protocol.HTTP1, new UpstreamSpec.Tls(null, certificate, null, true), true);
    }

    /** What goes over a connection. */
    public enum Protocol {
        HTTP1,
        HTTP2
    }

    public static final Transport HTTP = new Transport(Protocol.HTTP1, null);
}
