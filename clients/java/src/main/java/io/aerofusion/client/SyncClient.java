package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.client.ClientStatus.State;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device's way into the platform: holds spaces locally and keeps them in sync whenever a node can be reached.
 *
 * <p>Reads and writes are local and never wait for the network; they may wait for the store. A client may be used by many threads;
 * its work is done under one lock by whichever thread brings it, there is no thread per client. Observers are called without that
 * lock, one event after another.
 */
public final class SyncClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SyncClient.class);

    /** A session that lived this long starts the backoff anew. */
    private static final long LIVED_MS = 5_000;

    /** Without a welcome for this long an open connection is given up. */
    private static final long WELCOME_MS_MAX = 15_000;

    private final ClientOptions options;
    private final ClientRuntime runtime;
    private final Replica replica;
    private final EventQueue events;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, SyncedSpace> spaces = new HashMap<>();
    private final Flushes flushes = new Flushes();

    private State state = State.OFFLINE;
    private @Nullable Connection connection;
    private boolean sending;
    private boolean leaving;
    private int failures;
    private long openedAt;
    private @Nullable String node;
    private @Nullable ErrorCode lastEnd;
    private long retryAfterMillis;
    private @Nullable ScheduledFuture<?> attempt;
    private @Nullable ScheduledFuture<?> wake;

    private SyncClient(ClientOptions options) {
        this.options = options;
        this.runtime = options.runtime();
        this.events = new EventQueue(runtime);
        this.replica = new Replica(
                options.device(),
                options.store(),
                runtime.clock(),
                new java.util.SplittableRandom(),
                runtime.traceparents());
    }

    /** A client that works on its store, and connects when {@link #goOnline} is called. */
    public static SyncClient offline(ClientOptions options) {
        return new SyncClient(options);
    }

    /** A client that connects, and stays connected as well as it can. Returns at once. */
    public static SyncClient connect(ClientOptions options) {
        SyncClient client = new SyncClient(options);
        client.goOnline();
        return client;
    }

    /** A space with all of its collections. */
    public SyncedSpace space(String name) {
        return space(name, List.of());
    }

    /**
     * A space, or some collections of it, held on this device from now on. The same name gives the same object.
     *
     * @param collections what to hold; empty for all. Another choice than before loads the space anew.
     */
    public SyncedSpace space(String name, List<String> collections) {
        return work(replica -> {
            replica.open(name, collections);
            return spaces.computeIfAbsent(name, any -> new SyncedSpace(this, name));
        });
    }

    /** Wants a session from now on. */
    public void goOnline() {
        work(replica -> {
            if (state == State.OFFLINE || state == State.REFUSED) {
                failures = 0;
                open();
            }
            return replica;
        });
    }

    /** Wants no session until {@link #goOnline}; reads and writes go on. */
    public void goOffline() {
        work(replica -> {
            leave(State.OFFLINE);
            return replica;
        });
    }

    public ClientStatus status() {
        return work(replica -> new ClientStatus(
                state,
                node,
                replica.spaces().stream().mapToInt(replica::pending).sum(),
                replica.clockCorrectionMillis(),
                lastEnd));
    }

    /**
     * Calls the observer for every event from now on, in their order, until the subscription is closed. An observer may call the client.
     * When it is slower than what happens, {@link ReplicaEvent.Overrun} stands for what was left out.
     */
    public Subscription observe(Consumer<? super ReplicaEvent> observer) {
        return events.add(observer);
    }

    /** Completes when every mutation made before the call is acknowledged or rejected; fails when the client is closed before. */
    public CompletableFuture<Void> flush() {
        return work(replica -> flushes.add(replica, replica.spaces()));
    }

    CompletableFuture<Void> flush(Iterable<String> names) {
        return work(replica -> flushes.add(replica, names));
    }

    /** What the platform wants the device to be, as last heard; empty before the first time. */
    public Optional<JsonNode> desired() {
        return work(replica -> Optional.ofNullable(replica.desired()));
    }

    /** Tells the platform what the device is: a JSON merge patch (RFC 7396) to its reported twin, delivered when there is a session. */
    public void report(JsonNode patch) {
        work(replica -> {
            replica.report(patch);
            return replica;
        });
    }

    /** Leaves in an orderly way and closes the store. What is not acknowledged is sent by the next client on the same store. */
    @Override
    public void close() {
        List<CompletableFuture<Void>> open = work(replica -> {
            if (state == State.CLOSED) {
                return List.of();
            }
            leave(State.CLOSED);
            cancel(wake);
            options.store().close();
            return flushes.abandoned();
        });
        open.forEach(flush ->
                flush.completeExceptionally(new IllegalStateException("the client was closed before all was sent")));
    }

    void closeSpace(String name) {
        work(replica -> {
            replica.close(name);
            return spaces.remove(name);
        });
    }

    // everything below runs under the lock

    /** Does something with the replica, then whatever follows from it: frames, events, timers. */
    <T extends @Nullable Object> T work(Function<Replica, T> step) {
        lock.lock();
        try {
            T result = step.apply(replica);
            follow();
            return result;
        } finally {
            lock.unlock();
        }
    }

    private void follow() {
        if (state == State.CLOSED || lock.getHoldCount() > 1) {
            return; // closed, or within a step that is not over
        }
        pump();
        for (Optional<ReplicaEvent> event = replica.nextEvent(); event.isPresent(); event = replica.nextEvent()) {
            note(event.get());
            events.offer(event.get());
        }
        flushes.finished(replica).forEach(flush -> runtime.execute(() -> flush.complete(null)));
        schedule();
    }

    private void pump() {
        while (connection != null && !sending) {
            Connection open = connection;
            Optional<Frame.FromDevice> frame = replica.nextFrame();
            if (frame.isEmpty()) {
                return;
            }
            CompletableFuture<?> sent = open.send(FrameCodec.encode(frame.get()));
            if (!sent.isDone()) {
                sending = true;
                sent.whenComplete((done, failure) -> runtime.execute(() -> sent(open, failure)));
            } else if (sent.isCompletedExceptionally()) {
                runtime.execute(() -> lost(open, 0, "a frame could not be sent"));
                return;
            }
        }
    }

    private void sent(Connection from, @Nullable Throwable failure) {
        if (failure != null) {
            lost(from, 0, String.valueOf(failure));
            return;
        }
        work(replica -> {
            if (from == connection) {
                sending = false;
            }
            return replica;
        });
    }

    private void note(ReplicaEvent event) {
        switch (event) {
            case ReplicaEvent.Connected connected -> {
                state = State.ONLINE;
                node = connected.node();
            }
            case ReplicaEvent.Ended ended -> {
                lastEnd = ended.reason();
                retryAfterMillis = ended.retryAfterMillis();
                Connection over = connection;
                if (over != null) {
                    runtime.execute(() -> lost(over, 0, "the server ended the session"));
                }
            }
            case ReplicaEvent.Disconnected disconnected -> node = null;
            case ReplicaEvent.TwinDesired desired -> {}
            case ReplicaEvent.ReportRefused refused -> {}
            case ReplicaEvent.OfSpace ofSpace -> {}
        }
    }

    /** Wakes up for what is due next: a pause that ends, an answer or a heartbeat that is overdue. */
    private void schedule() {
        cancel(wake);
        wake = null;
        if (connection == null) {
            return;
        }
        long now = runtime.clock().millis();
        long next = Math.min(replica.tick(), watch(connection, now));
        if (connection != null && next < Long.MAX_VALUE) {
            wake = runtime.after(next - now, () -> work(replica -> replica));
        }
    }

    /** Gives a connection up that says nothing; returns the time to look again. */
    private long watch(Connection watched, long now) {
        long heartbeat = replica.heartbeatMillis();
        if (heartbeat == 0) {
            long due = openedAt + WELCOME_MS_MAX;
            if (now >= due) {
                runtime.execute(() -> lost(watched, 0, "no welcome in time"));
                return Long.MAX_VALUE;
            }
            return due;
        }
        long silence = now - watched.readAt();
        if (silence >= 2 * heartbeat) {
            runtime.execute(() -> lost(watched, 0, "nothing was heard for " + silence + " ms"));
            return Long.MAX_VALUE;
        }
        if (silence >= heartbeat) {
            watched.ping();
            return watched.readAt() + 2 * heartbeat;
        }
        return watched.readAt() + heartbeat;
    }

    private void open() {
        state = State.CONNECTING;
        leaving = false;
        retryAfterMillis = 0;
        openedAt = runtime.clock().millis();
        // The connection calls back on other threads, which wait for the lock: it is set before they look.
        connection = Connection.open(options, new FromConnection(), FrameLimits.OF_A_DEVICE.frameBytes());
        sending = true; // until it is open
    }

    private void leave(State next) {
        cancel(attempt);
        attempt = null;
        Connection open = connection;
        if (open != null && !leaving) {
            leaving = true;
            if (state == State.ONLINE && !sending) {
                replica.leave("closed by the device");
                pump();
            }
            connection = null;
            replica.disconnected();
            open.close();
        }
        state = next;
    }

    /** The connection is gone, whoever wanted it. */
    private void lost(Connection from, int status, String reason) {
        work(replica -> {
            if (from != connection) {
                return replica;
            }
            from.abort();
            connection = null;
            replica.disconnected();
            LOG.debug("device {} lost its session: {}", options.device(), reason);
            boolean refused = status == 401 || status == 403;
            if (refused) {
                lastEnd = status == 401 ? ErrorCode.UNAUTHENTICATED : ErrorCode.FORBIDDEN;
                events.offer(new ReplicaEvent.Ended(lastEnd, lastEnd.title(), -1));
            }
            // the events of this session say how it ended
            for (Optional<ReplicaEvent> event = replica.nextEvent(); event.isPresent(); event = replica.nextEvent()) {
                note(event.get());
                events.offer(event.get());
            }
            if (refused || retryAfterMillis < 0) {
                state = State.REFUSED;
                return replica;
            }
            state = State.WAITING;
            failures = runtime.clock().millis() - openedAt >= LIVED_MS ? 0 : failures + 1;
            long pause = retryAfterMillis + options.backoff().millis(Math.max(0, failures - 1), runtime.random());
            attempt = runtime.after(pause, this::reconnect);
            return replica;
        });
    }

    private void reconnect() {
        work(replica -> {
            if (state == State.WAITING) {
                open();
            }
            return replica;
        });
    }

    private static void cancel(@Nullable ScheduledFuture<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }

    private final class FromConnection implements Connection.Listener {
        @Override
        public void opened(Connection from) {
            work(replica -> {
                if (from == connection) {
                    sending = false;
                    replica.connected("");
                }
                return replica;
            });
        }

        @Override
        public void message(Connection from, byte[] message) {
            Frame frame;
            try {
                frame = FrameCodec.decode(message, FrameLimits.OF_A_DEVICE);
            } catch (FrameException e) {
                if (e.code() != ErrorCode.UNKNOWN_FRAME) { // a later server may say things that are new
                    lost(from, 0, "the server sent what cannot be read: " + e.getMessage());
                }
                return;
            }
            work(replica -> {
                if (from == connection && frame instanceof Frame.FromServer fromServer) {
                    replica.received(fromServer, message.length);
                }
                return replica;
            });
        }

        @Override
        public void closed(Connection from, int status, String reason) {
            lost(from, status, reason);
        }
    }
}
