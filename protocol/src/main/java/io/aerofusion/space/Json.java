package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.util.Map;

/**
 * Brings JSON values into the one shape that cells hold (I-JSON, RFC 7493): whole numbers up to 2^53 as {@link LongNode},
 * other finite numbers as {@link DoubleNode}, no negative zero, well-formed strings. Two values are the same outcome exactly
 * when their normal forms are {@code equals}.
 */
public final class Json {
    /** The largest integer that every JSON reader keeps exactly: 2^53. */
    public static final long INTEGER_MAX = 1L << 53;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private Json() {}

    /** A value that I-JSON or the nesting limit forbids. */
    public static final class InvalidValueException extends IllegalArgumentException {
        private final ErrorCode code;
        private final String detail;

        InvalidValueException(ErrorCode code, String detail) {
            super(detail);
            this.code = code;
            this.detail = detail;
        }

        public String detail() {
            return detail;
        }

        public ErrorCode code() {
            return code;
        }
    }

    /**
     * The normal form of a value.
     *
     * @param nestingMax how many objects and arrays may enclose a scalar
     * @throws InvalidValueException for NaN, infinities, integers beyond 2^53, lone surrogates, binary data, too deep nesting
     */
    public static JsonNode normalize(JsonNode value, int nestingMax) {
        return switch (value.getNodeType()) {
            case NUMBER -> number(value);
            case STRING -> {
                requireWellFormed(value.textValue());
                yield value;
            }
            case BOOLEAN, NULL -> value;
            case ARRAY -> {
                requireRoom(nestingMax);
                ArrayNode array = NODES.arrayNode(value.size());
                value.forEach(element -> array.add(normalize(element, nestingMax - 1)));
                yield array;
            }
            case OBJECT -> {
                requireRoom(nestingMax);
                ObjectNode object = NODES.objectNode();
                for (Map.Entry<String, JsonNode> member : value.properties()) {
                    requireWellFormed(member.getKey());
                    object.set(member.getKey(), normalize(member.getValue(), nestingMax - 1));
                }
                yield object;
            }
            case BINARY, MISSING, POJO ->
                throw new InvalidValueException(ErrorCode.INVALID_VALUE, "not a JSON value: " + value.getNodeType());
        };
    }

    /** The normal form of a value that was checked before, for instance one read back from the journal. */
    static JsonNode restored(JsonNode value) {
        return normalize(value, Integer.MAX_VALUE);
    }

    /** About how many bytes the value takes as JSON text; cheap, for limits and quotas. */
    static int weight(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> value.textValue().length() + 2;
            case ARRAY, OBJECT -> {
                int sum = 2;
                for (Map.Entry<String, JsonNode> member : value.properties()) {
                    sum += member.getKey().length() + 4 + weight(member.getValue());
                }
                if (value.isArray()) {
                    for (JsonNode element : value) {
                        sum += 1 + weight(element);
                    }
                }
                yield sum;
            }
            case NUMBER -> 8;
            case BOOLEAN, NULL, BINARY, MISSING, POJO -> 4;
        };
    }

    private static JsonNode number(JsonNode value) {
        if (value.isIntegralNumber()) {
            if (!value.canConvertToLong() || !isExact(value.longValue())) {
                throw new InvalidValueException(ErrorCode.INVALID_VALUE, "an integer beyond 2^53");
            }
            return value instanceof LongNode ? value : LongNode.valueOf(value.longValue());
        }
        double number = value.doubleValue();
        if (!Double.isFinite(number)) {
            throw new InvalidValueException(ErrorCode.INVALID_VALUE, "a number that is not finite");
        }
        if (number == Math.rint(number) && Math.abs(number) <= INTEGER_MAX) {
            return LongNode.valueOf((long) number);
        }
        return value instanceof DoubleNode ? value : DoubleNode.valueOf(number);
    }

    /** Whether every JSON reader keeps the integer; {@code Math.abs} of the smallest long is negative. */
    public static boolean isExact(long integer) {
        return integer >= -INTEGER_MAX && integer <= INTEGER_MAX;
    }

    private static void requireRoom(int nestingMax) {
        if (nestingMax <= 0) {
            throw new InvalidValueException(ErrorCode.NESTED_TOO_DEEP, "nested deeper than the limit");
        }
    }

    /** @throws InvalidValueException when the text holds a surrogate without its partner */
    static void requireWellFormed(String text) {
        int at = 0;
        while (at < text.length()) {
            // A surrogate with its partner is one code point beyond the basic plane.
            int codePoint = text.codePointAt(at);
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                throw new InvalidValueException(ErrorCode.INVALID_VALUE, "a text with a lone surrogate");
            }
            at += Character.charCount(codePoint);
        }
    }
}
