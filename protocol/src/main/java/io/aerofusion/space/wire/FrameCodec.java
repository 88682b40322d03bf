package io.aerofusion.space.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import java.nio.charset.StandardCharsets;

/**
 * Turns frames into binary messages and back. A message is a flag byte and a JSON array {@code [kind, strings, field, ...]}, raw
 * deflated when the flag is 1. Every message stands alone: it may be encoded once and sent to many sessions.
 *
 * <p>Decoding is total: any bytes give a frame or a {@link FrameException}, in time and memory bounded by {@link FrameLimits}.
 */
public final class FrameCodec {
    static final byte PLAIN = 0;
    static final byte DEFLATED = 1;

    /** Levels of arrays around a value: frame, rows, columns, column, insertions, insertion. */
    private static final int ENVELOPE_NESTING = 6;

    private static final JsonMapper MAPPER = new JsonMapper();

    private FrameCodec() {}

    /** The binary message of a frame. */
    public static byte[] encode(Frame frame) {
        return Compression.pack(json(frame));
    }

    /** The JSON of a frame, before compression: what a log or a tool shows. */
    public static String text(Frame frame) {
        return new String(json(frame), StandardCharsets.UTF_8);
    }

    /** The frame that a binary message holds. */
    public static Frame decode(byte[] message, FrameLimits limits) throws FrameException {
        if (message.length > limits.frameBytes()) {
            throw new FrameException(
                    ErrorCode.FRAME_TOO_LARGE, "A message holds at most " + limits.frameBytes() + " bytes.");
        }
        byte[] json = Compression.unpack(message, limits.inflatedBytes());
        int nesting = limits.nesting() + ENVELOPE_NESTING;
        JsonNode array = StrictJson.read(json, nesting, limits.nodes(), ErrorCode.MALFORMED_FRAME);
        Fields head = Fields.of(array, "The frame", 0);
        String kind = head.text();
        StringTable.Read strings = StringTable.Read.of(head.list(), limits.strings());
        return FrameReader.read(kind, Fields.of(array, kind, 2), strings, limits);
    }

    private static byte[] json(Frame frame) {
        StringTable strings = new StringTable();
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        json.add(FrameKind.of(frame).wire());
        // the table is complete only after the fields are written
        ArrayNode fields = FrameWriter.fields(frame, strings);
        json.add(strings.json());
        json.addAll(fields);
        try {
            return MAPPER.writeValueAsBytes(Fields.trimmed(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the frame holds a string that is not Unicode", e);
        }
    }
}
