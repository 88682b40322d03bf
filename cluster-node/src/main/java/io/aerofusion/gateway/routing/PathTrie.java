package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.RouteSpec.PathMatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The matches of one host, found by path: a trie of segments. A request walks down as far as its segments lead; then an exact match
 * comes first, after it prefixes from the longest to the shortest (each node knows the next shorter one), at last expressions.
 * Nothing is allocated on the way.
 */
final class PathTrie {
    private static final Candidate[] NONE = {};

    private final Node root;
    private final Candidate[] expressions;

    private PathTrie(Node root, Candidate[] expressions) {
        this.root = root;
        this.expressions = expressions;
    }

    @Nullable Candidate match(String path, RequestView request) {
        Node node = root;
        int length = path.length();
        int from = 1;
        boolean whole = length == 0 || path.charAt(0) != '/'; // "*" has no segments
        while (!whole) {
            int end = path.indexOf('/', from);
            whole = end < 0;
            if (whole) {
                end = length;
            }
            Node child = node.children.get(path, from, end);
            if (child == null) {
                return belowPrefixes(node, path, request);
            }
            node = child;
            from = end + 1;
        }
        Candidate exact = length > 0 ? first(node.exact, request) : null;
        return exact != null ? exact : belowPrefixes(node, path, request);
    }

    private @Nullable Candidate belowPrefixes(Node deepest, String path, RequestView request) {
        for (Node node = deepest.prefixes.length > 0 ? deepest : deepest.shorter; node != null; node = node.shorter) {
            Candidate found = first(node.prefixes, request);
            if (found != null) {
                return found;
            }
        }
        for (Candidate candidate : expressions) {
            if (candidate.pattern() != null && candidate.pattern().matches(path) && candidate.holds(request)) {
                return candidate;
            }
        }
        return null;
    }

    private static @Nullable Candidate first(Candidate[] candidates, RequestView request) {
        for (Candidate candidate : candidates) {
            if (candidate.holds(request)) {
                return candidate;
            }
        }
        return null;
    }

    private static final class Node {
        private final RegionTable<Node> children;
        private final Candidate[] exact;
        private final Candidate[] prefixes;
        /** The nearest node above that has prefixes. */
        private @Nullable Node shorter;

        Node(RegionTable<Node> children, Candidate[] exact, Candidate[] prefixes) {
            this.children = children;
            this.exact = exact;
            this.prefixes = prefixes;
        }
    }

    /** Collects the matches of one host. */
    static final class Builder {
        private final Growing root = new Growing();
        private final List<Candidate> expressions = new ArrayList<>();
        private final List<Candidate> all = new ArrayList<>();

        void add(Candidate candidate) {
            all.add(candidate);
            if (candidate.type() == PathMatch.Type.REGULAR_EXPRESSION) {
                expressions.add(candidate);
                return;
            }
            Growing node = root;
            String path = candidate.path();
            for (int from = 1; from <= path.length(); ) {
                int end = path.indexOf('/', from);
                end = end < 0 ? path.length() : end;
                node = node.children.computeIfAbsent(path.substring(from, end), segment -> new Growing());
                from = end + 1;
            }
            (candidate.type() == PathMatch.Type.EXACT ? node.exact : node.prefixes).add(candidate);
        }

        /** In the order they were added. */
        List<Candidate> all() {
            return all;
        }

        PathTrie build() {
            Node built = build(root);
            link(built, root, null);
            return new PathTrie(built, sorted(expressions));
        }

        private static Node build(Growing growing) {
            Map<String, Node> children = new HashMap<>();
            growing.children.forEach((segment, child) -> children.put(segment, build(child)));
            RegionTable<Node> table = children.isEmpty() ? RegionTable.empty() : new RegionTable<>(children);
            return new Node(table, sorted(growing.exact), sorted(growing.prefixes));
        }

        private static void link(Node node, Growing growing, @Nullable Node shorter) {
            node.shorter = shorter;
            Node next = node.prefixes.length > 0 ? node : shorter;
            growing.children.forEach((segment, child) -> {
                Node below = node.children.get(segment, 0, segment.length());
                if (below != null) {
                    link(below, child, next);
                }
            });
        }

        private static Candidate[] sorted(List<Candidate> candidates) {
            return candidates.isEmpty()
                    ? NONE
                    : candidates.stream().sorted(Candidate.PRECEDENCE).toArray(Candidate[]::new);
        }
    }

    private static final class Growing {
        private final Map<String, Growing> children = new HashMap<>();
        private final List<Candidate> exact = new ArrayList<>();
        private final List<Candidate> prefixes = new ArrayList<>();
    }
}
