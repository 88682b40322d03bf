package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** Asks an endpoint for its health, or only whether it is there. */
public interface Prober {
    /** Whether the endpoint's answer is that of a well one; a stage that fails when there is none within the time. */
    CompletionStage<Boolean> probe(Transport transport, Target target, Probe probe, Duration timeout);

    /** Connects and closes; a stage that fails when that is not possible within the time. */
    CompletionStage<Void> reach(Target target, Duration timeout);
}
