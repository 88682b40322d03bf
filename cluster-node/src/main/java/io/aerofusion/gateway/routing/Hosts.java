package io.aerofusion.gateway.routing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values by host name: exact names, {@code *.example.com} (any number of labels before it), and one for every host. Whoever asks
 * walks from the most specific to the least.
 */
final class Hosts<V> {
    private final Map<String, V> exact;
    private final RegionTable<V> wildcards;
    private final boolean noWildcards;
    private final @Nullable V any;

    private Hosts(Map<String, V> exact, RegionTable<V> wildcards, boolean noWildcards, @Nullable V any) {
        this.exact = exact;
        this.wildcards = wildcards;
        this.noWildcards = noWildcards;
        this.any = any;
    }

    /** By patterns; the empty one is for every host. */
    static <V> Hosts<V> of(Map<String, V> byPattern) {
        Map<String, V> exact = new HashMap<>();
        Map<String, V> wildcards = new HashMap<>();
        byPattern.forEach((pattern, value) -> {
            if (pattern.startsWith("*.")) {
                wildcards.put(pattern.substring(1), value);
            } else if (!pattern.isEmpty()) {
                exact.put(pattern, value);
            }
        });
        RegionTable<V> table = wildcards.isEmpty() ? RegionTable.empty() : new RegionTable<>(wildcards);
        return new Hosts<>(Map.copyOf(exact), table, wildcards.isEmpty(), byPattern.get(""));
    }

    @Nullable V exact(String host) {
        return exact.get(host);
    }

    @Nullable V any() {
        return any;
    }

    /** Where the next wildcard below a host begins: the next dot from {@code from} on, or -1. */
    int dot(String host, int from) {
        return noWildcards ? -1 : host.indexOf('.', from);
    }

    /** The value of the wildcard whose names end with what the host has from this dot on. */
    @Nullable V wildcard(String host, int dot) {
        return wildcards.get(host, dot, host.length());
    }

    /** The most specific one. */
    @Nullable V find(String host) {
        V found = exact.get(host);
        if (found != null) {
            return found;
        }
        for (int dot = dot(host, 1); dot >= 0; dot = dot(host, dot + 1)) {
            found = wildcard(host, dot);
            if (found != null) {
                return found;
            }
        }
        return any;
    }

    /** All that fit, the most specific first. */
    List<V> all(String host) {
        List<V> all = new ArrayList<>();
        V found = exact.get(host);
        if (found != null) {
            all.add(found);
        }
        for (int dot = dot(host, 1); dot >= 0; dot = dot(host, dot + 1)) {
            found = wildcard(host, dot);
            if (found != null) {
                all.add(found);
            }
        }
        if (any != null) {
            all.add(any);
        }
        return all;
    }

    /** Which hosts two patterns have in common, as a pattern; null if none. */
    static @Nullable String intersection(String one, String other) {
        if (one.isEmpty() || one.equals(other)) {
            return other;
        }
        if (other.isEmpty()) {
            return one;
        }
        if (fits(one, other)) {
            return one;
        }
        return fits(other, one) ? other : null;
    }

    /** Whether a pattern is within a wildcard. */
    private static boolean fits(String pattern, String wildcard) {
        return wildcard.startsWith("*.")
                && pattern.length() > wildcard.length() - 1
                && pattern.endsWith(wildcard.substring(1));
    }
}
