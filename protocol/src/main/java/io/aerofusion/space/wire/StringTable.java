package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The strings of one frame that its body names by number: collections, paths and devices. */
final class StringTable {
    private final Map<String, Integer> numbers = new LinkedHashMap<>();

    int number(String text) {
        return numbers.computeIfAbsent(text, ignored -> numbers.size());
    }

    ArrayNode numbers(List<String> texts) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode(texts.size());
        texts.forEach(text -> array.add(number(text)));
        return array;
    }

    ArrayNode json() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode(numbers.size());
        numbers.keySet().forEach(array::add);
        return array;
    }

    /** The table of a frame that came in. */
    record Read(List<String> strings) {
        static Read of(JsonNode array, int stringsMax) throws FrameException {
            if (!array.isArray()) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, "The string table must be an array.");
            }
            if (array.size() > stringsMax) {
                throw new FrameException(
                        ErrorCode.FRAME_TOO_LARGE, "The string table has more than " + stringsMax + " entries.");
            }
            return new Read(Fields.texts(array, "The string table"));
        }

        String string(JsonNode number) throws FrameException {
            if (!number.isIntegralNumber() || number.longValue() < 0 || number.longValue() >= strings.size()) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, "A number names no entry of the string table.");
            }
            return strings.get((int) number.longValue());
        }

        List<String> strings(JsonNode numbers) throws FrameException {
            if (!numbers.isArray()) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, "Paths must be an array of numbers.");
            }
            List<String> texts = new ArrayList<>(numbers.size());
            for (JsonNode number : numbers) {
                texts.add(string(number));
            }
            return List.copyOf(texts);
        }
    }
}
