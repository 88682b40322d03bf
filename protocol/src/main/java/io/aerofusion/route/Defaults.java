package io.aerofusion.route;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What stands for a field that a document leaves out. A missing text is the empty text: {@link Checks} then names the field, so that a
 * document with several mistakes is answered with all of them.
 */
final class Defaults {
    private Defaults() {}

    static <T> T or(@Nullable T given, T otherwise) {
        return given == null ? otherwise : given;
    }

    static String text(@Nullable String given) {
        return given == null ? "" : given;
    }

    /** An unmodifiable copy; what could not be read (null) is left out, it was reported when it was read. */
    static <T> List<T> list(@Nullable List<T> given) {
        return given == null
                ? List.of()
                : given.stream().filter(element -> element != null).toList();
    }

    static <T> List<T> list(@Nullable List<T> given, List<T> otherwise) {
        return given == null ? otherwise : list(given);
    }

    /** An unmodifiable copy in the order of its keys. */
    static Map<String, String> map(@Nullable Map<String, String> given) {
        if (given == null || given.isEmpty()) {
            return Map.of();
        }
        TreeMap<String, String> sorted = new TreeMap<>();
        given.forEach((key, value) -> sorted.put(key, text(value)));
        return Collections.unmodifiableMap(sorted);
    }
}
