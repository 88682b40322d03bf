package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a space. Kept in the journal for ever: fields and names are added, never changed or removed.
 *
 * <p>{@code by} is the actor ({@code user:alice}, {@code device:phone-1}), {@code at} the server's wall clock in ms.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "@")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Merged.class, name = "merged"),
    @JsonSubTypes.Type(value = SpaceEvent.Created.class, name = "created"),
    @JsonSubTypes.Type(value = SpaceEvent.MemberSet.class, name = "member"),
    @JsonSubTypes.Type(value = SpaceEvent.MemberRemoved.class, name = "member-removed"),
    @JsonSubTypes.Type(value = SpaceEvent.SchemaSet.class, name = "schema"),
    @JsonSubTypes.Type(value = SpaceEvent.QuotaSet.class, name = "quota"),
    @JsonSubTypes.Type(value = SpaceEvent.DeviceSeen.class, name = "device"),
    @JsonSubTypes.Type(value = Purged.class, name = "purged"),
    @JsonSubTypes.Type(value = SpaceEvent.QuarantineDecided.class, name = "quarantine-decided"),
    @JsonSubTypes.Type(value = SpaceEvent.ConflictResolved.class, name = "conflict-resolved"),
    @JsonSubTypes.Type(value = SpaceEvent.Erased.class, name = "erased")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface SpaceEvent
        permits Merged,
                Purged,
                SpaceEvent.Created,
                SpaceEvent.MemberSet,
                SpaceEvent.MemberRemoved,
                SpaceEvent.SchemaSet,
                SpaceEvent.QuotaSet,
                SpaceEvent.DeviceSeen,
                SpaceEvent.QuarantineDecided,
                SpaceEvent.ConflictResolved,
                SpaceEvent.Erased {

    /**
     * The first event.
     *
     * @param owner the user whose space it is: the data subject
     * @param title for people
     * @param declared only collections with a schema are accepted
     * @param request digest of the creating request, by which its repetition is known
     */
    record Created(String owner, String title, boolean declared, String request, String by, long at)
            implements SpaceEvent {}

    record MemberSet(String user, SpaceRight right, String by, long at) implements SpaceEvent {}

    record MemberRemoved(String user, String by, long at) implements SpaceEvent {}

    /** A collection's JSON Schema with {@code x-sync}; it holds for what is written from now on. */
    record SchemaSet(String collection, JsonNode schema, String by, long at) implements SpaceEvent {}

    record QuotaSet(long documents, long bytes, String by, long at) implements SpaceEvent {}

    /**
     * A device used the space; recorded when it is new and then about once a day, since it only serves the lease.
     *
     * @param cursor what the device said it has stored; null when it said nothing yet
     * @param untold true while the device was never told anything of the space, so that no tombstone has to be kept for it; null counts
     *     as false
     * @param numbered the name under which its mutations are merged and counted from now on, where that is not its own: somebody
     *     else had used that name here before it came with its credential. Null leaves it as it was
     */
    record DeviceSeen(
            String device,
            String user,
            @Nullable Cursor cursor,
            long at,
            @Nullable Boolean untold,
            @Nullable String numbered)
            implements SpaceEvent {}

    /** A mutation left the quarantine; an accepted one stands in the {@link Merged} beside this event. */
    record QuarantineDecided(String device, long seq, boolean accepted, String by, long at) implements SpaceEvent {}

    /** Somebody settled what waited at a path; the operation that did it is in the {@link Merged} beside this event. */
    record ConflictResolved(String collection, String document, String path, String by, long at)
            implements SpaceEvent {}

    /** The owner is being erased: nobody may see the space any more. */
    record Erased(String by, long at) implements SpaceEvent {}
}
