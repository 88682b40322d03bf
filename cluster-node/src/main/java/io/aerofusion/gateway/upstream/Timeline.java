package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Time for the background work of upstreams: what it is, and a turn later on. Tests move it by hand. */
public interface Timeline {
    /** Nanoseconds since some moment; only differences mean something. */
    long nanos();

    /** Runs the task once after the delay, unless the returned handle is closed before. Tasks run one after the other. */
    Scheduled schedule(Duration delay, Runnable task);

    /** A task that is still to come. */
    @FunctionalInterface
    interface Scheduled extends AutoCloseable {
        /** It does not run any more, unless it runs already. */
        @Override
        void close();
    }

    /** Real time and the turns of an executor, which must have a single thread (an event loop will do). */
    static Timeline of(ScheduledExecutorService thread) {
        return new Timeline() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public Scheduled schedule(Duration delay, Runnable task) {
                ScheduledFuture<?> future = thread.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                return () -> future.cancel(false);
            }
        };
    }
}
