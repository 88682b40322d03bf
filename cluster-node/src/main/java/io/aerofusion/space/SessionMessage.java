package io.aerofusion.space;

import akka.util.ByteString;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Authenticator;
import org.jspecify.annotations.Nullable;

/** What a {@link SyncSession} hears: its socket, its spaces, its device's entity and the clock of the node. */
public sealed interface SessionMessage permits SessionMessage.Local, SpaceNotice {
    /** From within the node. */
    sealed interface Local extends SessionMessage {}

    /** A whole binary message. The socket reads no further until it is told to. */
    record Received(ByteString bytes) implements Local {}

    /** A message that was not even decoded: text, or larger than the limit. */
    record Unreadable(ErrorCode code, String detail) implements Local {}

    /** The bytes that waited for the socket have fallen below the low mark. */
    record Drained() implements Local {}

    /** The socket is gone, whoever closed it. */
    record Disconnected() implements Local {}

    /** What became of the token; null when that could not be found out. */
    record Identified(Authenticator.@Nullable Outcome outcome) implements Local {}

    /** Whether the user may act under the device's name; null when that could not be found out. */
    record NameChecked(@Nullable Boolean allowed) implements Local {}

    /** The tokens of that user may be good no more. */
    record IdentifyAgain(String tenant, String user) implements Local {}

    /** Tokens of others than the platform may be good no more, whoever's they are. */
    record IdentifyForeignAgain() implements Local {}

    /** What became of the session's report of that number. */
    record ReportAnswered(long number, DeviceLink.Reported answer) implements Local {}

    /** The device's entity did not answer a report: nothing is known. */
    record ReportUnanswered() implements Local {}

    /** From the device's entity. */
    record Signalled(SessionSignal signal) implements Local {}

    /** The incarnation of a space that sent the deltas has stopped. */
    record SpaceStopped(String space) implements Local {}

    /** Time to ask a space again. */
    record Retry(String space) implements Local {}

    /** The node's clock for deadlines: one timer for all sessions. */
    record Tick() implements Local {}

    /** The node leaves. */
    record Leave() implements Local {}
}
