package io.aerofusion.platform;

import com.typesafe.config.Config;
import io.aerofusion.platform.http.ProblemException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs what blocks, on a bounded number of threads behind a bounded queue; beyond it callers are told to come back. */
final class BlockingExecutor implements Executor, AutoCloseable {
    private static final Duration IDLE = Duration.ofSeconds(30);

    private final ThreadPoolExecutor threads;

    BlockingExecutor(Config config) {
        int size = config.getInt("aerofusion.blocking.threads");
        AtomicInteger number = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                size,
                size,
                IDLE.toSeconds(),
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(config.getInt("aerofusion.blocking.queue-max")),
                task -> Thread.ofPlatform()
                        .name("blocking-" + number.incrementAndGet())
                        .daemon()
                        .unstarted(task),
                (task, pool) -> {
                    throw new ProblemException(ErrorCode.UNAVAILABLE, "Too much work is waiting for the database.");
                });
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
