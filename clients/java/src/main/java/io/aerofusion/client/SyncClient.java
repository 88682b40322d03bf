package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.client.ClientStatus.State;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
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
    private final WatchedStore store;
    private final EventQueue events;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, SyncedSpace> spaces = new HashMap<>();
    private final Flushes flushes = new Flushes();

    private Replica replica;
    private State state = State.OFFLINE;
    private @Nullable Connection connection;
    private boolean sending;
    private int failures;
    private Moment opened;
    private @Nullable String node;
    private @Nullable ErrorCode lastEnd;
    private long retryAfterMillis;
    private @Nullable ScheduledFuture<?> attempt;
    private @Nullable ScheduledFuture<?> wake;

    private SyncClient(ClientOptions options) {
        this.options = options;
        this.runtime = options.runtime();
        this.opened = Moment.now(runtime.clock());
        this.events = new EventQueue(runtime);
        this.store = new WatchedStore(options.store());
        this.replica = new Replica(
                options.device(), store, runtime.clock(), new java.util.SplittableRandom(), runtime.traceparents());
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
        locked(() -> {
            leave(State.OFFLINE);
            return state;
        });
    }

    public ClientStatus status() {
        return locked(() -> new ClientStatus(
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
        return work(replica -> flush(replica, replica.spaces()));
    }

    CompletableFuture<Void> flush(Iterable<String> names) {
        return work(replica -> flush(replica, names));
    }

    private CompletableFuture<Void> flush(Replica replica, Iterable<String> names) {
        return state == State.CLOSED ? CompletableFuture.failedFuture(closed()) : flushes.add(replica, names);
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the client was closed before all was sent");
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
        List<CompletableFuture<Void>> abandoned = new ArrayList<>();
        try {
            locked(() -> {
                if (state != State.CLOSED) {
                    abandoned.addAll(flushes.abandoned());
                    end();
                }
                return state;
            });
        } finally {
            abandoned.forEach(flush -> flush.completeExceptionally(closed()));
        }
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
        return locked(() -> {
            renew();
            return step.apply(replica);
        });
    }

    private <T extends @Nullable Object> T locked(Supplier<T> step) {
        lock.lock();
        try {
            T result = step.get();
            follow();
            return result;
        } finally {
            try {
                recover();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Goes on with what is stored, if the store failed before. @throws RuntimeException of the store when it still fails */
    private void renew() {
        if (store.failed() && state != State.CLOSED && lock.getHoldCount() == 1) {
            replica = replica.anew();
            store.trustAgain();
        }
    }

    /**
     * When the store failed, what the replica has in memory may be ahead of what is stored: a cursor whose documents were not written
     * would never bring them again. So the session ends and the replica is made anew, by the next step if it cannot be read now.
     */
    private void recover() {
        if (!store.failed() || state == State.CLOSED || lock.getHoldCount() > 1) {
            return;
        }
        Connection open = connection;
        if (open != null) {
            open.abort();
            connection = null;
            replica.disconnected();
            hear();
        }
        if (state == State.CONNECTING || state == State.ONLINE) {
            comeBack();
        } else if (state == State.WAITING && (attempt == null || attempt.isDone())) {
            attempt = runtime.after(options.backoff().max().toMillis(), this::reconnect);
        }
        try {
            renew();
        } catch (RuntimeException | Error e) {
            LOG.warn("the store of device {} failed and cannot be read", options.device(), e);
        }
    }

    private void follow() {
        if (state == State.CLOSED || store.failed() || lock.getHoldCount() > 1) {
            return; // closed, to be made anew first, or within a step that is not over
        }
        pump();
        hear();
        flushes.finished(replica).forEach(flush -> runtime.execute(() -> flush.complete(null)));
        schedule();
    }

    private void hear() {
        for (Optional<ReplicaEvent> event = replica.nextEvent(); event.isPresent(); event = replica.nextEvent()) {
            note(event.get());
            events.offer(event.get());
        }
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
            case ReplicaEvent.Disconnected disconnected -> {
                node = null;
                Connection left = connection;
                if (left != null) {
                    runtime.execute(() -> lost(left, 0, "the replica begins anew"));
                }
            }
            case ReplicaEvent.Renumbered renumbered -> flushes.renumbered(renumbered.space(), renumbered.by());
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
        long tick = replica.tick();
        long due = tick == Long.MAX_VALUE ? tick : tick - runtime.clock().millis();
        long next = Math.min(due, watch(connection));
        if (connection != null && next < Long.MAX_VALUE) {
            wake = runtime.after(next, () -> work(replica -> replica));
        }
    }

    /** Gives a connection up that says nothing; returns in how many ms to look again. */
    private long watch(Connection watched) {
        long heartbeat = replica.heartbeatMillis();
        if (heartbeat == 0) {
            long left = WELCOME_MS_MAX - opened.ago();
            if (left <= 0) {
                runtime.execute(() -> lost(watched, 0, "no welcome in time"));
                return Long.MAX_VALUE;
            }
            return left;
        }
        long silence = watched.silentFor();
        if (silence >= 2 * heartbeat) {
            runtime.execute(() -> lost(watched, 0, "nothing was heard for " + silence + " ms"));
            return Long.MAX_VALUE;
        }
        if (silence >= heartbeat) {
            watched.ping();
            return 2 * heartbeat - silence;
        }
        return heartbeat - silence;
    }

    private void open() {
        state = State.CONNECTING;
        retryAfterMillis = 0;
        opened = Moment.now(runtime.clock());
        // The connection calls back on other threads, which wait for the lock: it is set before they look.
        connection = Connection.open(options, new FromConnection(), FrameLimits.OF_A_DEVICE.frameBytes());
        sending = true; // until it is open
    }

    private void end() {
        try {
            leave(State.CLOSED);
        } finally {
            cancel(wake);
            store.close();
        }
    }

    private void leave(State next) {
        cancel(attempt);
        attempt = null;
        Connection open = connection;
        boolean mayLeave = state == State.ONLINE && !sending;
        state = next;
        if (open != null) {
            try {
                if (mayLeave) {
                    replica.leave("closed by the device");
                    pump();
                }
            } finally {
                connection = null;
                replica.disconnected();
                open.close();
            }
        }
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
            hear(); // the events of this session say how it ended
            if (refused) {
                state = State.REFUSED;
            } else {
                comeBack();
            }
            return replica;
        });
    }

    /** The next attempt follows by itself, unless the server wants none. */
    private void comeBack() {
        if (retryAfterMillis < 0) {
            state = State.REFUSED;
            return;
        }
        state = State.WAITING;
        failures = opened.ago() >= LIVED_MS ? 0 : failures + 1;
        long pause = retryAfterMillis + options.backoff().millis(Math.max(0, failures - 1), runtime.random());
        attempt = runtime.after(pause, this::reconnect);
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
