package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set or a list of elements that each have a name of their own (a {@link Dot}). A removal names the elements it knew, so an
 * addition that it did not know stays. An empty one holds nothing.
 *
 * @param list an ordered list by position; otherwise a set by value
 * @param present by dot
 * @param gone removed elements by dot, until everybody knows
 * @param origin the operation with the highest stamp
 * @param heads the last operation of each region
 */
record Elements(
        String path,
        boolean list,
        SortedMap<Dot, Element> present,
        SortedMap<Dot, Gone> gone,
        Origin origin,
        List<Origin> heads)
        implements Cell {
    private static final Comparator<Element> ORDER =
            Comparator.comparing(Element::position).thenComparing(Element::dot);

    /** An element. {@code position} is a fractional index, "" in a set. */
    record Element(Dot dot, JsonNode value, String position, Origin origin) {}

    /** A removed element; {@code position} and {@code origin} of the element are unknown while it has not even arrived. */
    record Gone(@Nullable String position, @Nullable Origin origin, Origin by) {}

    static Elements empty(String path, boolean list, Origin origin) {
        return new Elements(path, list, new TreeMap<>(), new TreeMap<>(), origin, List.of(origin));
    }

    @Override
    public Kind kind() {
        return list ? Kind.LIST : Kind.SET;
    }

    @Override
    public @Nullable JsonNode value() {
        if (present.isEmpty()) {
            return null;
        }
        ArrayNode array = JsonNodeFactory.instance.arrayNode(present.size());
        if (list) {
            ordered().forEach(element -> array.add(element.value));
        } else {
            SortedMap<String, JsonNode> distinct = new TreeMap<>();
            present.values().forEach(element -> distinct.put(CanonicalJson.text(element.value), element.value));
            distinct.values().forEach(array::add);
        }
        return array;
    }

    /** The elements of a list in their order. */
    List<Element> ordered() {
        return present.values().stream().sorted(ORDER).toList();
    }

    /** The keys of a list's elements, in their order. */
    List<String> keys() {
        return ordered().stream().map(element -> element.dot.toString()).toList();
    }

    /** The position behind a key, of a removed element too; null when it is unknown. */
    @Nullable String positionOf(Dot dot) {
        Element element = present.get(dot);
        if (element != null) {
            return element.position;
        }
        Gone removed = gone.get(dot);
        return removed == null ? null : removed.position;
    }

    Elements merge(List<Element> added, Iterable<Dot> removed, Origin by) {
        SortedMap<Dot, Element> nowPresent = new TreeMap<>(present);
        SortedMap<Dot, Gone> nowGone = new TreeMap<>(gone);
        for (Element element : added) {
            Element known = nowPresent.get(element.dot);
            Gone removal = nowGone.get(element.dot);
            if (removal != null) {
                String position =
                        removal.position == null ? element.position : lower(removal.position, element.position);
                nowGone.put(element.dot, new Gone(position, element.origin, removal.by));
            } else if (known == null) {
                nowPresent.put(element.dot, element);
            } else {
                // One mutation that two regions accepted: the same element, at the lower of two positions.
                nowPresent.put(
                        element.dot,
                        new Element(known.dot, known.value, lower(known.position, element.position), known.origin));
            }
        }
        for (Dot dot : removed) {
            Element known = nowPresent.remove(dot);
            if (known != null) {
                nowGone.put(dot, new Gone(known.position, known.origin, by));
            } else {
                nowGone.putIfAbsent(dot, new Gone(null, null, by));
            }
        }
        return new Elements(path, list, nowPresent, nowGone, origin.later(by), Origin.withHead(heads, by));
    }

    private static String lower(String left, String right) {
        return left.compareTo(right) <= 0 ? left : right;
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !Origin.areCoveredBy(heads, cursor);
    }

    @Override
    public @Nullable Cell purged(Cursor horizon) {
        SortedMap<Dot, Gone> kept = new TreeMap<>(gone);
        Set.copyOf(gone.keySet()).forEach(dot -> {
            Gone entry = gone.get(dot);
            if (entry != null
                    && entry.origin != null
                    && entry.origin.isCoveredBy(horizon)
                    && entry.by.isCoveredBy(horizon)) {
                kept.remove(dot);
            }
        });
        if (present.isEmpty() && kept.isEmpty()) {
            return null;
        }
        return kept.size() == gone.size() ? this : new Elements(path, list, present, kept, origin, heads);
    }
}
