package io.aerofusion.gateway.routing;

import io.aerofusion.route.Problem;
import java.util.List;

/** What became of a generation: compiled, or refused as a whole with all reasons. */
public sealed interface Outcome permits Compiled, Outcome.Refused {
    /** All that is wrong with it, up to {@link Compiler#PROBLEMS_MAX}. */
    record Refused(List<Problem> problems) implements Outcome {
        public Refused {
            problems = List.copyOf(problems);
        }
    }
}
