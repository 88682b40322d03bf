package io.aerofusion.gateway.upstream;

import java.util.concurrent.ThreadLocalRandom;

/** Randomness for choices between endpoints and for jitter; safe to use from any thread. */
@FunctionalInterface
public interface Dice {
    /** The dice of production: no state is shared between threads. */
    Dice FAIR = bound -> ThreadLocalRandom.current().nextInt(bound);

    /** A number from 0 to bound - 1, each as likely. */
    int below(int bound);

    /** A number of nanoseconds from 0 to most, in steps of at most a billionth of it. */
    default long upTo(long most) {
        return most < Integer.MAX_VALUE - 1
                ? below((int) most + 1)
                : (long) (most / (double) (1 << 30) * below((1 << 30) + 1));
    }
}
