package io.aerofusion.gateway.upstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of an upstream at one moment, and which of them may be chosen, by priority: immutable, replaced whole when one comes, goes,
 * falls ill or recovers.
 */
final class EndpointSet {
    /** More endpoints than this an upstream does not use; the rest is left out, with a warning. */
    static final int ENDPOINTS_MAX = 1_024;

    static final EndpointSet EMPTY = new EndpointSet(new Endpoint[0], new boolean[0], false, new Level[0]);

    /** Those of one priority that take part now: well reputed (or, in panic, all) and without an open breaker. */
    static final class Level {
        private final Endpoint[] eligible;
        private final Balancer balancer;

        private Level(Endpoint[] eligible, Balancer balancer) {
            this.eligible = eligible;
            this.balancer = balancer;
        }

        /** At least one. Not to be changed. */
        Endpoint[] eligible() {
            return eligible;
        }

        /** The choice among them. */
        Balancer balancer() {
            return balancer;
        }
    }

    private final Endpoint[] members;
    /** Which of them take part. */
    private final boolean[] in;

    private final boolean panic;
    private final Level[] levels;

    private EndpointSet(Endpoint[] members, boolean[] in, boolean panic, Level[] levels) {
        this.members = members;
        this.in = in;
        this.panic = panic;
        this.levels = levels;
    }

    /**
     * As they are now. Their source may tell other weights meanwhile, and their reputation may change, so each is asked once.
     *
     * @param ring over those members that have a weight; null unless the balancing hashes
     */
    static EndpointSet of(
            Endpoint[] members, @Nullable EndpointRing ring, Balancing balancing, UpstreamLoad load, Dice dice) {
        record Share(Endpoint endpoint, int weight, boolean reputed) {}
        List<Share> shares = Arrays.stream(members)
                .map(endpoint -> new Share(endpoint, endpoint.weight(), endpoint.wellReputed()))
                .toList();
        boolean panic = shares.stream().noneMatch(share -> share.weight > 0 && share.reputed)
                && shares.stream().anyMatch(share -> share.weight > 0);
        boolean[] in = new boolean[members.length];
        TreeMap<Integer, List<Share>> eligible = new TreeMap<>();
        for (int i = 0; i < in.length; i++) {
            Share share = shares.get(i);
            in[i] = share.weight > 0 && (panic || share.reputed) && !share.endpoint.breaker.isOpen();
            if (in[i]) {
                eligible.computeIfAbsent(share.endpoint.priority(), level -> new ArrayList<>())
                        .add(share);
            }
        }
        Level[] levels = eligible.values().stream()
                .map(level -> {
                    Endpoint[] endpoints = level.stream().map(Share::endpoint).toArray(Endpoint[]::new);
                    int[] weights = level.stream().mapToInt(Share::weight).toArray();
                    return new Level(endpoints, Balancer.of(balancing, endpoints, weights, ring, load, dice));
                })
                .toArray(Level[]::new);
        return new EndpointSet(members, in, panic, levels);
    }

    /** Whether somebody takes part who would not now, or the other way round. */
    boolean outdated() {
        for (int i = 0; i < in.length; i++) {
            Endpoint endpoint = members[i];
            if (in[i] != (endpoint.weight() > 0 && (panic || endpoint.wellReputed()) && !endpoint.breaker.isOpen())) {
                return true;
            }
        }
        return false;
    }

    /** Why nobody can be chosen. */
    Refusal refusal() {
        return Arrays.stream(members).anyMatch(e -> e.weight() > 0) ? Refusal.BREAKER_OPEN : Refusal.NO_ENDPOINT;
    }

    /** All, those of weight 0 included. Not to be changed. */
    Endpoint[] members() {
        return members;
    }

    /** Whether checks and ejections left nobody and are ignored. */
    boolean panic() {
        return panic;
    }

    /** Those of whom somebody takes part now, the first priority first. Not to be changed. */
    Level[] levels() {
        return levels;
    }
}
