package io.aerofusion.space;

import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.EventSeq;
import io.aerofusion.platform.security.Sealed;
import java.util.function.Function;

/**
 * Weighs what an entity persists, to take a snapshot when the events since the last one weigh half as much as it: so writing
 * snapshots at most triples what is written, and a recovery reads at most half a snapshot's weight of events beside it.
 */
final class JournalWeight {
    private final long bytesMin;
    private long snapshotBytes;
    private long eventBytes;

    /** Starts with nothing persisted; below {@code bytesMin} no snapshot is due. */
    JournalWeight(long bytesMin) {
        this.bytesMin = bytesMin;
    }

    boolean snapshotIsDue() {
        return eventBytes >= Math.max(bytesMin, snapshotBytes / 2);
    }

    /** The adapter, with the weight of every event written or read taken down. */
    <E> EventAdapter<E, Sealed> weighed(EventAdapter<E, Sealed> adapter) {
        return new EventAdapter<>() {
            @Override
            public Sealed toJournal(E event) {
                Sealed sealed = adapter.toJournal(event);
                eventBytes += sealed.content().length;
                return sealed;
            }

            @Override
            public String manifest(E event) {
                return adapter.manifest(event);
            }

            @Override
            public EventSeq<E> fromJournal(Sealed sealed, String manifest) {
                eventBytes += sealed.content().length;
                return adapter.fromJournal(sealed, manifest);
            }
        };
    }

    /** Writes a snapshot; from now on events count anew. */
    <S> Function<S, byte[]> snapshotWriter(Function<S, byte[]> write) {
        return state -> {
            byte[] bytes = write.apply(state);
            snapshotBytes = bytes.length;
            eventBytes = 0;
            return bytes;
        };
    }

    /** Reads a snapshot; the events after it count. */
    <S> Function<byte[], S> snapshotReader(Function<byte[], S> read) {
        return bytes -> {
            snapshotBytes = bytes.length;
            eventBytes = 0;
            return read.apply(bytes);
        };
    }
}
