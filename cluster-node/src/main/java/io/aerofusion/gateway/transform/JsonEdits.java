package io.aerofusion.gateway.transform;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.route.JsonChange;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes of JSON bodies, by JSON pointers (RFC 6901): compiled once, applied to whole bodies within a bound. Numbers keep the value they were
 * written with; a name that stands twice in an object is refused, since the other side could take the other one.
 */
public final class JsonEdits {
    /** The deepest nesting of a body that is edited. */
    public static final int NESTING_MAX = 100;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(NESTING_MAX)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private final List<Edit> edits;

    private record Edit(
            JsonChange.Operation operation,
            JsonPointer path,
            @Nullable JsonNode value,
            @Nullable JsonPointer from) {}

    /** What became of a body. */
    public sealed interface Edited {
        /** The new body. */
        @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
        record Body(byte[] bytes) implements Edited {}

        /** The new body is larger than the bound. */
        record TooLarge() implements Edited {}

        /** Not JSON, or more deeply nested than {@link #NESTING_MAX}. */
        record Malformed() implements Edited {}
    }

    /** @throws IllegalArgumentException when a pointer is none */
    public JsonEdits(List<JsonChange> changes) {
        this.edits = changes.stream()
                .map(change -> new Edit(
                        change.op(),
                        JsonPointer.compile(change.path()),
                        change.value(),
                        change.from() == null ? null : JsonPointer.compile(change.from())))
                .toList();
    }

    public boolean isEmpty() {
        return edits.isEmpty();
    }

    /** Applies all changes in their order. */
    public Edited apply(byte[] body, int bytesMax) {
        try {
            JsonNode root = JSON.readTree(body);
            if (root == null || root.isMissingNode()) {
                return new Edited.Malformed();
            }
            for (Edit edit : edits) {
                root = apply(root, edit);
            }
            byte[] bytes = JSON.writeValueAsBytes(root);
            return bytes.length > bytesMax ? new Edited.TooLarge() : new Edited.Body(bytes);
        } catch (JsonProcessingException malformed) {
            return new Edited.Malformed();
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static JsonNode apply(JsonNode root, Edit edit) {
        return switch (edit.operation()) {
            case SET ->
                edit.value() == null
                        ? root
                        : set(root, edit.path(), edit.value().deepCopy());
            case REMOVE -> {
                remove(root, edit.path());
                yield root;
            }
            case MOVE -> {
                JsonNode moved = edit.from() == null ? null : remove(root, edit.from());
                yield moved == null ? root : set(root, edit.path(), moved);
            }
        };
    }

    /** Puts a value where the pointer shows; objects that are missing on the way are made, anything else that is in the way is left as it is. */
    private static JsonNode set(JsonNode root, JsonPointer path, JsonNode value) {
        if (path.matches()) {
            return value;
        }
        JsonNode parent = root;
        for (JsonPointer at = path; !at.tail().matches(); at = at.tail()) {
            JsonNode child =
                    parent.isArray() ? parent.path(at.getMatchingIndex()) : parent.path(at.getMatchingProperty());
            if (child.isMissingNode() && parent instanceof ObjectNode object) {
                child = object.putObject(at.getMatchingProperty());
            }
            parent = child;
        }
        JsonPointer last = path.last();
        if (parent instanceof ObjectNode object) {
            object.set(last.getMatchingProperty(), value);
        } else if (parent instanceof ArrayNode array) {
            int index = last.getMatchingIndex();
            if (last.getMatchingProperty().equals("-") || index == array.size()) {
                array.add(value);
            } else if (index >= 0 && index < array.size()) {
                array.set(index, value);
            }
        }
        return root;
    }

    private static @Nullable JsonNode remove(JsonNode root, JsonPointer path) {
        if (path.matches()) {
            return null;
        }
        JsonNode parent = root.at(path.head());
        JsonPointer last = path.last();
        if (parent instanceof ObjectNode object) {
            return object.remove(last.getMatchingProperty());
        }
        return parent instanceof ArrayNode array && last.getMatchingIndex() >= 0
                ? array.remove(last.getMatchingIndex())
                : null;
    }
}
