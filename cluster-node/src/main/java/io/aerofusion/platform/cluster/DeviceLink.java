package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.security.Principal;

/** How a sync session speaks to its device's entity, without the domains knowing each other; Main hands it over. */
public interface DeviceLink {
    /** A session is open: answers with {@link SessionSignal}s for as long as it lives. Renews the lease. */
    void opened(Principal device, ActorRef<SessionSignal> session);

    /** The session ended (the entity also watches it). */
    void closed(Principal device, ActorRef<SessionSignal> session);

    /** The device reported a part of its twin: a JSON merge patch (RFC 7396). */
    void reported(Principal device, JsonNode patch);

    /** The device stored everything of the space up to the cursor token; sent at most once a minute per space. */
    void acknowledged(Principal device, String space, String cursor);
}
