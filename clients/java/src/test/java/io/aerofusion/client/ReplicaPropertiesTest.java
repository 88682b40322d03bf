package io.aerofusion.client;

import static io.aerofusion.client.TestDevice.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.space.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Devices that crash, lose their line and their acknowledgements, against the real merge core: all see the same in the end. */
class ReplicaPropertiesTest {
    private static final JsonNode SCHEMA = json("""
            {"type":"object","properties":{"count":{"type":"integer","x-sync":"counter"},
            "tags":{"type":"array","x-sync":"orset"},"log":{"type":"array","x-sync":"list"},
            "top":{"type":"number","x-sync":"max"}}}""");

    private static final List<String> COLLECTIONS = List.of("runways", "airports");
    private static final List<String> IDS = Stream.concat(
                    Stream.of("r0", "r1", "r2", "counted"),
                    IntStream.range(0, 40).mapToObj(i -> "s" + i))
            .toList();
    private static final List<List<String>> CHOICES = List.of(List.of(), List.of("runways"), List.of("airports"));

    private final FakeClock clock = new FakeClock();
    private final CoreServer server = new CoreServer(clock, SCHEMA);
    private final List<TestDevice> devices = new ArrayList<>();
    private final List<Mutation> made = new ArrayList<>();

    @Property(tries = 40)
    void whateverHappensToTheLineAllSeeTheSameInTheEnd(@ForAll long seed) {
        Random random = new Random(seed);
        for (String name : List.of("alice", "bob", "carol")) {
            devices.add(new TestDevice(name, clock));
        }
        for (int step = 0; step < 150; step++) {
            clock.advance(Duration.ofMillis(random.nextInt(50)));
            act(devices.get(random.nextInt(devices.size())), random);
        }
        devices.forEach(this::reconnect);
        TestDevice.settle(devices.toArray(TestDevice[]::new));
        devices.forEach(this::holdsWhatItChose);
        devices.forEach(device -> choose(device, List.of()));
        devices.forEach(this::reconnect);
        TestDevice.settle(devices.toArray(TestDevice[]::new));
        for (TestDevice device : devices) {
            assertThat(device.replica.rejections(TestDevice.SPACE)).isEmpty();
            assertThat(device.replica.pending(TestDevice.SPACE)).isZero();
            device.replica.documents(
                    TestDevice.SPACE,
                    null,
                    (key, document) -> assertThat(server.state.document(key.collection(), key.id()))
                            .as("%s %s of %s", seed, key, device.replica.device())
                            .hasValueSatisfying(held -> assertThat(held.toString())
                                    .isEqualTo(sorted(held, document).toString())));
            assertThat(device.replica.hash(TestDevice.SPACE)).isEqualTo(server.state.hash());
            assertThat(device.replica.cursor(TestDevice.SPACE))
                    .isEqualTo(server.state.cursor().encode());
        }
        // the counter nobody deletes has every increment exactly once
        long sum = CoreServer.sum(made, "counted", "count");
        assertThat(server.state
                        .document("runways", "counted")
                        .map(document -> document.path("count").asLong())
                        .orElse(0L))
                .isEqualTo(sum);
    }

    /** The device lets go of the emptied object, which the server keeps because it was set. */
    @Example
    void anObjectThatOnePushSetsEmptyFillsAndEmptiesIsToldAgain() {
        TestDevice alice = new TestDevice("alice", clock);
        devices.add(alice);
        alice.mutate(Mutation.set("runways", "r0", 0, Map.of("o", json("{}"))));
        alice.set("r0", "/o/x", 4);
        alice.mutate(of("runways", "r0", Map.of(), List.of("/o/x"), Map.of(), Map.of(), Map.of()));
        sameInTheEnd("{\"o\":{}}");
    }

    /** What somebody else set as well is still there when the device has taken its own away. */
    @Example
    void aValueThatOnePushSetsAndTakesAwayIsToldWhenAnotherDeviceSetTheSame() {
        TestDevice alice = new TestDevice("alice", clock);
        TestDevice bob = new TestDevice("bob", clock);
        devices.addAll(List.of(bob, alice));
        alice.set("r0", "/o/x", 1);
        alice.mutate(of("runways", "r0", Map.of("o", json("{}")), List.of("o"), Map.of(), Map.of(), Map.of()));
        clock.advance(Duration.ofMillis(1));
        bob.set("r0", "/o/x", 1);
        bob.connect(server);
        bob.settle();
        sameInTheEnd("{\"o\":{\"x\":1}}");
    }

    private void sameInTheEnd(String expected) {
        devices.forEach(this::reconnect);
        TestDevice.settle(devices.toArray(TestDevice[]::new));
        assertThat(server.state.document("runways", "r0"))
                .hasValueSatisfying(held -> assertThat(held.toString()).isEqualTo(expected));
        assertThat(devices).allSatisfy(device -> assertThat(device.get("r0")).hasToString(expected));
    }

    /** Readable differences: the replica's members in the server's order. */
    private static JsonNode sorted(JsonNode like, JsonNode document) {
        return like.equals(document) ? like : document;
    }

    private void holdsWhatItChose(TestDevice device) {
        Map<DocumentKey, JsonNode> held = new HashMap<>();
        device.replica.documents(TestDevice.SPACE, null, held::put);
        Map<DocumentKey, JsonNode> wanted = new HashMap<>();
        List<String> collections = device.collections.isEmpty() ? COLLECTIONS : device.collections;
        for (String collection : collections) {
            for (String id : IDS) {
                server.state
                        .document(collection, id)
                        .ifPresent(document -> wanted.put(new DocumentKey(collection, id), document));
            }
        }
        assertThat(held).isEqualTo(wanted);
    }

    private void act(TestDevice device, Random random) {
        switch (random.nextInt(11)) {
            case 0 -> reconnect(device);
            case 10 -> choose(device, CHOICES.get(random.nextInt(CHOICES.size())));
            case 1 -> disconnect(device);
            case 2 -> {
                disconnect(device);
                device.restart();
            }
            case 3, 4 -> {
                if (device.session != null) {
                    device.send();
                }
            }
            case 5, 6 -> device.deliver();
            default -> {
                Mutation mutation = mutation(device, random);
                made.add(mutation);
                device.mutate(mutation);
            }
        }
    }

    private void reconnect(TestDevice device) {
        disconnect(device);
        device.connect(server);
    }

    private void choose(TestDevice device, List<String> collections) {
        ServerSession before = device.session;
        device.choose(collections);
        if (before != null && device.session == null) {
            server.disconnected(before);
        }
    }

    private void disconnect(TestDevice device) {
        if (device.session != null) {
            server.disconnected(device.session);
            device.disconnect();
        }
    }

    private static Mutation mutation(TestDevice device, Random random) {
        String collection = COLLECTIONS.get(random.nextInt(4) / 3);
        String id = "r" + random.nextInt(3);
        JsonNode value = LongNode.valueOf(random.nextInt(5));
        JsonNode element = TextNode.valueOf("e" + random.nextInt(3));
        List<String> keys = device.replica.listKeys(TestDevice.SPACE, collection, id, "log");
        String key = keys.isEmpty() ? null : keys.get(random.nextInt(keys.size()));
        return switch (random.nextInt(16)) {
            case 0, 1 -> Mutation.set(collection, id, 0, Map.of("a", value));
            case 2 -> Mutation.set(collection, id, 0, Map.of("/o/x", value, "b", element));
            case 3 -> Mutation.set(collection, id, 0, Map.of("o", json("{\"x\":1,\"y\":{\"z\":" + value + "}}")));
            case 4 -> of(collection, id, Map.of(), List.of("a", "/o/x"), Map.of(), Map.of(), Map.of());
            case 5 -> of(collection, id, Map.of("o", json("{}")), List.of("o"), Map.of(), Map.of(), Map.of());
            case 6 -> Mutation.delete(collection, id, 0);
            case 7 -> Mutation.inc(collection, id, 0, "count", random.nextInt(7) - 3);
            case 8 -> Mutation.inc("runways", "counted", 0, "count", random.nextInt(7) - 3);
            case 9 -> of(collection, id, Map.of(), List.of(), Map.of("tags", List.of(element)), Map.of(), Map.of());
            case 10 -> of(collection, id, Map.of(), List.of(), Map.of(), Map.of("tags", List.of(element)), Map.of());
            case 11 ->
                of(
                        collection,
                        id,
                        Map.of("top", value),
                        List.of(),
                        Map.of(),
                        Map.of(),
                        Map.of(
                                "log",
                                List.of(new Mutation.Insertion(key, element), new Mutation.Insertion(null, value))));
            // seldom touched again, so that what a load missed stays missing
            case 12, 13, 14 -> Mutation.set(collection, "s" + random.nextInt(40), 0, Map.of("a", value));
            default ->
                key == null
                        ? Mutation.set(collection, id, 0, Map.of())
                        : of(
                                collection,
                                id,
                                Map.of(),
                                List.of(),
                                Map.of(),
                                Map.of("log", List.of(TextNode.valueOf(key))),
                                Map.of());
        };
    }

    private static Mutation of(
            String collection,
            String id,
            Map<String, JsonNode> set,
            List<String> unset,
            Map<String, List<JsonNode>> add,
            Map<String, List<JsonNode>> remove,
            Map<String, List<Mutation.Insertion>> insert) {
        return new Mutation(collection, id, 0, set, unset, false, Map.of(), add, remove, insert);
    }
}
