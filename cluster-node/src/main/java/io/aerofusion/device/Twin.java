package io.aerofusion.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A device as somebody wants it to be and as it says it is: two JSON objects that change by merge patch (RFC 7396), each with
 * a version that rises by one with every change. Device and operator write different halves, so they never overwrite each other.
 */
public record Twin(JsonNode desired, long desiredVersion, JsonNode reported, long reportedVersion) {
    /** Size of one half as JSON; a patch that would lead beyond it is refused with {@code document-too-large}. */
    public static final int BYTES_MAX = 64 * 1024;
    /** Nesting of a patch; a deeper one is refused with {@code nested-too-deep}. */
    public static final int NESTING_MAX = 16;

    private static final long INTEGER_MAX = 1L << 53;

    /** What a half becomes by a patch. */
    sealed interface Change {
        /** It becomes {@code result} by {@code patch}, whose numbers have one form. */
        record Changed(JsonNode patch, JsonNode result) implements Change {}

        /** The patch asks for what is there already. */
        record Same() implements Change {}

        record Refused(ErrorCode code, String detail) implements Change {}
    }

    /** Nothing wanted, nothing reported. */
    public static Twin empty() {
        return new Twin(JsonNodeFactory.instance.objectNode(), 0, JsonNodeFactory.instance.objectNode(), 0);
    }

    Twin withDesired(long version, JsonNode patch) {
        return new Twin(MergePatch.apply(desired, patch), version, reported, reportedVersion);
    }

    Twin withReported(long version, JsonNode patch) {
        return new Twin(desired, desiredVersion, MergePatch.apply(reported, patch), version);
    }

    /** Checks a patch that came from outside and applies it to one half. */
    static Change change(JsonNode half, JsonNode patch) {
        if (!patch.isObject()) {
            return new Change.Refused(ErrorCode.INVALID_REQUEST, "A twin changes by a JSON object (RFC 7396).");
        }
        if (MergePatch.depth(patch, NESTING_MAX) > NESTING_MAX) {
            return new Change.Refused(
                    ErrorCode.NESTED_TOO_DEEP, "A twin is nested at most " + NESTING_MAX + " levels deep.");
        }
        JsonNode normal;
        try {
            normal = normal(patch);
        } catch (ArithmeticException outsideOfJson) {
            return new Change.Refused(ErrorCode.INVALID_VALUE, "Numbers are finite doubles, or integers up to 2^53.");
        }
        JsonNode result = MergePatch.apply(half, normal);
        if (result.equals(half)) {
            return new Change.Same();
        }
        if (result.toString().getBytes(StandardCharsets.UTF_8).length > BYTES_MAX) {
            return new Change.Refused(
                    ErrorCode.DOCUMENT_TOO_LARGE, "A half of a twin has at most " + BYTES_MAX + " bytes.");
        }
        return new Change.Changed(normal, result);
    }

    /** Numbers in the one form that they have after storage, so that equal values are equal nodes. */
    private static JsonNode normal(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                ObjectNode object = JsonNodeFactory.instance.objectNode();
                for (Map.Entry<String, JsonNode> member : node.properties()) {
                    object.set(member.getKey(), normal(member.getValue()));
                }
                yield object;
            }
            case ARRAY -> {
                ArrayNode array = JsonNodeFactory.instance.arrayNode(node.size());
                node.forEach(item -> array.add(normal(item)));
                yield array;
            }
            case NUMBER -> number(node);
            case STRING, BOOLEAN, NULL, BINARY, MISSING, POJO -> node;
        };
    }

    private static JsonNode number(JsonNode node) {
        double value = node.doubleValue();
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new ArithmeticException("not finite");
        }
        if (value == Math.rint(value) && Math.abs(value) <= INTEGER_MAX) {
            // 9007199254740993 is the double 2^53 too: the digits decide, not the double.
            long integer = (long) value;
            if (node.decimalValue().compareTo(BigDecimal.valueOf(integer)) == 0) {
                return LongNode.valueOf(integer);
            }
            if (node.isIntegralNumber()) {
                throw new ArithmeticException("beyond 2^53");
            }
        } else if (node.isIntegralNumber()) {
            throw new ArithmeticException("beyond 2^53");
        }
        return DoubleNode.valueOf(value);
    }
}
