package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a mutation asks for, checked against the rules: canonical paths, normal values, objects flattened to leaves. */
final class Writes {
    /** Path -> value for last-writer-wins, first-writer, manual and opaque paths. */
    final SortedMap<String, JsonNode> set = new TreeMap<>();
    /** Path -> number for {@code max} and {@code min} paths. */
    final SortedMap<String, JsonNode> extremes = new TreeMap<>();

    final SortedSet<String> unset = new TreeSet<>();
    final SortedMap<String, Long> inc = new TreeMap<>();
    final SortedMap<String, List<JsonNode>> add = new TreeMap<>();
    final SortedMap<String, List<JsonNode>> remove = new TreeMap<>();
    final SortedMap<String, List<Mutation.Insertion>> insert = new TreeMap<>();

    private final Document document;
    private final CollectionRules rules;
    private final SpaceLimits limits;

    private Writes(Document document, CollectionRules rules, SpaceLimits limits) {
        this.document = document;
        this.rules = rules;
        this.limits = limits;
    }

    static Writes read(Mutation mutation, Document document, CollectionRules rules, SpaceLimits limits)
            throws RejectedException {
        Writes writes = new Writes(document, rules, limits);
        if (mutation.delete()) {
            writes.requireNothingBeside(mutation);
        } else {
            writes.read(mutation);
        }
        return writes;
    }

    private void requireNothingBeside(Mutation mutation) throws RejectedException {
        boolean alone = mutation.set().isEmpty()
                && mutation.unset().isEmpty()
                && mutation.inc().isEmpty()
                && mutation.add().isEmpty()
                && mutation.remove().isEmpty()
                && mutation.insert().isEmpty();
        if (!alone) {
            throw new RejectedException(ErrorCode.INVALID_REQUEST, "a delete stands alone", "", null);
        }
    }

    private void read(Mutation mutation) throws RejectedException {
        for (Map.Entry<String, JsonNode> entry : mutation.set().entrySet()) {
            String path = canonical(entry.getKey());
            flatten(path, normal(path, entry.getValue()));
        }
        requireNoContradiction();
        for (String path : mutation.unset()) {
            unset.add(canonical(path));
        }
        for (Map.Entry<String, Long> entry : mutation.inc().entrySet()) {
            String path = typed(entry.getKey(), ValueType.COUNTER);
            if (!Json.isExact(entry.getValue())) {
                throw rejected(ErrorCode.INVALID_VALUE, "an increment beyond 2^53", path);
            }
            inc.put(path, entry.getValue());
        }
        for (Map.Entry<String, List<JsonNode>> entry : mutation.add().entrySet()) {
            String path = typed(entry.getKey(), ValueType.ORSET);
            add.put(path, normal(path, entry.getValue()));
        }
        for (Map.Entry<String, List<JsonNode>> entry : mutation.remove().entrySet()) {
            String path = canonical(entry.getKey());
            requireType(path, rules.type(path) == ValueType.LIST ? ValueType.LIST : ValueType.ORSET);
            remove.put(path, normal(path, entry.getValue()));
        }
        for (Map.Entry<String, List<Mutation.Insertion>> entry :
                mutation.insert().entrySet()) {
            String path = typed(entry.getKey(), ValueType.LIST);
            List<Mutation.Insertion> insertions = new ArrayList<>();
            for (Mutation.Insertion insertion : entry.getValue()) {
                insertions.add(new Mutation.Insertion(insertion.after(), normal(path, insertion.value())));
            }
            insert.put(path, insertions);
        }
    }

    private List<JsonNode> normal(String path, List<JsonNode> values) throws RejectedException {
        List<JsonNode> normal = new ArrayList<>(values.size());
        for (JsonNode value : values) {
            normal.add(normal(path, value));
        }
        return normal;
    }

    private JsonNode normal(String path, JsonNode value) throws RejectedException {
        int depth = Path.isNested(path) ? Path.segments(path).size() : 1;
        if (depth > limits.nestingMax()) {
            throw rejected(ErrorCode.NESTED_TOO_DEEP, "nested deeper than " + limits.nestingMax(), path);
        }
        try {
            return Json.normalize(value, limits.nestingMax() - depth);
        } catch (Json.InvalidValueException e) {
            throw rejected(e.code(), e.detail(), path);
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
        if (rules.isInsideOfTyped(path)) {
            throw rejected(ErrorCode.TYPE_MISMATCH, "the path lies inside of a value with a type of its own", path);
        }
        ValueType type = rules.type(path);
        JsonNode before = switch (type) {
            case LWW -> set.put(path, value);
            case OPAQUE -> {
                requireFit(value.isTextual(), type, path);
                yield set.put(path, value);
            }
            case MAX, MIN -> {
                requireFit(value.isNumber(), type, path);
                yield extremes.put(path, value);
            }
            case COUNTER, ORSET, LIST -> throw mismatch(type, path);
        };
        if (before != null) {
            throw rejected(ErrorCode.INVALID_REQUEST, "the path is given twice", path);
        }
    }

    private void requireNoContradiction() throws RejectedException {
        for (String path : set.keySet()) {
            for (String above = path; Path.isNested(above); ) {
                above = Path.parent(above);
                if (set.containsKey(above)) {
                    throw rejected(ErrorCode.INVALID_REQUEST, "a value is set at this path and beneath it", above);
                }
            }
        }
    }

    private String typed(String given, ValueType type) throws RejectedException {
        String path = canonical(given);
        requireType(path, type);
        return path;
    }

    private void requireType(String path, ValueType type) throws RejectedException {
        requireFit(rules.type(path) == type, rules.type(path), path);
    }

    private void requireFit(boolean fits, ValueType declared, String path) throws RejectedException {
        if (!fits) {
            throw mismatch(declared, path);
        }
    }

    private RejectedException mismatch(ValueType declared, String path) {
        return rejected(ErrorCode.TYPE_MISMATCH, "the path is declared as " + declared, path);
    }

    private String canonical(String path) throws RejectedException {
        try {
            return Path.canonical(path);
        } catch (IllegalArgumentException e) {
            throw new RejectedException(
                    ErrorCode.INVALID_REQUEST, "a path is a member name or a JSON Pointer", "", null);
        }
    }

    boolean isMax(String path) {
        return rules.type(path) == ValueType.MAX;
    }

    boolean isList(String path) {
        return rules.type(path) == ValueType.LIST;
    }

    RejectedException rejected(ErrorCode code, String detail, String path) {
        return new RejectedException(code, detail, path, document.visible(path));
    }
}
