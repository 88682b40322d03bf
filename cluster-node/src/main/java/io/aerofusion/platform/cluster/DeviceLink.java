package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** How a sync session speaks to its device's entity, without the domains knowing each other; Main hands it over. */
public interface DeviceLink {
    /**
     * A session is open: answers with {@link SessionSignal}s for as long as it lives. Renews the lease.
     *
     * @param credential that it was opened with: it may have been replaced since it was checked
     */
    void opened(Principal device, String credential, ActorRef<SessionSignal> session);

    /** The session ended (the entity also watches it). */
    void closed(Principal device, ActorRef<SessionSignal> session);

    /** The device reported a part of its twin: a JSON merge patch (RFC 7396). Fails when the device's entity does not answer. */
    CompletionStage<Reported> reported(Principal device, JsonNode patch);

    /**
     * What became of a report.
     *
     * @param version of the reported twin now; 0 when it was refused
     * @param refused null when it is stored
     */
    record Reported(long version, @Nullable ErrorCode refused) {}

    /**
     * Whether a user may act under a device's name without its credential: not when it is registered to somebody else. Fails when the
     * device's entity does not answer.
     */
    CompletionStage<Boolean> mayBear(Principal user, String device);

    /** The device stored everything of the space up to the cursor token; sent at most once a minute per space. */
    void acknowledged(Principal device, String space, String cursor);
}
