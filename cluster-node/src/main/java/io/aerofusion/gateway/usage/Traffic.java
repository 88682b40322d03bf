package io.aerofusion.gateway.usage;

import java.util.Set;

/** All tallies of a gateway. */
public final class Traffic {
    /** Routes, and upstreams, that are counted by name. */
    public static final int ROUTES_MAX = 2_000;
    /** Consumers that are counted by name: the first that come. */
    public static final int CONSUMERS_MAX = 1_000;

    private final Tallies routes;
    private final Tallies upstreams;
    private final Tallies consumers;

    /**
     * @param loops event loops, which count by their index below this
     */
    public Traffic(int loops) {
        routes = new Tallies(loops, ROUTES_MAX);
        upstreams = new Tallies(loops, ROUTES_MAX);
        consumers = new Tallies(loops, CONSUMERS_MAX);
    }

    public Tallies routes() {
        return routes;
    }

    public Tallies upstreams() {
        return upstreams;
    }

    public Tallies consumers() {
        return consumers;
    }

    /** A generation names these from now on: the rest is forgotten, which makes room for those that are new. */
    public void retain(Set<String> routeNames, Set<String> upstreamNames, Set<String> consumerNames) {
        routes.retain(routeNames);
        upstreams.retain(upstreamNames);
        consumers.retain(consumerNames);
    }

    public Usage usage() {
        return new Usage(routes.counts(), upstreams.counts(), consumers.counts());
    }
}
