package io.aerofusion.space;

import java.util.ArrayList;
import java.util.List;

/**
 * The canonical name of a place in a document: a single member name stands for itself unless it is empty or begins with
 * {@code /}; everything else is a JSON Pointer (RFC 6901). Objects are walked through, arrays are values and have no paths.
 */
public final class Path {
    /** The longest path, in UTF-16 units; a longer one is not accepted. */
    public static final int LENGTH_MAX = 1024;

    private Path() {}

    /**
     * The one spelling of a path.
     *
     * @throws IllegalArgumentException when it is empty, too long or has a wrong {@code ~} escape
     */
    public static String canonical(String path) {
        if (path.isEmpty() || path.length() > LENGTH_MAX) {
            throw new IllegalArgumentException("a path has between 1 and " + LENGTH_MAX + " characters");
        }
        Json.requireWellFormed(path);
        return path.charAt(0) == '/' ? of(segments(path)) : path;
    }

    /** The path of the member names from the outside in. */
    public static String of(List<String> segments) {
        if (segments.size() == 1
                && !segments.getFirst().isEmpty()
                && segments.getFirst().charAt(0) != '/') {
            return segments.getFirst();
        }
        StringBuilder pointer = new StringBuilder();
        for (String segment : segments) {
            appendEscaped(segment, pointer.append('/'));
        }
        return pointer.toString();
    }

    /** The member names from the outside in. @throws IllegalArgumentException for a wrong escape */
    public static List<String> segments(String path) {
        if (path.charAt(0) != '/') {
            return List.of(path);
        }
        List<String> segments = new ArrayList<>(4);
        int from = 1;
        while (true) {
            int slash = path.indexOf('/', from);
            segments.add(unescape(path.substring(from, slash < 0 ? path.length() : slash)));
            if (slash < 0) {
                return segments;
            }
            from = slash + 1;
        }
    }

    /** The path of a member of the object at a path. */
    static String child(String path, String member) {
        StringBuilder pointer = new StringBuilder(prefixOfChildren(path));
        appendEscaped(member, pointer);
        return pointer.toString();
    }

    /** The text that every path beneath this one begins with. */
    static String prefixOfChildren(String path) {
        if (path.charAt(0) == '/') {
            return path + "/";
        }
        StringBuilder pointer = new StringBuilder(path.length() + 2).append('/');
        appendEscaped(path, pointer);
        return pointer.append('/').toString();
    }

    /** Whether the path names something inside of an object of the document. */
    static boolean isNested(String path) {
        return path.charAt(0) == '/' && path.indexOf('/', 1) > 0;
    }

    /** The path of the enclosing object. Only for {@link #isNested nested} paths. */
    static String parent(String path) {
        int last = path.lastIndexOf('/');
        return canonical(path.substring(0, last));
    }

    private static void appendEscaped(String segment, StringBuilder out) {
        for (int i = 0; i < segment.length(); i++) {
            char unit = segment.charAt(i);
            switch (unit) {
                case '~' -> out.append("~0");
                case '/' -> out.append("~1");
                default -> out.append(unit);
            }
        }
    }

    private static String unescape(String segment) {
        int tilde = segment.indexOf('~');
        if (tilde < 0) {
            return segment;
        }
        StringBuilder out = new StringBuilder(segment.length());
        int from = 0;
        while (tilde >= 0) {
            char escape = tilde + 1 < segment.length() ? segment.charAt(tilde + 1) : ' ';
            out.append(segment, from, tilde)
                    .append(
                            switch (escape) {
                                case '0' -> '~';
                                case '1' -> '/';
                                default -> throw new IllegalArgumentException("a ~ in a path is followed by 0 or 1");
                            });
            from = tilde + 2;
            tilde = segment.indexOf('~', from);
        }
        return out.append(segment, from, segment.length()).toString();
    }
}
