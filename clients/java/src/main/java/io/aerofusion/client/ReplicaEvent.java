package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an application learns from its replica. */
public sealed interface ReplicaEvent {
    /** What happened within one space. */
    sealed interface OfSpace extends ReplicaEvent {
        String space();
    }

    /** The session is open and the server has accepted the device. */
    record Connected(String session, String node) implements ReplicaEvent {}

    /** The session is over; the replica works on without it. */
    record Disconnected() implements ReplicaEvent {}

    /**
     * The server ended the session, or refused it.
     *
     * @param retryAfterMillis when to come back; negative: not with these credentials
     */
    record Ended(ErrorCode reason, String detail, long retryAfterMillis) implements ReplicaEvent {}

    /** The server did not take a report of the twin: sending it again leads to the same end. */
    record ReportRefused(JsonNode patch, ErrorCode code) implements ReplicaEvent {}

    /** The desired twin of the device is new. */
    record TwinDesired(long version, JsonNode desired) implements ReplicaEvent {}

    /**
     * What the view shows of these documents may have changed: read them again.
     *
     * @param local true when this device made the change
     */
    record Changed(String space, List<DocumentKey> documents, boolean local) implements OfSpace {
        public Changed {
            documents = List.copyOf(documents);
        }
    }

    /** The replica has everything that the server had when it asked. */
    record CaughtUp(String space) implements OfSpace {}

    /** Mutations up to this number are committed or rejected. */
    record Acknowledged(String space, long upTo) implements OfSpace {}

    /**
     * The device lost its store once, and the server knows numbers that the new one never gave out: all that waits has a number that is
     * higher by so much than the one which was returned when it was made.
     */
    record Renumbered(String space, long by) implements OfSpace {}

    /** A mutation was not accepted; it stays in the list of rejections until it is dismissed. */
    record Rejected(String space, RejectedMutation rejected) implements OfSpace {}

    /** A mutation of this device met one that it did not know. */
    record Conflicted(String space, ConflictNotice conflict) implements OfSpace {}

    /** The confirmed documents were dropped and are loaded anew; queued mutations stay. */
    record Restarted(String space, ErrorCode reason) implements OfSpace {}

    /** The device may not see the space any more; the local copy is gone and what was queued is rejected. */
    record Gone(String space, ErrorCode reason) implements OfSpace {}

    /** What another device announced; null when it took that back or left. */
    record Presence(String space, String device, @Nullable JsonNode state) implements OfSpace {}

    /** The server did not do what was asked for the space; the replica asks again later. */
    record Refused(String space, ErrorCode code, String detail) implements OfSpace {}

    /** The observer was too slow and events were left out: read again what matters. */
    record Overrun(String space) implements OfSpace {}
}
