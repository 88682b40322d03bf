package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the nodes and the writer of a {@link RevisionedSnapshot} tell each other. */
public sealed interface RevisionedMessage extends Durable {
    /**
     * Asks the writer for what came after a revision.
     *
     * @param known the revision of the asking node
     * @param whole the whole of which a further part is wanted; null to begin
     * @param part number of that part
     */
    record Question(Revision known, @Nullable Revision whole, int part) implements RevisionedMessage {
        /** What came after the revision? */
        public static Question since(Revision known) {
            return new Question(known, null, 0);
        }
    }

    /** What the writer answers. */
    sealed interface Answer extends RevisionedMessage {}

    /** The asking node has the newest. */
    record Current(Revision revision) implements Answer {}

    /** What is missing, in order. */
    record Changes(Revision from, List<Change> changes) implements Answer {}

    /**
     * A part of the whole, deflated.
     *
     * @param parts how many there are
     */
    @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
    record Part(Revision revision, int part, int parts, byte[] content) implements Answer {}

    /**
     * One change.
     *
     * @param revision what it leads to
     * @param content as {@link RevisionedContent#writeChange} wrote it, deflated
     */
    @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
    record Change(Revision revision, byte[] content) implements RevisionedMessage {}

    /**
     * Told to all nodes after the commit.
     *
     * @param previous what the change was made to
     * @param change null when it is too large to be told: whoever wants it asks
     */
    record Announced(
            Revision previous, Revision revision, @Nullable Change change) implements RevisionedMessage {}

    /** Asks a node what it holds. */
    record HoldingAsked(ActorRef<Holding> replyTo) implements RevisionedMessage {}

    /**
     * What a node holds.
     *
     * @param node its cluster address
     * @param ageMillis since the writer last confirmed it
     * @param stale whether that is longer than it should be
     * @param detail what the domain says about it
     */
    record Holding(String node, Revision revision, long ageMillis, boolean stale, JsonNode detail)
            implements RevisionedMessage {}
}
