package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the elements of a JSON array by place. A missing element is the same as null, and elements beyond those that are asked for
 * are ignored: so a later version may add some.
 */
final class Fields {
    private static final long INTEGER_MAX = 1L << 53;

    private final JsonNode array;
    private final String what;
    private int next;

    private Fields(JsonNode array, String what, int first) {
        this.array = array;
        this.what = what;
        this.next = first;
    }

    /** The elements of an array from {@code first} on; {@code what} names it in errors. */
    static Fields of(JsonNode node, String what, int first) throws FrameException {
        if (!node.isArray()) {
            throw new FrameException(ErrorCode.MALFORMED_FRAME, what + " must be an array.");
        }
        return new Fields(node, what, first);
    }

    /** The next element as it is; null when it is missing or JSON null. */
    @Nullable JsonNode any() {
        @Nullable JsonNode node = array.get(next++);
        return node == null || node.isNull() ? null : node;
    }

    @Nullable String textOrNull() throws FrameException {
        @Nullable JsonNode node = any();
        if (node == null) {
            return null;
        }
        if (!node.isTextual()) {
            throw wrong("a string");
        }
        return node.textValue();
    }

    String text() throws FrameException {
        @Nullable String text = textOrNull();
        if (text == null) {
            throw wrong("a string");
        }
        return text;
    }

    /** A whole number within ±2^53. */
    long integer() throws FrameException {
        @Nullable JsonNode node = any();
        if (node == null || !node.isIntegralNumber() || !within(node.longValue(), -INTEGER_MAX, INTEGER_MAX)) {
            throw wrong("a whole number");
        }
        return node.longValue();
    }

    /** A whole number from {@code min} to {@code max}. */
    long integer(long min, long max) throws FrameException {
        long value = integer();
        if (!within(value, min, max)) {
            throw wrong("a whole number from " + min + " to " + max);
        }
        return value;
    }

    private static boolean within(long value, long min, long max) {
        return value >= min && value <= max;
    }

    int small() throws FrameException {
        return (int) integer(0, Integer.MAX_VALUE);
    }

    /** A number counted from 0 or 1 up to 2^53. */
    long count() throws FrameException {
        return integer(0, INTEGER_MAX);
    }

    /** True or false; missing is false. */
    boolean flag() throws FrameException {
        @Nullable JsonNode node = any();
        if (node == null) {
            return false;
        }
        if (!node.isBoolean()) {
            throw wrong("true or false");
        }
        return node.booleanValue();
    }

    /** A value that may be absent: {@code [v]} or {@code []}. */
    @Nullable JsonNode optional() throws FrameException {
        @Nullable JsonNode node = any();
        if (node == null) {
            return null;
        }
        if (!node.isArray() || node.size() > 1) {
            throw wrong("[] or [value]");
        }
        return node.get(0);
    }

    /** The next element, an array; missing is the empty one. */
    JsonNode list() throws FrameException {
        @Nullable JsonNode node = any();
        if (node == null) {
            return JsonNodeFactory.instance.arrayNode(0);
        }
        if (!node.isArray()) {
            throw wrong("an array");
        }
        return node;
    }

    Fields inner(String name) throws FrameException {
        return of(list(), name, 0);
    }

    List<String> texts() throws FrameException {
        return texts(list(), what);
    }

    static List<String> texts(JsonNode array, String what) throws FrameException {
        List<String> texts = new ArrayList<>(array.size());
        for (JsonNode element : array) {
            if (!element.isTextual()) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, what + " must hold strings.");
            }
            texts.add(element.textValue());
        }
        return List.copyOf(texts);
    }

    /** A hybrid logical clock reading, written as two elements: milliseconds and counter. */
    long clock() throws FrameException {
        return clock(integer(0, Clocks.MILLIS_MAX), integer(0, Clocks.COUNTER_MAX));
    }

    private static long clock(long millis, long counter) {
        return millis << 16 | counter;
    }

    FrameException wrong(String expected) {
        return new FrameException(
                ErrorCode.MALFORMED_FRAME, what + ": element " + (next - 1) + " must be " + expected + ".");
    }

    /** Takes the nulls off the end, where they are the same as nothing. */
    static ArrayNode trimmed(ArrayNode array) {
        while (!array.isEmpty() && array.get(array.size() - 1).isNull()) {
            array.remove(array.size() - 1);
        }
        return array;
    }
}
