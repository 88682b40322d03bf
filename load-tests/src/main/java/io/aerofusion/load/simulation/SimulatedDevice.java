package io.aerofusion.load.simulation;

import io.aerofusion.client.MemoryStore;
import io.aerofusion.client.Replica;
import io.aerofusion.client.ReplicaEvent;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.wire.Frame;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A device: the real replica on a store in memory, with a clock that may be wrong and a process that may die. */
final class SimulatedDevice {
    private static final int RECONNECT_MILLIS_MAX = 5_000;

    private final World world;
    private final SimulatedServer server;
    private final Checker checker;
    private final String name;
    private final MemoryStore store = new MemoryStore();
    private final Workload workload;
    private Replica replica;
    private @Nullable Connection connection;
    private boolean wantsConnection = true;
    private boolean reconnecting;
    private long skewMillis;
    private long tickAt = Long.MAX_VALUE;

    SimulatedDevice(World world, SimulatedServer server, Checker checker, String name) {
        this.world = world;
        this.server = server;
        this.checker = checker;
        this.name = name;
        this.workload = new Workload(world, name);
        this.replica = start();
    }

    private Replica start() {
        Random random = new Random(world.random().nextLong());
        Replica fresh = new Replica(name, store, world.clock(() -> skewMillis), random);
        fresh.open(SimulatedServer.SPACE);
        return fresh;
    }

    String name() {
        return name;
    }

    /** A replica of what is confirmed here, without what waits. */
    Replica confirmed() {
        MemoryStore copy = store.copy();
        copy.commit(List.of("q"), Map.of());
        Replica bare = new Replica(name, copy, world.clock(() -> 0), new Random(0));
        bare.open(SimulatedServer.SPACE);
        return bare;
    }

    SimulatedServer server() {
        return server;
    }

    Replica replica() {
        return replica;
    }

    /** The application changes something; with or without a network. */
    void write() {
        List<Mutation> mutations = workload.next(replica);
        long last = replica.mutate(SimulatedServer.SPACE, mutations);
        checker.wrote(name, last, mutations);
        pump();
    }

    void goOffline() {
        wantsConnection = false;
        @Nullable Connection open = connection;
        if (open != null) {
            world.note(name + " goes offline");
            open.cut();
        }
    }

    void goOnline() {
        wantsConnection = true;
        reconnectLater();
    }

    /** The process dies; what was stored is there when it starts again. */
    void crash() {
        world.note(name + " crashes");
        @Nullable Connection open = connection;
        connection = null;
        if (open != null) {
            open.closedByDevice();
        }
        replica = start();
        checker.restarted(this);
        reconnectLater();
    }

    /** Somebody sets the clock. */
    void setClock(long skew) {
        world.note(name + " has a clock that is wrong by " + skew + " ms");
        skewMillis = skew;
    }

    void reconnectLater() {
        if (!reconnecting && connection == null && wantsConnection) {
            reconnecting = true;
            world.after(world.between(10, RECONNECT_MILLIS_MAX), () -> {
                reconnecting = false;
                connect();
            });
        }
    }

    private void connect() {
        if (connection != null || !wantsConnection) {
            return;
        }
        if (!server.up()) {
            reconnectLater();
            return;
        }
        connection = new Connection(world, this, server);
        replica.connected("");
        pump();
    }

    void disconnected(Connection gone) {
        if (gone == connection) {
            connection = null;
            replica.disconnected();
            pump();
            reconnectLater();
        }
    }

    void received(Connection from, Frame.FromServer frame, int bytes) {
        if (from != connection) {
            return;
        }
        replica.received(frame, bytes);
        checker.took(this, frame);
        pump();
    }

    /** Takes out of the replica whatever it has to say. */
    private void pump() {
        hear();
        @Nullable Connection open = connection;
        if (open != null) {
            for (Optional<Frame.FromDevice> frame = replica.nextFrame();
                    frame.isPresent();
                    frame = replica.nextFrame()) {
                world.note(name + " sends " + frame.get());
                open.toServer(frame.get());
            }
            hear();
        }
        planTick();
    }

    /** The replica wants no more of this session. */
    private void hangUp() {
        @Nullable Connection open = connection;
        if (open != null) {
            connection = null;
            open.closedByDevice();
            replica.disconnected();
            reconnectLater();
        }
    }

    private void hear() {
        for (Optional<ReplicaEvent> event = replica.nextEvent(); event.isPresent(); event = replica.nextEvent()) {
            checker.event(name, event.get());
            if (event.get() instanceof ReplicaEvent.Ended) {
                hangUp();
            }
        }
    }

    private void planTick() {
        long next = replica.tick();
        if (next == Long.MAX_VALUE) {
            return;
        }
        // the replica speaks of its own wall clock
        long at = Math.max(world.now() + 1, next - skewMillis);
        if (tickAt <= world.now() || at < tickAt) {
            tickAt = at;
            world.at(at, () -> {
                if (tickAt == at) {
                    tickAt = Long.MAX_VALUE;
                    pump();
                }
            });
        }
    }
}
