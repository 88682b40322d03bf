package io.aerofusion.gateway;

import org.jspecify.annotations.Nullable;

/** Finds the route of a request. */
@FunctionalInterface
interface Router {
    @Nullable Route route(RequestView request);
}
