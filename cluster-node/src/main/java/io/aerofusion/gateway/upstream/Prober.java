package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** Asks an endpoint for its health, or only whether it is there. */
public interface Prober {
    /** The status of the answer to a GET; a stage that fails when there is none within the time. */
    CompletionStage<Integer> probe(Transport transport, Target target, String path, Duration timeout);

    /** Connects and closes; a stage that fails when that is not possible within the time. */
    CompletionStage<Void> reach(Target target, Duration timeout);
}
