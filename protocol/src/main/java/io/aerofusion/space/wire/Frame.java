package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Rejection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One message of the sync protocol {@code aerofusion.sync.v1}, in either direction. Cursors are the opaque tokens. */
public sealed interface Frame {
    /** What a device sends. */
    sealed interface FromDevice extends Frame {}

    /** What a server sends. */
    sealed interface FromServer extends Frame {}

    /**
     * The first frame of a session.
     *
     * @param token bearer token; "" when the upgrade request carried it in {@code Authorization}
     * @param clock the device's wall clock, ms since the epoch
     * @param resume id of the session it continues; null for a new one
     * @param traceparent W3C trace context of the device; null for none
     */
    record Hello(
            String device,
            String token,
            int protocol,
            long clock,
            @Nullable String resume,
            @Nullable String traceparent)
            implements FromDevice {}

    /** Follows a space from a cursor on. {@code collections} empty means all; {@code cursor} null means from the start. */
    record Sub(
            String space,
            List<String> collections,
            @Nullable String cursor) implements FromDevice {}

    /** Stops following. */
    record Unsub(String space) implements FromDevice {}

    /** Mutations made on one base, numbered from {@code firstSeq}. */
    record Push(
            String space,
            long firstSeq,
            @Nullable String base,
            List<Mutation> mutations,
            @Nullable String traceparent) implements FromDevice {}

    /** The device has applied and stored everything up to the cursor. */
    record Seen(String space, String cursor) implements FromDevice {}

    /** Allows the server that many more bytes of {@code snap} and {@code delta} frames. */
    record Credit(long bytes) implements FromDevice {}

    /** Soft state for the others who follow the space; {@code state} null takes it back. */
    record Announce(String space, @Nullable JsonNode state) implements FromDevice {}

    /** A JSON merge patch (RFC 7396) to the device's own reported twin. */
    record Report(JsonNode patch) implements FromDevice {}

    /** The device leaves in an orderly way. */
    record Leave(String reason) implements FromDevice {}

    /** Answer to {@link Hello}. Times in ms. */
    record Welcome(String session, String node, long serverTime, Limits limits, long leaseMillis, long heartbeatMillis)
            implements FromServer {}

    /** What the server accepts at most: bytes per frame and document, mutations per push, pushes in flight, nesting, followed spaces. */
    record Limits(
            int frameBytes,
            int documentBytes,
            int pushMutations,
            int pushesInFlight,
            int nesting,
            int spaces,
            long creditBytes) {}

    /** A part of the whole space, sent when the device had no usable cursor; the last part has {@code last}. */
    record Snap(String space, String to, List<DocumentChange> documents, boolean last) implements FromServer {}

    /**
     * What changed after {@code from}. With {@code more}, {@code to} is good for resuming but not yet as the base of a push.
     *
     * @param traceparent W3C trace context of the push that caused it; null when it covers several
     */
    record Delta(
            String space,
            String from,
            String to,
            List<DocumentChange> changes,
            boolean more,
            @Nullable String traceparent)
            implements FromServer {}

    /** The cursor cannot be used: forget the confirmed state (keep the queue), a {@link Snap} follows. */
    record Reset(String space, ErrorCode reason) implements FromServer {}

    /**
     * Mutations up to {@code upTo} (and all before) are committed or rejected.
     *
     * @param level what the commit means: {@code committed} (one region) or {@code replicated}
     * @param cursor the cursor now, when nothing else is under way to the device; null: keep the one you have
     * @param changes outcomes that differ from what the device assumed; apply them after its own mutations
     * @param restamps mutation number -> the clock reading it was given instead of its own
     */
    record Ack(
            String space,
            long upTo,
            String level,
            @Nullable String cursor,
            List<DocumentChange> changes,
            Map<Long, Long> restamps)
            implements FromServer {}

    /** Mutations that were not accepted; they are inside of the next {@link Ack}'s range and come before it. */
    record Rej(String space, List<Rejection> rejections) implements FromServer {}

    /** Conflicts that this device's mutations took part in. */
    record Conflicts(String space, List<Conflict> conflicts) implements FromServer {}

    /** The device may not see the space any more (this is not a delete of its documents). */
    record Gone(String space, ErrorCode reason) implements FromServer {}

    /** Soft state of another device. */
    record Presence(String space, String device, @Nullable JsonNode state) implements FromServer {}

    /** The desired twin of the device. */
    record Desired(long version, JsonNode desired) implements FromServer {}

    /**
     * What became of the session's {@code number}th {@link Report}, the first being 1: the reported twin has that version now.
     *
     * @param refused null when the report is stored
     */
    record Reported(long number, long version, @Nullable ErrorCode refused) implements FromServer {}

    /** The server is busy: send no push before that many ms. */
    record Slow(long retryAfterMillis) implements FromServer {}

    /** Something about a frame of the device was wrong; the session goes on unless a {@link Bye} follows. */
    record Failure(@Nullable String space, ErrorCode code, String detail) implements FromServer {}

    /** The server closes. {@code retryAfterMillis} < 0: do not come back with these credentials. */
    record Bye(ErrorCode reason, String detail, long retryAfterMillis) implements FromServer {}
}
