package io.aerofusion.platform.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;

/** What a device's or user's entity tells an open sync session. */
public sealed interface SessionSignal extends Durable {
    /** The twin's desired state, now or changed. */
    record Desired(long version, JsonNode desired) implements SessionSignal {}

    /** The session must end: the device was revoked, replaced by a newer session, or its owner was erased. */
    record End(ErrorCode reason) implements SessionSignal {}
}
