package io.aerofusion.gateway.usage;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tallies that one event loop met last, found by the name's own object: names of consumers are objects of the generation, so
 * nearly every request finds its consumer with one comparison of references. Confined to its loop.
 */
public final class NearTallies {
    private static final int SLOTS = 1_024;

    private final Tallies all;
    private final @Nullable String[] names = new @Nullable String[SLOTS];
    private final @Nullable Tally[] tallies = new @Nullable Tally[SLOTS];
    private int epoch = -1;

    public NearTallies(Tallies all) {
        this.all = all;
    }

    public Tally of(String name) {
        int now = all.epoch();
        if (now != epoch) {
            Arrays.fill(names, null);
            epoch = now;
        }
        int slot = name.hashCode() & (SLOTS - 1);
        Tally near = tallies[slot];
        if (near != null && isSame(names[slot], name)) return near;
        Tally found = all.of(name);
        names[slot] = name;
        tallies[slot] = found;
        return found;
    }

    @SuppressWarnings("ReferenceEquality") // another object of the same name is found the longer way
    private static boolean isSame(@Nullable String one, String other) {
        return one == other;
    }
}
