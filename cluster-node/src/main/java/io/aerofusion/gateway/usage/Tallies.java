package io.aerofusion.gateway.usage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The tallies of one kind by name, a bounded number of them. */
public final class Tallies {
    /** Those beyond a bound, together; no resource has this name. */
    public static final String OTHER = "_other";

    private final int loops;
    private final int namesMax;
    private final ConcurrentHashMap<String, Tally> byName = new ConcurrentHashMap<>();
    private final Tally other;
    private volatile int epoch;

    Tallies(int loops, int namesMax) {
        this.loops = loops;
        this.namesMax = namesMax;
        this.other = new Tally(OTHER, loops);
    }

    /** The tally of this name: kept as long as {@link #retain} names it; the one of all others when there are too many. */
    public Tally of(String name) {
        Tally known = byName.get(name);
        return known == null ? add(name) : known;
    }

    private synchronized Tally add(String name) {
        if (byName.size() >= namesMax && !byName.containsKey(name)) return other;
        return byName.computeIfAbsent(name, added -> new Tally(added, loops));
    }

    /** Forgets all but these. */
    synchronized void retain(Set<String> names) {
        byName.keySet().retainAll(names);
        epoch++;
    }

    /** Changes when a name may stand for another tally than before. */
    int epoch() {
        return epoch;
    }

    List<Usage.Counts> counts() {
        List<Usage.Counts> counts = new ArrayList<>();
        for (Tally tally : byName.values()) counts.add(tally.counts());
        Usage.Counts others = other.counts();
        if (others.requests() > 0 || others.active() > 0) counts.add(others);
        counts.sort(Comparator.comparing(Usage.Counts::name));
        return counts;
    }
}
