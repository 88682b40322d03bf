package io.aerofusion.gateway.limit;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * The limits of a node by their identity, so that a new generation goes on with what keys have used already.
 *
 * <p>Its size is that of the configuration: {@link #retain} drops what the current generation no longer names.
 */
public final class Limits {
    /** How many keys one limit tells apart on a node, unless told otherwise: 1 MiB per limit. */
    public static final int KEYS_MAX = 65_536;

    private final int keysMax;
    private final LongSupplier ticker;
    private final IntSupplier nodes;
    private final LimitLeases leases;
    private final Map<String, Limit> local = new ConcurrentHashMap<>();
    private final Map<String, LeasedLimit> leased = new ConcurrentHashMap<>();
    private final LongAdder onShare = new LongAdder();

    /**
     * @param keysMax per limit
     * @param ticker nanoseconds, monotonic
     * @param nodes how many nodes share a cluster-wide limit now, at least 1
     * @param leases how to ask the owner of a cluster-wide limit
     */
    public Limits(int keysMax, LongSupplier ticker, IntSupplier nodes, LimitLeases leases) {
        this.keysMax = keysMax;
        this.ticker = ticker;
        this.nodes = nodes;
        this.leases = leases;
    }

    /** The limit of a name that each node keeps for itself. */
    public Limit local(String name) {
        return local.computeIfAbsent(name, key -> new Limit(key, keysMax, ticker));
    }

    /** The limit of a name that holds for the whole cluster. */
    public LeasedLimit leased(String name) {
        return leased.computeIfAbsent(
                name, key -> new LeasedLimit(key, keysMax, LeaseBounds.DEFAULT, ticker, nodes, leases, onShare));
    }

    /** Requests since the start that this node decided by its share because the owner of a cluster-wide limit was silent. */
    public long onShareCount() {
        return onShare.sum();
    }

    /** Forgets all limits but these: what a generation that was taken out of service has used is of no interest. */
    public void retain(Set<String> names) {
        local.keySet().retainAll(names);
        leased.keySet().retainAll(names);
    }
}
