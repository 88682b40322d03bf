package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.wire.Frame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** A replica with its store, its events and its connection to a {@link TestServer}; delivery is up to the test. */
final class TestDevice {
    static final String SPACE = "fleet";

    final List<ReplicaEvent> events = new ArrayList<>();
    Replica replica;
    ServerSession session;
    List<String> collections = List.of();

    private final String name;
    private final FakeClock clock;
    private MemoryStore store = new MemoryStore();

    TestDevice(String name, FakeClock clock) {
        this.name = name;
        this.clock = clock;
        start();
    }

    private void start() {
        replica = new Replica(name, store, clock, new Random(7));
        replica.open(SPACE, collections);
    }

    /** Holds these collections from now on; the session is gone when the replica ended it. */
    void choose(List<String> chosen) {
        drainEvents();
        int before = events.size();
        collections = chosen;
        replica.open(SPACE, chosen);
        drainEvents();
        if (events.subList(before, events.size()).contains(new ReplicaEvent.Disconnected())) {
            session = null;
        }
    }

    /** Dies and comes back with what the store holds. */
    void restart() {
        store = store.copy();
        session = null;
        start();
    }

    void connect(TestServer server) {
        session = server.connect();
        replica.connected("token");
    }

    void disconnect() {
        session = null;
        replica.disconnected();
        drainEvents();
    }

    /** Sends what the replica has to send; true when there was something. */
    boolean send() {
        boolean any = false;
        for (Optional<Frame.FromDevice> frame = replica.nextFrame(); frame.isPresent(); frame = replica.nextFrame()) {
            session.receive(frame.get());
            any = true;
        }
        return any;
    }

    /** Delivers one frame of the server; true when there was one. */
    boolean deliver() {
        if (session == null || session.out.isEmpty()) {
            return false;
        }
        replica.received(session.out.remove(), 100);
        drainEvents();
        return true;
    }

    /** Exchanges frames until all sides are silent. */
    static void settle(TestDevice... devices) {
        boolean busy = true;
        while (busy) {
            busy = false;
            for (TestDevice device : devices) {
                if (device.session != null) {
                    busy |= device.send();
                    busy |= device.deliver();
                }
            }
        }
    }

    void settle() {
        settle(this);
    }

    List<Frame.Push> pushes() {
        return session.in.stream()
                .filter(Frame.Push.class::isInstance)
                .map(Frame.Push.class::cast)
                .toList();
    }

    long set(String id, String path, int value) {
        return mutate(Mutation.set("runways", id, 0, Map.of(path, json(Integer.toString(value)))));
    }

    long mutate(Mutation mutation) {
        return replica.mutate(SPACE, mutation);
    }

    ObjectNode get(String id) {
        return replica.document(SPACE, "runways", id).orElse(null);
    }

    JsonNode get(String id, String member) {
        ObjectNode document = get(id);
        return document == null ? null : document.get(member);
    }

    <T extends ReplicaEvent> List<T> events(Class<T> kind) {
        drainEvents();
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private void drainEvents() {
        for (Optional<ReplicaEvent> event = replica.nextEvent(); event.isPresent(); event = replica.nextEvent()) {
            events.add(event.get());
        }
    }

    static JsonNode json(String text) {
        return StoredForms.json(text.getBytes(StandardCharsets.UTF_8));
    }
}
