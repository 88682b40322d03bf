package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what {@link SnapshotWriter} wrote. Texts that were written once are one object here, and so are their values. */
final class SnapshotReader {
    private final DataInputStream in;
    private final List<TextNode> texts = new ArrayList<>();

    SnapshotReader(InputStream in) {
        this.in = new DataInputStream(in);
    }

    long number() throws IOException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = in.readByte();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IOException("a number is too long");
    }

    int count() throws IOException {
        long count = number();
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw new IOException("a count is out of range");
        }
        return (int) count;
    }

    long signed() throws IOException {
        long value = number();
        return (value >>> 1) ^ -(value & 1);
    }

    boolean flag() throws IOException {
        return in.readByte() != 0;
    }

    String text() throws IOException {
        return textNode().textValue();
    }

    private TextNode textNode() throws IOException {
        int known = count();
        if (known > 0) {
            return texts.get(known - 1);
        }
        byte[] bytes = new byte[count()];
        in.readFully(bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        TextNode node = TextNode.valueOf(text);
        if (texts.size() < SnapshotWriter.TEXTS_MAX && text.length() <= SnapshotWriter.TEXT_LENGTH_MAX) {
            texts.add(node);
        }
        return node;
    }

    Stamp stamp() throws IOException {
        long hlc = number();
        String device = text();
        return hlc == 0 && device.isEmpty() ? Stamp.NONE : new Stamp(hlc, device);
    }

    JsonNode present() throws IOException {
        JsonNode value = value();
        if (value == null) {
            throw new IOException("a value is missing");
        }
        return value;
    }

    @Nullable JsonNode value() throws IOException {
        int type = in.readByte();
        return switch (type) {
            case SnapshotWriter.NOTHING -> null;
            case SnapshotWriter.NULL -> NullNode.instance;
            case SnapshotWriter.TRUE -> BooleanNode.TRUE;
            case SnapshotWriter.FALSE -> BooleanNode.FALSE;
            case SnapshotWriter.INTEGER -> LongNode.valueOf(signed());
            case SnapshotWriter.DOUBLE -> DoubleNode.valueOf(in.readDouble());
            case SnapshotWriter.TEXT -> textNode();
            case SnapshotWriter.ARRAY -> {
                int size = count();
                ArrayNode array = JsonNodeFactory.instance.arrayNode();
                for (int i = 0; i < size; i++) {
                    array.add(present());
                }
                yield array;
            }
            case SnapshotWriter.OBJECT -> {
                int size = count();
                ObjectNode object = JsonNodeFactory.instance.objectNode();
                for (int i = 0; i < size; i++) {
                    object.set(text(), present());
                }
                yield object;
            }
            default -> throw new IOException("unknown type of value " + type);
        };
    }
}
