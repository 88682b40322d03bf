package io.aerofusion.space.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads I-JSON (RFC 7493) from untrusted bytes: valid UTF-8 without lone surrogates, no duplicate keys, finite doubles, integers to
 * 2^53; and within bounds on nesting and on the number of values, because a tree weighs up to forty times its text.
 */
final class StrictJson {
    private static final long INTEGER_MAX = 1L << 53;
    private static final int NUMBER_CHARS_MAX = 512;
    // No symbol table: names come from strangers, and a shared table would grow by what they send.
    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(NUMBER_CHARS_MAX)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final JsonParser in;
    private final int nestingMax;
    private final ErrorCode malformed;
    private int nodesLeft;

    private StrictJson(JsonParser in, int nestingMax, int nodesMax, ErrorCode malformed) {
        this.in = in;
        this.nestingMax = nestingMax;
        this.nodesLeft = nodesMax;
        this.malformed = malformed;
    }

    /**
     * The one JSON value that the bytes hold.
     *
     * @param nestingMax levels of arrays and objects
     * @param nodesMax values of any kind
     * @param malformed the code for what is not JSON
     */
    static JsonNode read(byte[] utf8, int nestingMax, int nodesMax, ErrorCode malformed) throws FrameException {
        CharBuffer text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
        } catch (CharacterCodingException e) {
            throw new FrameException(malformed, "The text is not valid UTF-8.");
        }
        try (JsonParser in =
                FACTORY.createParser(text.array(), text.arrayOffset() + text.position(), text.remaining())) {
            StrictJson reader = new StrictJson(in, nestingMax, nodesMax, malformed);
            @Nullable JsonToken first = in.nextToken();
            if (first == null) {
                throw new FrameException(malformed, "The text is empty.");
            }
            JsonNode value = reader.value(first, 0);
            if (in.nextToken() != null) {
                throw new FrameException(malformed, "Something follows the JSON value.");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new FrameException(malformed, "The text is not valid JSON, at character " + offset(e) + ".");
        } catch (IOException e) {
            throw new IllegalStateException("an array cannot fail to be read", e);
        }
    }

    private static long offset(JsonProcessingException e) {
        return e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
    }

    private JsonNode value(JsonToken token, int depth) throws IOException, FrameException {
        if (--nodesLeft < 0) {
            throw new FrameException(ErrorCode.FRAME_TOO_LARGE, "There are too many JSON values.");
        }
        return switch (token) {
            case START_ARRAY -> array(deeper(depth));
            case START_OBJECT -> object(deeper(depth));
            case VALUE_STRING -> JsonNodeFactory.instance.textNode(wellFormed(in.getText()));
            case VALUE_NUMBER_INT -> integer();
            case VALUE_NUMBER_FLOAT -> number();
            case VALUE_TRUE -> JsonNodeFactory.instance.booleanNode(true);
            case VALUE_FALSE -> JsonNodeFactory.instance.booleanNode(false);
            case VALUE_NULL -> JsonNodeFactory.instance.nullNode();
            case END_ARRAY, END_OBJECT, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                throw new FrameException(malformed, "The text is not valid JSON.");
        };
    }

    private int deeper(int depth) throws FrameException {
        if (depth >= nestingMax) {
            throw new FrameException(ErrorCode.NESTED_TOO_DEEP, "Arrays and objects are nested too deep.");
        }
        return depth + 1;
    }

    private ArrayNode array(int depth) throws IOException, FrameException {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
            array.add(value(token, depth));
        }
        return array;
    }

    private ObjectNode object(int depth) throws IOException, FrameException {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (JsonToken token = next(); token != JsonToken.END_OBJECT; token = next()) {
            String name = wellFormed(in.currentName());
            if (object.has(name)) {
                throw new FrameException(malformed, "An object names a member twice.");
            }
            object.set(name, value(next(), depth));
        }
        return object;
    }

    private JsonToken next() throws IOException, FrameException {
        @Nullable JsonToken token = in.nextToken();
        if (token == null) {
            throw new FrameException(malformed, "The text is cut off.");
        }
        return token;
    }

    private JsonNode integer() throws IOException, FrameException {
        if (in.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            throw tooLarge();
        }
        long value = in.getLongValue();
        if (value > INTEGER_MAX || value < -INTEGER_MAX) {
            throw tooLarge();
        }
        return JsonNodeFactory.instance.numberNode(value);
    }

    private JsonNode number() throws IOException, FrameException {
        double value = in.getDoubleValue();
        if (!Double.isFinite(value)) {
            throw new FrameException(ErrorCode.INVALID_VALUE, "A number is outside of the range of doubles.");
        }
        boolean integral = Math.rint(value) == value && Math.abs(value) <= INTEGER_MAX;
        return integral
                ? JsonNodeFactory.instance.numberNode((long) value)
                : JsonNodeFactory.instance.numberNode(value);
    }

    private static FrameException tooLarge() {
        return new FrameException(ErrorCode.INVALID_VALUE, "An integer is beyond 2^53.");
    }

    private static String wellFormed(String text) throws FrameException {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isHighSurrogate(text.charAt(i))
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new FrameException(ErrorCode.INVALID_VALUE, "A string holds a lone surrogate.");
                }
                i++;
            }
        }
        return text;
    }
}
