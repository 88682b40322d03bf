package io.aerofusion.gateway.upstream;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of an upstream at one moment, and which of them may be chosen: immutable, replaced whole when one comes, goes, falls ill
 * or recovers.
 */
final class EndpointSet {
    /** More endpoints than this an upstream does not use; the rest is left out, with a warning. */
    static final int ENDPOINTS_MAX = 1_024;

    static final EndpointSet EMPTY = new EndpointSet(new Endpoint[0], new Endpoint[0], false, null);

    private final Endpoint[] members;
    private final Endpoint[] eligible;
    private final boolean panic;
    private final @Nullable Balancer balancer;

    private EndpointSet(Endpoint[] members, Endpoint[] eligible, boolean panic, @Nullable Balancer balancer) {
        this.members = members;
        this.eligible = eligible;
        this.panic = panic;
        this.balancer = balancer;
    }

    /** @param ring over those members that have a weight; null unless the balancing hashes */
    static EndpointSet of(
            Endpoint[] members, @Nullable EndpointRing ring, Balancing balancing, UpstreamLoad load, Dice dice) {
        Endpoint[] weighted = Arrays.stream(members).filter(e -> e.weight() > 0).toArray(Endpoint[]::new);
        boolean panic = weighted.length > 0 && Arrays.stream(weighted).noneMatch(Endpoint::wellReputed);
        Endpoint[] eligible = Arrays.stream(weighted)
                .filter(e -> (panic || e.wellReputed()) && !e.breaker.isOpen())
                .toArray(Endpoint[]::new);
        Balancer balancer = eligible.length == 0 ? null : Balancer.of(balancing, eligible, ring, load, dice);
        return new EndpointSet(members, eligible, panic, balancer);
    }

    /** Why nobody can be chosen. */
    Refusal refusal() {
        return Arrays.stream(members).anyMatch(e -> e.weight() > 0) ? Refusal.BREAKER_OPEN : Refusal.NO_ENDPOINT;
    }

    /** All, those of weight 0 included. Not to be changed. */
    Endpoint[] members() {
        return members;
    }

    /** Those that take part now: well reputed (or, in panic, all) and without an open breaker. Not to be changed. */
    Endpoint[] eligible() {
        return eligible;
    }

    /** Whether checks and ejections left nobody and are ignored. */
    boolean panic() {
        return panic;
    }

    /** The choice among the eligible; null when there is none. */
    @Nullable Balancer balancer() {
        return balancer;
    }
}
