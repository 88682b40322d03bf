package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpMethod;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the endpoint of a path: a tree over the segments, where a literal segment comes before a variable one. Segments are
 * decoded after they are split, so an encoded slash is data and never a separator.
 */
final class PathTable {
    /** Segments beyond this are not looked at: no template is that long. */
    private static final int SEGMENTS_MAX = 32;

    /** What a path leads to. */
    sealed interface Match {
        /** An address. The methods are by name. */
        record Found(Map<String, Endpoint> methods, Map<String, String> path) implements Match {}

        record Nothing() implements Match {}

        /** The path itself is broken. */
        record Malformed() implements Match {}
    }

    private static final class Node {
        final Map<String, Node> literals = new HashMap<>();
        final Map<String, Endpoint> methods = new TreeMap<>();

        @Nullable Node variable;

        String name = "";
    }

    private final Node root = new Node();

    /** @throws IllegalArgumentException when two endpoints share method and path, or name one variable differently */
    PathTable(Collection<Endpoint> endpoints) {
        endpoints.forEach(this::add);
    }

    private void add(Endpoint endpoint) {
        Node node = root;
        for (String segment : endpoint.path().substring(1).split("/", -1)) {
            if (segment.startsWith("{") && segment.endsWith("}")) {
                String name = segment.substring(1, segment.length() - 1);
                if (node.variable == null) {
                    node.variable = new Node();
                    node.variable.name = name;
                } else if (!node.variable.name.equals(name)) {
                    throw new IllegalArgumentException(
                            endpoint.path() + " calls {" + node.variable.name + "} of another endpoint {" + name + "}");
                }
                node = node.variable;
            } else {
                node = node.literals.computeIfAbsent(segment, literal -> new Node());
            }
        }
        if (node.methods.putIfAbsent(endpoint.method().value(), endpoint) != null) {
            throw new IllegalArgumentException(
                    "two endpoints for " + endpoint.method().value() + " " + endpoint.path());
        }
    }

    /** @param rawPath percent-encoded, as in the request line */
    Match find(String rawPath) {
        if (!rawPath.startsWith("/")) {
            return new Match.Malformed();
        }
        String[] raw = rawPath.substring(1).split("/", SEGMENTS_MAX + 1);
        if (raw.length > SEGMENTS_MAX) {
            return new Match.Nothing();
        }
        List<String> segments = new ArrayList<>(raw.length);
        for (String segment : raw) {
            String decoded = decode(segment);
            if (decoded == null) {
                return new Match.Malformed();
            }
            segments.add(decoded);
        }
        Map<String, String> path = new LinkedHashMap<>();
        Node node = find(root, segments, 0, path);
        return node == null ? new Match.Nothing() : new Match.Found(node.methods, path);
    }

    private static @Nullable Node find(Node node, List<String> segments, int at, Map<String, String> path) {
        if (at == segments.size()) {
            return node.methods.isEmpty() ? null : node;
        }
        String segment = segments.get(at);
        Node literal = node.literals.get(segment);
        if (literal != null) {
            Node found = find(literal, segments, at + 1, path);
            if (found != null) {
                return found;
            }
        }
        if (node.variable == null || segment.isEmpty()) {
            return null;
        }
        Node found = find(node.variable, segments, at + 1, path);
        if (found != null) {
            path.put(node.variable.name, segment);
        }
        return found;
    }

    /** Null when it is not percent-encoded UTF-8, or holds control characters. */
    private static @Nullable String decode(String segment) {
        String text = segment;
        if (segment.indexOf('%') >= 0) {
            ByteBuffer bytes = ByteBuffer.allocate(segment.length() * 3);
            for (int i = 0; i < segment.length(); i++) {
                char c = segment.charAt(i);
                if (c != '%') {
                    bytes.put(Character.toString(c).getBytes(StandardCharsets.UTF_8));
                } else if (i + 2 < segment.length()
                        && Character.digit(segment.charAt(i + 1), 16) >= 0
                        && Character.digit(segment.charAt(i + 2), 16) >= 0) {
                    bytes.put((byte) Integer.parseInt(segment.substring(i + 1, i + 3), 16));
                    i += 2;
                } else {
                    return null;
                }
            }
            try {
                text = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
            } catch (CharacterCodingException e) {
                return null;
            }
        }
        // akka-http has put U+FFFD where the request line was not UTF-8.
        return text.chars().anyMatch(c -> c < 0x20 || c == 0x7F || c == 0xFFFD) ? null : text;
    }

    /** The method that HEAD stands for; others stand for themselves. */
    static String served(HttpMethod method) {
        return method.value().equals("HEAD") ? "GET" : method.value();
    }
}
