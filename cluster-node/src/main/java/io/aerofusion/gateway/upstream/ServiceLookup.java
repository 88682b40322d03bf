package io.aerofusion.gateway.upstream;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The node's service discovery, as the gateway sees it. */
@FunctionalInterface
public interface ServiceLookup {
    /** Knows no service; every lookup fails. */
    ServiceLookup NONE =
            (name, port) -> CompletableFuture.failedStage(new IllegalStateException("no discovery is configured"));

    /** The endpoints of a service now; fails when they cannot be found out, is empty when there are none. */
    CompletionStage<List<Target.Weighted>> lookup(String name, @Nullable String port);
}
