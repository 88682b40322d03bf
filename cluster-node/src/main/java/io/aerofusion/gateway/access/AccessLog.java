package io.aerofusion.gateway.access;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes entries from event loops and writes them on a thread of its own, which looks for them every {@link #EVERY}: so a loop neither
 * waits nor wakes anybody. When more than {@link #QUEUE_MAX} wait, further ones are dropped and counted.
 */
public final class AccessLog implements AutoCloseable {
    /** Entries that wait to be written; beyond it (by one per loop at most) they are dropped. */
    public static final int QUEUE_MAX = 8_192;
    /** Lines that are written at once. */
    static final int BATCH_MAX = 256;

    private static final Duration EVERY = Duration.ofMillis(50);
    /** How long closing waits for what is still to be written. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    private final AccessSink sink;
    private final ConcurrentLinkedQueue<AccessEntry> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;
    private volatile boolean closed;
    private boolean failed;

    /**
     * @param sink takes lines without line ends; what it throws is told once, and those lines count as dropped
     */
    public AccessLog(AccessSink sink) {
        this.sink = sink;
        this.writer = Thread.ofPlatform().name("gateway-access-log").daemon().start(this::write);
    }

    /** Has this written, soon or never; from any thread. */
    public void add(AccessEntry entry) {
        if (closed || waiting.get() >= QUEUE_MAX) {
            dropped.increment();
            return;
        }
        waiting.incrementAndGet();
        queue.add(entry);
    }

    /** Entries that were not written so far. */
    public long dropped() {
        return dropped.sum();
    }

    private void write() {
        List<String> lines = new ArrayList<>(BATCH_MAX);
        while (true) {
            boolean last = closed;
            for (AccessEntry entry = queue.poll(); entry != null; entry = queue.poll()) {
                waiting.decrementAndGet();
                lines.add(entry.line());
                if (lines.size() == BATCH_MAX) flush(lines);
            }
            if (!lines.isEmpty()) flush(lines);
            if (last) {
                sink.close();
                return;
            }
            LockSupport.parkNanos(EVERY.toNanos());
        }
    }

    private void flush(List<String> lines) {
        try {
            sink.write(lines);
            failed = false;
        } catch (RuntimeException e) {
            dropped.add(lines.size());
            if (!failed) LOG.warn("The access log cannot be written", e);
            failed = true;
        }
        lines.clear();
    }

    /** Writes what waits, for a bounded time. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            writer.join(TimeUnit.NANOSECONDS.toMillis(CLOSE_MAX.toNanos()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
