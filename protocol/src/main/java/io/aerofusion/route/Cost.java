package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import org.jspecify.annotations.Nullable;

/**
 * What a request counts against a limit: a number, or a CEL expression that gives one. In documents it is the one or the other.
 *
 * @param fixed the number, where there is no expression
 */
public record Cost(long fixed, @Nullable String cel) {
    /** Reads a number or an expression; anything else becomes a cost that {@link Checks} refuses. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Cost of(JsonNode value) {
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            return new Cost(value.longValue(), null);
        }
        return value.isTextual() ? new Cost(0, value.textValue()) : new Cost(-1, null);
    }

    @JsonValue
    JsonNode json() {
        return cel == null ? LongNode.valueOf(fixed) : TextNode.valueOf(cel);
    }
}
