package io.aerofusion.platform.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aerofusion.platform.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON bodies strictly: valid UTF-8, one value and nothing after it, no duplicate names, bounded nesting. What a number
 * or a string may hold beyond that is the endpoint's to say.
 */
public final class JsonBody {
    /** Nesting of a body; a document's own, lower limit is checked by the space. */
    public static final int NESTING_MAX = 100;
    /** Digits of one number: no double and no integer up to 2^53 needs more, longer ones only cost time. */
    static final int NUMBER_LENGTH_MAX = 400;
    /** Characters of one member name. */
    static final int NAME_LENGTH_MAX = 10_000;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(NESTING_MAX)
                            .maxNumberLength(NUMBER_LENGTH_MAX)
                            .maxNameLength(NAME_LENGTH_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonBody() {}

    /**
     * Parses a body.
     *
     * @throws ProblemException with {@code malformed-json} or {@code nested-too-deep}; it never repeats the body's content
     */
    public static JsonNode parse(ByteBuffer utf8) {
        String text = text(utf8);
        try {
            JsonNode json = MAPPER.readTree(text);
            if (json.isMissingNode()) {
                throw new ProblemException(ErrorCode.MALFORMED_JSON, "The body is empty.");
            }
            return json;
        } catch (StreamConstraintsException e) {
            throw e.getOriginalMessage().contains("nesting depth")
                    ? new ProblemException(
                            ErrorCode.NESTED_TOO_DEEP, "The body is nested deeper than " + NESTING_MAX + " levels.")
                    : new ProblemException(
                            ErrorCode.INVALID_VALUE, "A number or a name is longer than allowed" + where(e) + ".");
        } catch (JsonProcessingException e) {
            throw new ProblemException(ErrorCode.MALFORMED_JSON, "The body is not valid JSON" + where(e) + ".");
        }
    }

    /** What the bytes say. @throws ProblemException with {@code malformed-json} when they are no UTF-8 */
    static String text(ByteBuffer utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(utf8.duplicate())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ProblemException(ErrorCode.MALFORMED_JSON, "The body is not valid UTF-8.");
        }
    }

    private static String where(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }
}
