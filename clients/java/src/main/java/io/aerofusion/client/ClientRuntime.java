package io.aerofusion.client;

import java.net.http.HttpClient;
import java.time.Clock;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The threads and connections that clients share: one timer thread, one I/O thread, and virtual threads for what there is to do. A
 * fleet of thousands in one process costs no more platform threads than one client.
 */
public final class ClientRuntime implements AutoCloseable {
    private final InstantSource clock;
    private final Supplier<@Nullable String> traceparents;
    private final ExecutorService executor = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("aerofusion-", 0).factory());
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("aerofusion-timer").factory());
    private final HttpClient http = HttpClient.newBuilder().executor(executor).build();

    /**
     * A runtime of one's own, to be closed after its clients.
     *
     * @param traceparents gives each push its W3C trace context; null for none
     */
    public ClientRuntime(InstantSource clock, Supplier<@Nullable String> traceparents) {
        this.clock = clock;
        this.traceparents = traceparents;
        timer.setRemoveOnCancelPolicy(true);
    }

    public ClientRuntime() {
        this(Clock.systemUTC(), () -> null);
    }

    /** The one that is used unless another is given; it lives as long as the process. */
    public static ClientRuntime shared() {
        return Shared.RUNTIME;
    }

    private static final class Shared {
        private static final ClientRuntime RUNTIME = new ClientRuntime();
    }

    InstantSource clock() {
        return clock;
    }

    Supplier<@Nullable String> traceparents() {
        return traceparents;
    }

    RandomGenerator random() {
        return java.util.concurrent.ThreadLocalRandom.current();
    }

    HttpClient http() {
        return http;
    }

    /** Runs a task soon; not any more when the runtime is closed. */
    void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException closed) {
            // who closed the runtime before its clients wanted no more from them
        }
    }

    ScheduledFuture<?> after(long millis, Runnable task) {
        return timer.schedule(() -> execute(task), Math.max(0, millis), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
        http.shutdownNow();
        executor.shutdownNow();
    }
}
