package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A mutation of a device that was away so long that nobody knows whether the document it names was deleted meanwhile.
 *
 * @param at when it was set aside, in ms since the epoch
 */
public record Quarantined(
        @JsonProperty("d") String device,
        @JsonProperty("s") long seq,
        @JsonProperty("t") long at,
        @JsonProperty("m") Mutation mutation) {}
