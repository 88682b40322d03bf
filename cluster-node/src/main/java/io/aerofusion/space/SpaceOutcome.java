package io.aerofusion.space;

import io.aerofusion.platform.ErrorCode;
import java.util.List;

/** What becomes of a command of the API. */
sealed interface SpaceOutcome {
    record Refuse(Space.Refused refused) implements SpaceOutcome {}

    /** It is taken; without facts when nothing changes. */
    record Persist(List<SpaceEvent> facts) implements SpaceOutcome {}

    static SpaceOutcome refuse(ErrorCode code, String detail) {
        return new Refuse(new Space.Refused(code, detail));
    }

    /** Somebody else changed it meanwhile. */
    static SpaceOutcome stale(long version) {
        return refuse(ErrorCode.PRECONDITION_FAILED, "Its version is " + version + " now.");
    }

    static SpaceOutcome persist(SpaceEvent... facts) {
        return new Persist(List.of(facts));
    }
}
