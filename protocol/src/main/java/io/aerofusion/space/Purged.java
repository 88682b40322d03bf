package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The fact that everybody has seen everything up to a horizon, so that what only served to tell them can go: tombstones, unset
 * cells, removed elements. Part of the journal's format.
 *
 * @param horizon region -> operation number that every leased device and every region has seen
 * @param at when it was decided, in ms since the epoch
 */
public record Purged(
        @JsonProperty("h") SortedMap<String, Long> horizon,
        @JsonProperty("t") long at) implements SpaceEvent {
    public Purged {
        horizon = Collections.unmodifiableSortedMap(new TreeMap<>(horizon));
    }
}
