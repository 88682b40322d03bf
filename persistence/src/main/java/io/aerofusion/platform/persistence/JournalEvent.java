package io.aerofusion.platform.persistence;

import org.jspecify.annotations.Nullable;

/** What the journal keeps of an event: the id of its entity, its number there, who wrote it when, and what was serialized. */
public record JournalEvent(
        String persistenceId,
        long sequenceNumber,
        String writer,
        long timestamp,
        String adapterManifest,
        Serialized payload,
        @Nullable Serialized metadata) {

    /** Bytes, which nobody changes any more, and which serializer reads them. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Serialized(int serializer, String manifest, byte[] bytes) {}
}
