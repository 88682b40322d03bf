package io.aerofusion.platform.telemetry;

import kamon.Kamon;

/** How long persistent entities take to recover. */
public final class Recoveries {
    private Recoveries() {}

    /**
     * An entity begins to recover.
     *
     * @param type of the entity, such as {@code Space}
     * @return to be run when it has its state
     */
    public static Runnable start(String type) {
        return Kamon.timer("aerofusion.entity.recovery", "From an entity's start until it has its state, by type")
                .withTag("type", type)
                .start()::stop;
    }
}
