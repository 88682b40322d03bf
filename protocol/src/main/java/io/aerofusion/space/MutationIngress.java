package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Turns one mutation into one operation on one document. */
final class MutationIngress {
    private final Document document;
    private final Mutation mutation;
    private final String device;
    private final long seq;
    private final @Nullable Cursor base;
    private final CollectionRules rules;
    private final SpaceLimits limits;

    /** Path -> value, flattened to leaves. */
    private final SortedMap<String, JsonNode> set = new TreeMap<>();
    /** Paths that hold nothing any more. */
    private final SortedSet<String> unset = new TreeSet<>();

    private final boolean anew;
    private final List<Conflict> conflicts = new ArrayList<>();
    private long hlc;

    MutationIngress(
            Document document,
            Mutation mutation,
            String device,
            long seq,
            @Nullable Cursor base,
            CollectionRules rules,
            SpaceLimits limits)
            throws RejectedException {
        this.document = document;
        this.mutation = mutation;
        this.device = device;
        this.seq = seq;
        this.base = base;
        this.rules = rules;
        this.limits = limits;
        this.anew = !mutation.delete() && !document.isLive() && document.isKnownDeleted(base, device);
        readPaths();
    }

    private void readPaths() throws RejectedException {
        if (mutation.delete()) {
            boolean alone = mutation.set().isEmpty()
                    && mutation.unset().isEmpty()
                    && mutation.inc().isEmpty()
                    && mutation.add().isEmpty()
                    && mutation.remove().isEmpty()
                    && mutation.insert().isEmpty();
            if (!alone) {
                throw new RejectedException(ErrorCode.INVALID_REQUEST, "a delete stands alone", "", null);
            }
            return;
        }
        for (Map.Entry<String, JsonNode> entry : mutation.set().entrySet()) {
            String path = canonical(entry.getKey());
            int depth = Path.segments(path).size();
            try {
                flatten(path, Json.normalize(entry.getValue(), limits.nestingMax() - depth));
            } catch (Json.InvalidValueException e) {
                throw rejected(e.code(), e.detail(), path);
            }
        }
        for (String given : mutation.unset()) {
            String path = canonical(given);
            unset.add(path);
            document.beneath(path).forEach(cell -> unset.add(cell.path()));
        }
        // What was set by this operation makes place for itself: known values above and beneath it are gone.
        for (String path : set.keySet()) {
            document.beneath(path).stream()
                    .filter(cell -> isKnown(cell.origin()) && !isEmptyObject(path))
                    .forEach(cell -> unset.add(cell.path()));
            for (String above = path; Path.isNested(above); ) {
                above = Path.parent(above);
                Cell cell = document.cell(above);
                if (cell != null && !Document.isEmptyObject(cell) && isKnown(cell.origin())) {
                    unset.add(above);
                }
            }
        }
        unset.removeAll(set.keySet());
    }

    private boolean isEmptyObject(String path) {
        JsonNode value = set.get(path);
        return value != null && value.isObject() && value.isEmpty();
    }

    private String canonical(String path) throws RejectedException {
        try {
            return Path.canonical(path);
        } catch (IllegalArgumentException e) {
            throw new RejectedException(
                    ErrorCode.INVALID_REQUEST, "a path is a member name or a JSON Pointer", "", null);
        }
    }

    private void flatten(String path, JsonNode value) throws RejectedException {
        if (value.isObject() && !value.isEmpty()) {
            for (Map.Entry<String, JsonNode> member : value.properties()) {
                flatten(Path.child(path, member.getKey()), member.getValue());
            }
            return;
        }
        if (path.length() > Path.LENGTH_MAX) {
            throw rejected(ErrorCode.NESTED_TOO_DEEP, "a path of more than " + Path.LENGTH_MAX + " characters", path);
        }
        set.put(path, value);
    }

    private RejectedException rejected(ErrorCode code, String detail, String path) {
        return new RejectedException(code, detail, path, document.visible(path));
    }

    private boolean isKnown(Origin origin) {
        return Document.isKnown(origin, base, device);
    }

    /** Raises the stamp above everything the operation knew: causality beats the clock. */
    void settleStamp(long at) {
        hlc = at;
        for (Cell cell : document.cells()) {
            if (isKnown(cell.origin()) && (set.containsKey(cell.path()) || unset.contains(cell.path()))) {
                raiseAbove(cell.origin());
            }
        }
        if (anew) {
            for (Document.Removal removal : document.removed()) {
                raiseAbove(removal.by());
            }
            raiseAbove(new Origin(
                    "",
                    0,
                    document.incarnation().device(),
                    0,
                    document.incarnation().hlc()));
        }
    }

    private void raiseAbove(Origin known) {
        if (Stamp.compare(hlc, device, known.hlc(), known.device()) <= 0) {
            hlc = known.hlc() + 1;
        }
    }

    Operation operation(long number) {
        Stamp incarnation = anew ? new Stamp(hlc, device) : document.incarnation();
        return new Operation(
                seq,
                number,
                hlc,
                document.collection(),
                document.id(),
                incarnation.equals(Stamp.NONE) ? null : incarnation,
                mutation.delete() ? delete() : new Operation.Update(set, List.copyOf(unset)));
    }

    private Operation.Delete delete() {
        Map<String, Long> removed = new LinkedHashMap<>();
        for (Origin update : document.updated()) {
            if (isKnown(update)) {
                removed.put(update.device(), update.seq());
            }
        }
        removed.put(device, seq);
        return new Operation.Delete(removed, rules.deleteWins());
    }

    /**
     * What the operation ran into.
     *
     * @param next the document with it
     */
    List<Conflict> conflicts(Document next) {
        return conflicts;
    }
}
