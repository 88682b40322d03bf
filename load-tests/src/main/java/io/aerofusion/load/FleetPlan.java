package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.space.Mutation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who does what while the fleet is offline: the real edits, spread so that all edits of one runway are made by one device in their order, and
 * collisions on runways that nobody else touches, so that what must come out of them is known.
 *
 * @param work per device, in order
 * @param edits how many of the mutations are real edits
 */
record FleetPlan(List<List<Mutation>> work, int edits) {
    static final String COLLECTION = "runways";
    /** Two devices give one field two values: resolved by the policy. */
    static final int SAME_FIELD = 120;
    /** The same on a field with the policy {@code manual}: one value is live, the other queued. */
    static final int MANUAL_FIELD = 40;
    /** One deletes, another changes: the update wins. */
    static final int DELETE_AND_UPDATE = 30;
    /** Two change two fields of one document: no conflict, both stay. */
    static final int OTHER_FIELDS = 60;
    /** Three count up one counter: no conflict, all count. */
    static final int COUNTERS = 50;

    static final int CONFLICTS = SAME_FIELD + MANUAL_FIELD + DELETE_AND_UPDATE;
    static final int COLLISIONS = CONFLICTS + OTHER_FIELDS + COUNTERS;

    /** What the collection is told about its fields. */
    static final String SCHEMA = """
            {"type": "object",
             "properties": {
               "le_ident": {"type": "string", "x-sync": {"type": "lww", "policy": "manual"}},
               "inspections": {"type": "integer", "x-sync": "counter"}}}
            """;

    static FleetPlan of(Runways runways, int devices) {
        List<List<Mutation>> work = new ArrayList<>();
        for (int i = 0; i < devices; i++) {
            work.add(new ArrayList<>());
        }
        Set<String> edited = new HashSet<>();
        for (Runways.Edit edit : runways.edits()) {
            edited.add(edit.id());
            work.get(Math.floorMod(edit.id().hashCode(), devices)).add(mutation(edit));
        }
        List<String> free = runways.base().stream()
                .map(Runways.Runway::id)
                .filter(id -> !edited.contains(id))
                .limit(COLLISIONS)
                .toList();
        for (int i = 0; i < COLLISIONS; i++) {
            collide(free.get(i), i, work);
        }
        return new FleetPlan(work, runways.edits().size());
    }

    static Mutation mutation(Runways.Edit edit) {
        return switch (edit) {
            case Runways.Edit.Created created -> Mutation.set(COLLECTION, created.id(), 0, created.fields());
            case Runways.Edit.Changed changed ->
                new Mutation(
                        COLLECTION,
                        changed.id(),
                        0,
                        changed.set(),
                        changed.unset(),
                        false,
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Map.of());
            case Runways.Edit.Deleted deleted -> Mutation.delete(COLLECTION, deleted.id(), 0);
        };
    }

    private static void collide(String id, int i, List<List<Mutation>> work) {
        int devices = work.size();
        List<Mutation> one = work.get(i % devices);
        List<Mutation> other = work.get((i + 1 + i / devices % (devices - 1)) % devices);
        int kind = i;
        if (kind < SAME_FIELD) {
            one.add(set(id, "surface", "ASPH-" + i));
            other.add(set(id, "surface", "CONC-" + i));
        } else if ((kind -= SAME_FIELD) < MANUAL_FIELD) {
            one.add(set(id, "le_ident", "09L"));
            other.add(set(id, "le_ident", "10R"));
        } else if ((kind -= MANUAL_FIELD) < DELETE_AND_UPDATE) {
            one.add(Mutation.delete(COLLECTION, id, 0));
            other.add(set(id, "length_ft", Integer.toString(4_000 + i)));
        } else if ((kind -= DELETE_AND_UPDATE) < OTHER_FIELDS) {
            one.add(set(id, "surface", "GRVL"));
            other.add(set(id, "width_ft", Integer.toString(50 + i)));
        } else {
            for (int by = 0; by < 3; by++) {
                work.get((i + by) % devices).add(Mutation.inc(COLLECTION, id, 0, "inspections", by + 1L));
            }
        }
    }

    private static Mutation set(String id, String field, String value) {
        JsonNode text = TextNode.valueOf(value);
        return Mutation.set(COLLECTION, id, 0, Map.of(field, text));
    }

    int mutations() {
        return work.stream().mapToInt(List::size).sum();
    }
}
