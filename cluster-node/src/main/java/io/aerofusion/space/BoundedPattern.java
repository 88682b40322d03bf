package io.aerofusion.space;

import com.networknt.schema.regex.RegularExpression;
import java.util.regex.Pattern;

/** A schema's regular expression that gives up after a number of steps: whoever writes a schema must not stop a node. */
final class BoundedPattern implements RegularExpression {
    /** Characters looked at for one match; ordinary patterns need a few per character of the text. */
    private static final int STEPS_MAX = 1_000_000;

    /** The bound was reached. */
    static final class TooManyStepsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyStepsException() {
            super("a pattern took too many steps", null, false, false);
        }
    }

    private final Pattern pattern;

    private BoundedPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /** @throws java.util.regex.PatternSyntaxException when it is no regular expression */
    static RegularExpression compile(String regex) {
        return new BoundedPattern(Pattern.compile(regex));
    }

    @Override
    public boolean matches(String value) {
        return pattern.matcher(new Counted(value, 0, value.length(), new Steps()))
                .find();
    }

    private static final class Steps {
        private int taken;
    }

    /** Counts what the matcher looks at: java.util.regex has no limit of its own. */
    private record Counted(String text, int from, int to, Steps steps) implements CharSequence {
        @Override
        public int length() {
            return to - from;
        }

        @Override
        public char charAt(int index) {
            if (++steps.taken > STEPS_MAX) {
                throw new TooManyStepsException();
            }
            return text.charAt(from + index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Counted(text, from + start, from + end, steps);
        }

        @Override
        public String toString() {
            return text.substring(from, to);
        }
    }
}
