package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the parts of a snapshot: variable-length numbers, and every text once while the table of texts has room. */
final class SnapshotWriter {
    /** How many texts are remembered; later ones are written out each time. */
    static final int TEXTS_MAX = 1 << 17;
    /** Longer texts are not worth remembering, in UTF-16 units. */
    static final int TEXT_LENGTH_MAX = 64;

    static final int NULL = 0;
    static final int TRUE = 1;
    static final int FALSE = 2;
    static final int INTEGER = 3;
    static final int DOUBLE = 4;
    static final int TEXT = 5;
    static final int ARRAY = 6;
    static final int OBJECT = 7;
    static final int NOTHING = 8;

    private final DataOutputStream out;
    private final Map<String, Integer> texts = new HashMap<>();

    SnapshotWriter(OutputStream out) {
        this.out = new DataOutputStream(out);
    }

    void number(long value) throws IOException {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.writeByte((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.writeByte((int) rest);
    }

    void signed(long value) throws IOException {
        number((value << 1) ^ (value >> 63));
    }

    void flag(boolean value) throws IOException {
        out.writeByte(value ? 1 : 0);
    }

    /** 0 and the text for a new one, else its place in the table counted from 1. */
    void text(String text) throws IOException {
        Integer known = texts.get(text);
        if (known != null) {
            number(known);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(0);
        number(bytes.length);
        out.write(bytes);
        if (texts.size() < TEXTS_MAX && text.length() <= TEXT_LENGTH_MAX) {
            texts.put(text, texts.size() + 1);
        }
    }

    void stamp(Stamp stamp) throws IOException {
        number(stamp.hlc());
        text(stamp.device());
    }

    void value(@Nullable JsonNode value) throws IOException {
        if (value == null) {
            out.writeByte(NOTHING);
            return;
        }
        switch (value.getNodeType()) {
            case NULL -> out.writeByte(NULL);
            case BOOLEAN -> out.writeByte(value.booleanValue() ? TRUE : FALSE);
            case NUMBER -> {
                if (value.isIntegralNumber()) {
                    out.writeByte(INTEGER);
                    signed(value.longValue());
                } else {
                    out.writeByte(DOUBLE);
                    out.writeDouble(value.doubleValue());
                }
            }
            case STRING -> {
                out.writeByte(TEXT);
                text(value.textValue());
            }
            case ARRAY -> {
                out.writeByte(ARRAY);
                number(value.size());
                for (Iterator<JsonNode> elements = value.elements(); elements.hasNext(); ) {
                    value(elements.next());
                }
            }
            case OBJECT -> {
                out.writeByte(OBJECT);
                number(value.size());
                for (Map.Entry<String, JsonNode> member : value.properties()) {
                    text(member.getKey());
                    value(member.getValue());
                }
            }
            case BINARY, MISSING, POJO -> throw new IllegalStateException("cells hold JSON values only");
        }
    }

    void flush() throws IOException {
        out.flush();
    }
}
