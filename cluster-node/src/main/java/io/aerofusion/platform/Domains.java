package io.aerofusion.platform;

import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.security.Authenticator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The domains of a node, brought together. They do not know each other: what one needs of another is handed over here as a function.
 *
 * @param endpoints what they serve
 * @param authenticator whose tokens they know
 */
record Domains(List<Endpoint> endpoints, Authenticator authenticator) {
    /** Starts the domains on this node: their sharding, their projections. */
    static Domains start(NodeContext context) {
        return new Domains(List.of(), token -> CompletableFuture.completedFuture(Optional.empty()));
    }
}
