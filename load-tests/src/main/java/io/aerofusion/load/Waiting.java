package io.aerofusion.load;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits of a driver, each with a limit. */
final class Waiting {
    private static final Duration POLL = Duration.ofMillis(5);

    private Waiting() {}

    /** Parks until the condition holds. @throws IllegalStateException naming what did not happen in time */
    static void until(String what, Duration atMost, BooleanSupplier condition) {
        until(() -> what, atMost, POLL, condition);
    }

    /** The same, looking less often, and saying what the state was. */
    static void until(Supplier<String> what, Duration atMost, Duration poll, BooleanSupplier condition) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + atMost.toSeconds() + " s: " + what.get());
            }
            pause(poll);
        }
    }

    /** Lets time pass: a driver has to pace itself. */
    static void pause(Duration duration) {
        long end = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new IllegalStateException("interrupted");
            }
        }
    }

    /** Parks until a thread is done, or that time is over; not at all for one that never began. */
    static void end(Thread thread, Duration atMost) {
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            thread.join(atMost);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * What another thread comes to.
     *
     * @throws CompletionException with what it failed with, or with a TimeoutException
     */
    static <T> T answer(CompletionStage<T> stage, Duration atMost) {
        try {
            return stage.toCompletableFuture().get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        } catch (TimeoutException e) {
            throw new CompletionException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
