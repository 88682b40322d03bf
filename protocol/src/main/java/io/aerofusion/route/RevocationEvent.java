package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What happened to the revocations of a tenant's gateway. Stored for ever: names and fields are promises; add, do not rename or retype. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
    @JsonSubTypes.Type(value = RevocationEvent.Revoked.class, name = "revoked"),
    @JsonSubTypes.Type(value = RevocationEvent.Lifted.class, name = "lifted")
})
public sealed interface RevocationEvent {
    /** Counts the changes; also the event's number in the journal. */
    long revision();

    /** Random; tells this revision from another of the same number, see a restored backup. */
    String tag();

    /** When it happened, in milliseconds since the epoch. */
    long at();

    /** Tokens were revoked; replaces an earlier revocation of the same id. */
    record Revoked(long revision, String tag, Revocation revocation, long at) implements RevocationEvent {}

    /**
     * A revocation was taken back.
     *
     * @param by the actor, such as {@code user:alice}
     */
    record Lifted(long revision, String tag, String id, String by, long at) implements RevocationEvent {}
}
