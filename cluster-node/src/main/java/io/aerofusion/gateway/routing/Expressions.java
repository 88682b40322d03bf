package io.aerofusion.gateway.routing;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Regular expressions (RE2: their time is linear in the text), each compiled once. */
final class Expressions {
    private final Map<String, Optional<Pattern>> compiled = new HashMap<>();

    /** Empty if the text is no expression. */
    Optional<Pattern> of(String text) {
        return compiled.computeIfAbsent(text, Expressions::compile);
    }

    private static Optional<Pattern> compile(String text) {
        try {
            return Optional.of(Pattern.compile(text));
        } catch (PatternSyntaxException refusal) {
            return Optional.empty();
        }
    }
}
