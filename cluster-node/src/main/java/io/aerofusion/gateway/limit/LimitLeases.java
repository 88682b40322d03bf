package io.aerofusion.gateway.limit;

import java.util.concurrent.CompletionStage;

/**
 * How a node gets tokens of a cluster-wide limit from the one owner of its key: the seam between the data path and the cluster. Behind it
 * stands a {@link LimitOwner} that the cluster keeps exactly one of per shard of keys.
 *
 * <p>The stage may fail or never complete: {@link LeasedLimit} waits a bounded time and then goes on with its share.
 */
@FunctionalInterface
public interface LimitLeases {
    /** Asks the owner; never blocks. */
    CompletionStage<Lease> lease(Ask ask);

    /**
     * What a node asks for.
     *
     * @param limit the name of the limit
     * @param key whose tokens, the same text on every node
     * @param rate of the limit, as this node knows it: the owner keeps no configuration of its own
     * @param wanted how many tokens, at least 1
     * @param atLeast with fewer nothing can be done: give none then; 1 to wanted
     */
    record Ask(String limit, String key, Rate rate, int wanted, int atLeast) {}

    /**
     * What the owner gives.
     *
     * @param tokens 0, or as many as are of use to as many as wanted; spent from the moment they are given
     * @param left how many the owner could still give
     * @param retryNanos when no token was given: how long to wait before enough can be there
     */
    record Lease(int tokens, int left, long retryNanos) {}
}
