package io.aerofusion.client;

import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * A moment, to tell how long ago it was: by the wall clock, which goes on while a device sleeps, or by the other one when somebody set
 * the wall clock back.
 */
record Moment(InstantSource wall, long millis, long nanos) {
    static Moment now(InstantSource wall) {
        return new Moment(wall, wall.millis(), System.nanoTime());
    }

    /** How long ago it was, in ms. */
    long ago() {
        return Math.max(wall.millis() - millis, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos));
    }
}
