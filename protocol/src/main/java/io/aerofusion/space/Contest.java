package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What of a whole document waits for somebody to choose: updates against deletes where the policy is {@code manual}. An operation that
 * met such a conflict brings the side that lost; who knew it and deleted the document, or wrote all of it, settled it. So what waits
 * follows from the facts alone and is the same everywhere. It outlives the document's lives.
 *
 * @param open what waits
 * @param settled what does not wait any more
 */
record Contest(List<Entry> open, List<Settled> settled) {
    static final Contest NONE = new Contest(List.of(), List.of());

    /**
     * The side that lost.
     *
     * @param winner stamp of the operation that won
     * @param value what the document would have been, or what was written to it; null for a delete
     * @param by the operation that met the other one
     */
    record Entry(Stamp winner, Stamp loser, @Nullable JsonNode value, Origin by) {}

    /** An entry that is gone. {@code origin} is null while it has not even arrived. */
    record Settled(Dot dot, @Nullable Origin origin, Origin by) {}

    boolean isEmpty() {
        return open.isEmpty() && settled.isEmpty();
    }

    Contest merge(Operation operation, Origin origin) {
        Operation.Contested contested = operation.contested();
        if (contested == null && operation.settled().isEmpty()) {
            return this;
        }
        List<Entry> waiting = new ArrayList<>(open);
        List<Settled> gone = new ArrayList<>(settled);
        for (Dot dot : operation.settled()) {
            if (gone.stream().noneMatch(entry -> entry.dot.equals(dot))) {
                Origin known = null;
                for (Entry entry : open) {
                    known = dot.isOf(entry.by) ? entry.by : known;
                }
                gone.add(new Settled(dot, known, origin));
            }
        }
        waiting.removeIf(entry -> gone.stream().anyMatch(settlement -> settlement.dot.isOf(entry.by)));
        if (contested != null) {
            add(contested, origin, waiting, gone);
        }
        waiting.sort((left, right) -> right.by.compareTo(left.by));
        return new Contest(List.copyOf(waiting), List.copyOf(gone));
    }

    private static void add(Operation.Contested contested, Origin origin, List<Entry> waiting, List<Settled> gone) {
        for (int i = 0; i < gone.size(); i++) {
            if (gone.get(i).dot.isOf(origin)) {
                gone.set(i, new Settled(gone.get(i).dot, origin, gone.get(i).by));
                return;
            }
        }
        // One mutation that two regions accepted waits once, as the later one has it.
        waiting.removeIf(entry -> entry.by.isSameMutation(origin) && entry.by.compareTo(origin) <= 0);
        if (waiting.stream().noneMatch(entry -> entry.by.isSameMutation(origin))) {
            waiting.add(new Entry(contested.winner(), contested.loser(), contested.value(), origin));
        }
    }

    /** The entries that somebody knew. */
    List<Dot> known(Knowledge knowledge) {
        return open.stream()
                .filter(entry -> knowledge.covers(entry.by))
                .map(entry -> entry.by.dot())
                .toList();
    }

    /** Whether nothing waits and everybody has seen everything up to the horizon. */
    boolean isOver(Cursor horizon) {
        return open.isEmpty() && settled.stream().allMatch(entry -> isOver(entry, horizon));
    }

    /** What stays when everybody has seen everything up to the horizon. */
    Contest purged(Cursor horizon) {
        List<Settled> kept =
                settled.stream().filter(entry -> !isOver(entry, horizon)).toList();
        return kept.size() == settled.size() ? this : new Contest(open, kept);
    }

    private static boolean isOver(Settled entry, Cursor horizon) {
        return entry.origin != null && entry.origin.isCoveredBy(horizon) && entry.by.isCoveredBy(horizon);
    }

    int weight() {
        int sum = 0;
        for (Entry entry : open) {
            sum += entry.value == null ? 0 : Json.weight(entry.value);
        }
        return sum;
    }
}
