package io.aerofusion.gateway.upstream;

import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What upstreams need of their gateway.
 *
 * @param sources the source for an origin
 * @param released told of each endpoint that left and has no request any more, {@link UpstreamTable#RELEASE_AFTER} later at the
 *     earliest: its idle connections can go
 */
public record UpstreamServices(
        Timeline timeline,
        Dice dice,
        Prober prober,
        Function<Origin, EndpointSource> sources,
        Consumer<Endpoint> released) {}
