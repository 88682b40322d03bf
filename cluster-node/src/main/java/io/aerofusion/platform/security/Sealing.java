package io.aerofusion.platform.security;

import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.EventSeq;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.SnapshotAdapter;
import io.aerofusion.platform.persistence.DataKey;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.Function;

/**
 * Seals what one entity persists under the data key of its subject; {@link SealedEntity} hands it to the entity when that starts.
 *
 * <p>Each event and snapshot is AES-256-GCM with the persistence id and its kind as associated data: a row that was moved to another
 * entity, or a snapshot passed off as an event, does not open. The order of events is the journal's.
 */
public final class Sealing {
    /** The slices of a region's stream. Fixed for ever: a projection's offsets and the order per entity hang on it. */
    public static final int SLICES = 16;

    private final PersistenceId id;
    private final DataKey key;

    public Sealing(PersistenceId id, DataKey key) {
        this.id = id;
        this.key = key;
    }

    /** The entity. */
    public PersistenceId id() {
        return id;
    }

    /** The key of the entity's subject. */
    public DataKey key() {
        return key;
    }

    /** Which of the {@link #SLICES} a persistence id belongs to. */
    public static int sliceOf(String persistenceId) {
        return Math.floorMod(persistenceId.hashCode(), SLICES);
    }

    /** Tag of a slice of the region's stream: {@code local-0} to {@code local-15}. */
    public static String streamTag(int slice) {
        return "local-" + slice;
    }

    /** Tag of a slice of what read models follow: {@code model-0} to {@code model-15}. */
    public static String modelTag(int slice) {
        return "model-" + slice;
    }

    /** What {@code tagsFor} answers for an event of local origin that read models follow. */
    public Set<String> localTags() {
        int slice = sliceOf(id.id());
        return Set.of(streamTag(slice), modelTag(slice));
    }

    /**
     * What {@code tagsFor} answers for an event of local origin that no read model follows, such as a merged push: half of the cost
     * of {@link #localTags}, and projections need not read and open it. Events absorbed from another region get no tag at all.
     */
    public Set<String> streamTags() {
        return Set.of(streamTag(sliceOf(id.id())));
    }

    /** Seals events as Jackson CBOR. {@code type} is a sealed interface with {@code @JsonTypeInfo} names. */
    public <E> EventAdapter<E, Sealed> events(Class<E> type) {
        SealedCbor<E> cbor = SealedCbor.of(type);
        return events(cbor::write, cbor::read);
    }

    /** Seals events in a format of the entity's own. */
    public <E> EventAdapter<E, Sealed> events(Function<E, byte[]> write, Function<byte[], E> read) {
        return new Events<>(write, read);
    }

    /** Seals snapshots as Jackson CBOR. */
    public <S> SnapshotAdapter<S> snapshots(Class<S> type) {
        SealedCbor<S> cbor = SealedCbor.of(type);
        return snapshots(cbor::write, cbor::read);
    }

    /** Seals snapshots in a format of the entity's own. */
    public <S> SnapshotAdapter<S> snapshots(Function<S, byte[]> write, Function<byte[], S> read) {
        return new Snapshots<>(write, read);
    }

    /** Opens an event that a projection read. @throws IllegalStateException when it is not one of this entity */
    public <E> E open(Sealed event, Class<E> type) {
        return SealedCbor.of(type).read(open(event, Kind.EVENT));
    }

    private Sealed seal(byte[] plaintext, Kind kind) {
        return new Sealed(key.seal(plaintext, associated(kind)));
    }

    private byte[] open(Sealed sealed, Kind kind) {
        return key.open(sealed.content(), associated(kind));
    }

    private byte[] associated(Kind kind) {
        return (kind.letter + id.id()).getBytes(StandardCharsets.UTF_8);
    }

    private enum Kind {
        EVENT('e'),
        SNAPSHOT('s');

        private final char letter;

        Kind(char letter) {
            this.letter = letter;
        }
    }

    private final class Events<E> extends EventAdapter<E, Sealed> {
        private final Function<E, byte[]> write;
        private final Function<byte[], E> read;

        Events(Function<E, byte[]> write, Function<byte[], E> read) {
            this.write = write;
            this.read = read;
        }

        @Override
        public Sealed toJournal(E event) {
            return seal(write.apply(event), Kind.EVENT);
        }

        @Override
        public String manifest(E event) {
            return ""; // which event it is lies inside
        }

        @Override
        public EventSeq<E> fromJournal(Sealed sealed, String manifest) {
            return EventSeq.single(read.apply(open(sealed, Kind.EVENT)));
        }
    }

    private final class Snapshots<S> implements SnapshotAdapter<S> {
        private final Function<S, byte[]> write;
        private final Function<byte[], S> read;

        Snapshots(Function<S, byte[]> write, Function<byte[], S> read) {
            this.write = write;
            this.read = read;
        }

        @Override
        public Object toJournal(S state) {
            return seal(write.apply(state), Kind.SNAPSHOT);
        }

        @Override
        public S fromJournal(Object sealed) {
            return read.apply(open((Sealed) sealed, Kind.SNAPSHOT));
        }
    }
}
