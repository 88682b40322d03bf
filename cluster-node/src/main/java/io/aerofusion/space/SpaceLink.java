package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import io.aerofusion.platform.telemetry.TraceStep;
import io.aerofusion.space.wire.Frame;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a session knows of one space: how far its device has been told, and the pushes that wait for their commit. */
final class SpaceLink {
    /** Where the device stands with the space. */
    enum Phase {
        /** The device does not follow: it only pushes. */
        UNFOLLOWED,
        /** A page was asked for. */
        ASKING,
        /** Commits arrive by themselves. */
        LIVE,
        /** The device cannot take more: what comes is dropped until it can, then asked for from the cursor on. */
        BEHIND,
        /** The entity stopped; a retry is on its way. */
        LOST
    }

    /** A push that waits for its reply; kept so that it can be sent again, which is safe. */
    static final class Waiting {
        final long firstSeq;
        /** Null when the push was not fit to be sent; it is refused when its turn comes, since answers keep the order. */
        final Space.@Nullable Push push;

        final long since;
        long sentAt;
        boolean slow;

        /** From the push's arrival to its answer. */
        final TraceStep step;

        Waiting(long firstSeq, Space.@Nullable Push push, TraceStep step, long now) {
            this.firstSeq = firstSeq;
            this.push = push;
            this.step = step;
            this.since = now;
            this.sentAt = now;
        }
    }

    final String space;
    final ArrayDeque<Waiting> pushes = new ArrayDeque<>(2);
    Phase phase = Phase.UNFOLLOWED;
    List<String> collections = List.of();
    /** What was last written to the socket; null when the device has nothing yet. */
    @Nullable String cursor;
    /** The frames are parts of a snapshot. */
    boolean snapping;
    /** Number of the last page asked for; answers to earlier ones are stale. */
    int turn;

    long askedAt;
    long seenPassedOnAt = Long.MIN_VALUE;
    /** How far the device said to have stored the space, too soon after the last time; null when nothing waits. */
    @Nullable Cursor seen;

    long announcedAt = Long.MIN_VALUE;
    /** What the device announced too soon after the last time; null when nothing waits. */
    Frame.@Nullable Announce announcement;
    /** What the space was told last; null when nothing is announced. */
    Frame.@Nullable Announce announced;

    @Nullable ActorRef<Space.Command> entity;

    SpaceLink(String space) {
        this.space = space;
    }

    boolean followed() {
        return phase != Phase.UNFOLLOWED;
    }

    boolean idle() {
        return !followed() && pushes.isEmpty();
    }
}
