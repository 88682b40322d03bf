package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A timeline that a test moves by hand; tasks run on the test's thread. */
final class FakeTimeline implements Timeline {
    private record Task(long at, long number, Runnable run) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private long now = 1_000_000_007L;
    private long number;

    @Override
    public synchronized long nanos() {
        return now;
    }

    @Override
    public synchronized Scheduled schedule(Duration delay, Runnable task) {
        Task entry = new Task(now + delay.toNanos(), number++, task);
        tasks.add(entry);
        return () -> {
            synchronized (this) {
                tasks.remove(entry);
            }
        };
    }

    /** Lets time pass and runs what is due in it, in order. */
    void advance(Duration time) {
        long end = nanos() + time.toNanos();
        while (true) {
            Task next;
            synchronized (this) {
                next = tasks.peek();
                if (next == null || next.at > end) {
                    now = end;
                    return;
                }
                tasks.remove();
                now = Math.max(now, next.at);
            }
            next.run.run();
        }
    }

    /** When the next task is due; at least one is waiting. */
    synchronized Duration untilNext() {
        return Duration.ofNanos(tasks.element().at - now);
    }

    synchronized int waiting() {
        return tasks.size();
    }
}
