package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Space} tells those who follow it and those who push to it. All of one space's notices reach one follower in the
 * order of its commits. Frames come encoded, so that a commit is encoded once for all its followers.
 */
@SuppressWarnings(
        "ArrayRecordComponent") // encoded frames: shared by all followers, changed by nobody, compared by nobody
public sealed interface SpaceNotice extends SessionMessage, Durable {
    String space();

    /**
     * A part of what the follower has not seen. After the one without {@code more} it gets every commit.
     *
     * @param turn the number of the {@link Space.Follow} this answers
     * @param reset why the cursor could not be used; null when it could
     * @param frame an encoded {@code snap} or {@code delta}
     * @param to the cursor after the frame
     * @param entity the incarnation that answers; when it stops, the follower has to follow again
     */
    record Caught(
            String space,
            int turn,
            @Nullable ErrorCode reset,
            byte[] frame,
            String to,
            boolean more,
            ActorRef<Space.Command> entity)
            implements SpaceNotice {}

    /** The space cannot be followed. */
    record FollowRefused(String space, int turn, ErrorCode code, String detail) implements SpaceNotice {}

    /** Somebody else's commit as an encoded {@code delta} between two cursors. */
    record Committed(
            String space,
            String from,
            String to,
            byte[] frame,
            @Nullable String traceparent) implements SpaceNotice {}

    /** A device's presence as an encoded frame. The latest of each device counts. */
    record PresenceChanged(String space, String device, byte[] frame) implements SpaceNotice {}

    /** The follower's user may not see the space any more. */
    record LostAccess(String space, ErrorCode code) implements SpaceNotice {}

    /** What became of a push. */
    sealed interface PushReply extends SpaceNotice {
        /** Names the push together with the device. */
        long firstSeq();
    }

    /**
     * The push is committed (or was before).
     *
     * @param upTo number of the push's last mutation
     * @param before the cursor before the commit
     * @param after the cursor after it
     * @param changes outcomes that differ from what the device assumed
     * @param restamps mutation number -> the clock reading it was given
     */
    record Pushed(
            String space,
            long firstSeq,
            long upTo,
            String before,
            String after,
            List<Rejection> rejections,
            List<Conflict> conflicts,
            List<DocumentChange> changes,
            Map<Long, Long> restamps)
            implements PushReply {}

    /** The push as a whole was not looked at; nothing of it was recorded. */
    record PushRefused(String space, long firstSeq, ErrorCode code, String detail) implements PushReply {}

    /** What a device last announced of itself. */
    record Present(String device, JsonNode state) {}
}
