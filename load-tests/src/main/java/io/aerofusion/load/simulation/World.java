package io.aerofusion.load.simulation;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time and the only source of chance. Everything that happens is an event at a millisecond; events of the same
 * millisecond happen in the order in which they were planned, so a seed always gives the same run.
 */
final class World {
    /** Midnight UTC of an arbitrary day: wall clocks begin here. */
    static final long BEGIN_MILLIS = 1_795_219_200_000L;

    private static final int TRACE_MAX = 80;
    private static final int EVENTS_MAX = 5_000_000;

    private record Event(long at, long order, Runnable step) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private final Random random;
    private final boolean printing;
    private final Deque<String> trace = new ArrayDeque<>();
    private long now = BEGIN_MILLIS;
    private long planned;
    private long happened;
    private long fingerprint;

    World(long seed, boolean printing) {
        this.random = new Random(seed);
        this.printing = printing;
    }

    long now() {
        return now;
    }

    /** A wall clock that is wrong by what {@code skewMillis} says at each moment. */
    InstantSource clock(java.util.function.LongSupplier skewMillis) {
        return () -> Instant.ofEpochMilli(now + skewMillis.getAsLong());
    }

    Random random() {
        return random;
    }

    /** From {@code min} to {@code max}, both included. */
    int between(int min, int max) {
        return min + random.nextInt(max - min + 1);
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    void after(long millis, Runnable step) {
        at(now + millis, step);
    }

    void at(long time, Runnable step) {
        events.add(new Event(Math.max(now, time), planned++, step));
    }

    /** Lets happen what is planned up to a time. */
    void runUntil(long time) {
        while (true) {
            @Nullable Event next = events.peek();
            if (next == null || next.at() > time) {
                now = Math.max(now, time);
                return;
            }
            events.remove();
            now = next.at();
            if (++happened > EVENTS_MAX) {
                throw new AssertionError("the run does not come to an end: something is repeated for ever");
            }
            next.step().run();
        }
    }

    /** Notes what happened: the last lines are shown with a failure, and all of them make the fingerprint of the run. */
    void note(String what) {
        String line = "%9.3f s  %s".formatted((now - BEGIN_MILLIS) / 1000.0, what);
        fingerprint = fingerprint * 31 + line.hashCode();
        trace.addLast(line);
        if (trace.size() > TRACE_MAX) {
            trace.removeFirst();
        }
        if (printing) {
            System.out.println(line);
        }
    }

    String trace() {
        return String.join("\n", trace);
    }

    /** The same for two runs exactly when they went the same way. */
    long fingerprint() {
        return fingerprint;
    }
}
