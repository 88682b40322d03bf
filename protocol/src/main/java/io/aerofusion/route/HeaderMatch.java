package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a header, or a query parameter, must be for a match. Names of headers are compared without regard to case. */
public record HeaderMatch(Type type, String name, String value) {
    public HeaderMatch {
        type = Defaults.or(type, Type.EXACT);
        name = Defaults.text(name);
        value = Defaults.text(value);
    }

    /** How the value is compared. A regular expression (RE2) has to match the whole value. */
    public enum Type {
        @JsonProperty("Exact")
        EXACT,
        @JsonProperty("RegularExpression")
        REGULAR_EXPRESSION
    }
}
