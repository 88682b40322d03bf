package io.aerofusion.load;

import io.aerofusion.client.ClientOptions;
import io.aerofusion.client.ClientStatus;
import io.aerofusion.client.ConflictNotice;
import io.aerofusion.client.DocumentKey;
import io.aerofusion.client.MemoryStore;
import io.aerofusion.client.ReplicaEvent;
import io.aerofusion.client.SyncClient;
import io.aerofusion.client.SyncedSpace;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.Mutation;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One simulated device: an ordinary client of the SDK that holds one space in memory, and a stopwatch beside it. Thread-safe. */
final class FleetDevice implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(1);

    private final String name;
    private final SyncClient client;
    private final SyncedSpace space;
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger rejections = new AtomicInteger();
    private final Map<String, Runnable> watches = new ConcurrentHashMap<>();
    private long acknowledgements;
    private long acknowledgedAt;
    private volatile @Nullable String cursorAtConnect;

    private FleetDevice(String name, SyncClient client, String space) {
        this.name = name;
        this.client = client;
        this.space = client.space(space);
        client.observe(this::on);
    }

    /** A device that is offline until it is told to connect. */
    static FleetDevice of(String name, String credential, URI server, String space) {
        return new FleetDevice(
                name, SyncClient.offline(new ClientOptions(server, name, credential, new MemoryStore())), space);
    }

    private void on(ReplicaEvent event) {
        switch (event) {
            case ReplicaEvent.Acknowledged acknowledged -> acknowledged();
            case ReplicaEvent.Changed changed -> changed(changed);
            case ReplicaEvent.Rejected rejected -> rejections.incrementAndGet();
            default -> {} // what else a device hears is of no interest here
        }
    }

    private synchronized void acknowledged() {
        acknowledgements++;
        acknowledgedAt = System.nanoTime();
        notifyAll();
    }

    private void changed(ReplicaEvent.Changed changed) {
        if (changed.local() || watches.isEmpty()) {
            return;
        }
        for (DocumentKey key : changed.documents()) {
            Runnable watch = watches.remove(key.id());
            if (watch != null) {
                watch.run();
            }
        }
    }

    String name() {
        return name;
    }

    void connect() {
        cursorAtConnect = space.cursor().orElse(null);
        client.goOnline();
    }

    void disconnect() {
        client.goOffline();
    }

    void mutate(Mutation mutation) {
        mutate(List.of(mutation));
    }

    void mutate(List<Mutation> mutations) {
        space.mutate(mutations);
        made.addAndGet(mutations.size());
    }

    /**
     * Makes one mutation and waits for its acknowledgement; nothing else may be pending.
     *
     * @return when the acknowledgement came, by {@link System#nanoTime}
     */
    synchronized long mutateAndAwait(Mutation mutation, Duration atMost) {
        long before = acknowledgements;
        mutate(mutation);
        long deadline = System.nanoTime() + atMost.toNanos();
        while (acknowledgements == before) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new IllegalStateException(name + " got no acknowledgement");
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
        return acknowledgedAt;
    }

    /** How many mutations it made. */
    int made() {
        return made.get();
    }

    int pending() {
        return space.pending();
    }

    /** Waits until everything it made so far is acknowledged. */
    void awaitAcknowledged(Duration atMost) {
        Waiting.until(
                () -> name + " has " + pending() + " unacknowledged mutations", atMost, LOOK, () -> pending() == 0);
    }

    /** Completes when everything it made so far is acknowledged. */
    CompletableFuture<Void> flush() {
        return space.flush();
    }

    /** Whether it holds the space as the server had it at some point. */
    boolean complete() {
        return space.isComplete();
    }

    /** Whether it has got everything that was new when it connected; only meaningful when there was something new. */
    boolean caughtUpSinceConnect() {
        return space.isComplete()
                && space.cursor()
                        .filter(cursor -> !cursor.equals(cursorAtConnect))
                        .isPresent();
    }

    boolean online() {
        return client.status().state() == ClientStatus.State.ONLINE;
    }

    String hash() {
        return space.hash();
    }

    int documents() {
        AtomicInteger count = new AtomicInteger();
        space.forEach(null, (key, document) -> count.incrementAndGet());
        return count.get();
    }

    List<Conflict> conflicts() {
        return space.conflicts().stream().map(ConflictNotice::conflict).toList();
    }

    int rejections() {
        return rejections.get();
    }

    /** Calls back once, when another device's change to the document arrives. */
    void watch(String id, Runnable seen) {
        watches.put(id, seen);
    }

    @Override
    public void close() {
        client.close();
    }
}
