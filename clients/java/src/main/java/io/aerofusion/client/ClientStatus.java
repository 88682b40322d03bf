package io.aerofusion.client;

import io.aerofusion.platform.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * How a client stands.
 *
 * @param state what it is doing about its session
 * @param node the node of the session; null without one
 * @param pending mutations over all spaces that wait for their acknowledgement
 * @param clockCorrectionMillis what to add to the device's clock to get the server's
 * @param lastEnd why the server ended or refused the last session, when it said so
 */
public record ClientStatus(
        State state,
        @Nullable String node,
        int pending,
        long clockCorrectionMillis,
        @Nullable ErrorCode lastEnd) {
    /** What a client does about its session. */
    public enum State {
        /** The application wants no session now. */
        OFFLINE,
        /** An attempt is under way. */
        CONNECTING,
        /** The server has accepted the device. */
        ONLINE,
        /** The last attempt failed or the session was lost; the next attempt follows by itself. */
        WAITING,
        /** The server does not want this device with these credentials; {@link SyncClient#goOnline} tries again. */
        REFUSED,
        CLOSED
    }
}
