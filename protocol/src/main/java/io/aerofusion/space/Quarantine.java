package io.aerofusion.space;

import java.util.ArrayList;
import java.util.List;

/**
 * The mutations of a space that were neither merged nor dropped: their devices were away so long that nobody knows whether the
 * documents they name were deleted meanwhile. Somebody makes them anew on the present, or discards them.
 */
final class Quarantine {
    /** How many mutations may wait; more are rejected without being kept. */
    static final int SIZE_MAX = 1_000;

    private final List<Quarantined> waiting = new ArrayList<>();
    private long bytes;

    /** What waits, oldest first. */
    List<Quarantined> list() {
        return List.copyOf(waiting);
    }

    boolean contains(String device, long seq) {
        return waiting.stream().anyMatch(mutation -> is(mutation, device, seq));
    }

    /** Takes a mutation out, because somebody decided about it; without effect when it is not there. */
    void discard(String device, long seq) {
        waiting.removeIf(held -> {
            boolean found = is(held, device, seq);
            bytes -= found ? held.mutation().weight() : 0;
            return found;
        });
    }

    void add(Quarantined mutation) {
        if (!contains(mutation.device(), mutation.seq())) {
            waiting.add(mutation);
            bytes += mutation.mutation().weight();
        }
    }

    /** About how many bytes the mutations take as JSON. */
    long bytes() {
        return bytes;
    }

    int size() {
        return waiting.size();
    }

    private static boolean is(Quarantined mutation, String device, long seq) {
        return mutation.seq() == seq && mutation.device().equals(device);
    }
}
