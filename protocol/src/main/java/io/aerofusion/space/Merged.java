package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * The fact that a push was merged: what the journal keeps and what travels to other regions. Facts may be applied in any order
 * and any number of times.
 *
 * @param region the region that accepted it
 * @param device the device that pushed
 * @param at when it was accepted, in ms since the epoch
 * @param operations the accepted mutations, with consecutive numbers of the region
 * @param quarantined mutations that wait for somebody to decide
 * @param conflicts how many conflicts the push met
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Merged(
        @JsonProperty("r") String region,
        @JsonProperty("d") String device,
        @JsonProperty("t") long at,
        @JsonProperty("o") List<Operation> operations,
        @JsonProperty("q") List<Quarantined> quarantined,
        @JsonProperty("c") int conflicts)
        implements SpaceEvent {
    public Merged {
        operations = operations == null ? List.of() : List.copyOf(operations);
        quarantined = quarantined == null ? List.of() : List.copyOf(quarantined);
    }
}
