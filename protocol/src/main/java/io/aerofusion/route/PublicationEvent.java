package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * What happened to the configuration of a tenant's gateway. Stored for ever: names and fields are promises; add, do not rename or retype.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({@JsonSubTypes.Type(value = PublicationEvent.Published.class, name = "published")})
public sealed interface PublicationEvent {
    /** When it happened, in milliseconds since the epoch. */
    long at();

    /**
     * A new generation, complete and valid as a whole. Every event is one, so its number is also the event's in the journal.
     *
     * @param tag random; tells this generation from another of the same number, see a restored backup
     * @param changes what differs from the generation before, in the order of kind and name; not empty
     * @param note what whoever published it says about it; may be empty
     * @param restored the earlier generation whose content this is; 0 when it is no rollback
     * @param by the actor, such as {@code user:alice}
     */
    record Published(
            long generation, String tag, List<ResourceChange> changes, String note, long restored, String by, long at)
            implements PublicationEvent {
        public Published {
            changes = List.copyOf(changes);
        }
    }
}
