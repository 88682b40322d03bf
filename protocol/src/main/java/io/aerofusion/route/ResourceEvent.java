package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** What happened to one resource of a gateway. Stored for ever: names and fields are promises; add, do not rename or retype. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({@JsonSubTypes.Type(value = ResourceEvent.Changed.class, name = "changed")})
public sealed interface ResourceEvent {
    /** When it happened, in milliseconds since the epoch. */
    long at();

    /**
     * The resource is this since that generation.
     *
     * @param document null when it was removed
     * @param note what whoever published the generation says about it; may be empty
     * @param by the actor, such as {@code user:alice}
     */
    record Changed(long generation, @Nullable JsonNode document, String note, String by, long at)
            implements ResourceEvent {}
}
