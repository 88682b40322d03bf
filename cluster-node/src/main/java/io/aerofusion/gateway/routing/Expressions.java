package io.aerofusion.gateway.routing;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;

/**
 * Regular expressions (RE2: their time is linear in the text), each compiled once. The time for each character grows with the size of the
 * expression, which repetitions multiply, so the size has a bound.
 */
final class Expressions {
    /** Larger expressions are refused: a character of a request's path could cost that many steps. */
    static final int SIZE_MAX = 4_096;

    /** Expressions whose repetitions multiply to more are not even tried. */
    static final long REPETITIONS_MAX = 1_000_000;

    private static final java.util.regex.Pattern REPETITION =
            java.util.regex.Pattern.compile("\\{(\\d{1,9})(?:,(\\d{0,9}))?}");

    private final Map<String, Optional<Pattern>> compiled = new HashMap<>();

    /** Empty if the text is no expression, or too large a one. */
    Optional<Pattern> of(String text) {
        return compiled.computeIfAbsent(text, Expressions::compile);
    }

    private static Optional<Pattern> compile(String text) {
        if (repetitions(text) > REPETITIONS_MAX) {
            return Optional.empty();
        }
        try {
            return Optional.of(Pattern.compile(text)).filter(pattern -> pattern.programSize() <= SIZE_MAX);
        } catch (PatternSyntaxException refusal) {
            return Optional.empty();
        }
    }

    /** The product of all repetitions, which is more than nesting them can make of it. */
    private static long repetitions(String text) {
        long product = 1;
        Matcher found = REPETITION.matcher(text);
        while (found.find()) {
            long least = Long.parseLong(found.group(1));
            String upTo = found.group(2);
            long most = upTo == null || upTo.isEmpty() ? least : Long.parseLong(upTo);
            product *= Math.max(1, Math.max(least, most));
            if (product > REPETITIONS_MAX) {
                return product;
            }
        }
        return product;
    }
}
