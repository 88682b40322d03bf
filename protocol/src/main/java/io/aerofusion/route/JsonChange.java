package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * A change of a JSON body.
 *
 * @param path a JSON pointer (RFC 6901)
 * @param value with {@code Set}, what stands there afterwards
 * @param from with {@code Move}, a pointer to what is moved
 */
public record JsonChange(
        Operation op,
        String path,
        @Nullable JsonNode value,
        @Nullable String from) {
    public JsonChange {
        op = Defaults.or(op, Operation.SET);
        path = Defaults.text(path);
    }

    /** What is done. What is not there is neither removed nor moved, and that is no error. */
    public enum Operation {
        @JsonProperty("Set")
        SET,
        @JsonProperty("Remove")
        REMOVE,
        @JsonProperty("Move")
        MOVE
    }
}
