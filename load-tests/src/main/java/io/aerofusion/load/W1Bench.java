package io.aerofusion.load;

import com.fasterxml.jackson.databind.node.LongNode;
import io.aerofusion.space.Mutation;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Workload W1 through the SDK and real sockets: first full sync, push of 1,000 offline changes, catch-up of another device, fan-out of one
 * change to 20 sessions. Times include connecting; bytes are those on the wire in both directions, counted by a proxy.
 */
final class W1Bench {
    private static final int WARM_UP = 5;
    private static final int ROUNDS = 9;
    private static final int SESSIONS = 20;
    private static final int CHANGES = 1_000;
    private static final Duration STEP_MAX = Duration.ofSeconds(60);
    private static final Duration BETWEEN_CHANGES = Duration.ofMillis(10);

    private final Api api;
    private final URI node;

    private W1Bench(Api api, URI node) {
        this.api = api;
        this.node = node;
    }

    static void run(Screen screen, List<String> arguments) throws Exception {
        try (BenchNode node = BenchNode.start(screen)) {
            W1Bench bench = new W1Bench(node.api(), node.uri());
            W1 sample = W1.of(1);
            screen.line(String.format(
                    Locale.ROOT,
                    "  %,d documents, %s of JSON (gzip %s); %,d changes to %d documents; %d rounds after %d to warm up",
                    W1.DOCUMENTS,
                    Screen.bytes(sample.json().length),
                    Screen.bytes(FullSync.gzipBytes(sample.documents())),
                    W1.CHANGES,
                    sample.changedDocuments(),
                    ROUNDS,
                    WARM_UP));
            List<Round> rounds = new ArrayList<>();
            Screen.Bar bar = screen.bar("Rounds", WARM_UP + ROUNDS);
            for (int i = 0; i < WARM_UP + ROUNDS; i++) {
                Round round = bench.round(i);
                if (i == 0) {
                    screen.line("  first round, cold: " + round);
                }
                if (i >= WARM_UP) {
                    rounds.add(round);
                }
                bar.advance(1);
            }
            bar.finish("done");
            screen.table(List.of(
                    row("first full sync", rounds.stream().map(Round::fullSync).toList()),
                    row(
                            "push of 1,000 offline changes",
                            rounds.stream().map(Round::push).toList()),
                    row(
                            "catch-up of the other device",
                            rounds.stream().map(Round::catchUp).toList()),
                    new Screen.Row("fan-out of one change to 20 sessions", bench.fanOut())));
        }
    }

    private static Screen.Row row(String label, List<Cost> costs) {
        double[] millis = costs.stream().mapToDouble(Cost::millis).sorted().toArray();
        long[] bytes = costs.stream().mapToLong(Cost::bytes).sorted().toArray();
        return new Screen.Row(
                label,
                String.format(
                        Locale.ROOT,
                        "median %.0f ms (%.0f to %.0f), %s",
                        millis[millis.length / 2],
                        millis[0],
                        Arrays.stream(millis).max().orElseThrow(),
                        Screen.bytes(bytes[bytes.length / 2])));
    }

    private record Cost(double millis, long bytes) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.0f ms %s", millis, Screen.bytes(bytes));
        }
    }

    private record Round(Cost fullSync, Cost push, Cost catchUp) {}

    private Round round(int number) {
        W1 workload = W1.of(number);
        String space = "w1-" + number;
        api.createSpace(space);
        try (CountingProxy lineOfA = new CountingProxy(node);
                CountingProxy lineOfB = new CountingProxy(node);
                FleetDevice a = device(space, "a", lineOfA.uri());
                FleetDevice b = device(space, "b", lineOfB.uri())) {
            a.connect();
            workload.documents().forEach((id, fields) -> a.mutate(Mutation.set(W1.COLLECTION, id, 0, fields)));
            a.awaitAcknowledged(STEP_MAX);
            String full = api.hash(space);
            Cost fullSync = measure(b, lineOfB, b::complete);
            require(full, b);

            a.disconnect();
            b.disconnect();
            workload.changes()
                    .forEach(change -> a.mutate(
                            Mutation.set(W1.COLLECTION, change.id(), 0, Map.of(change.field(), change.value()))));
            Cost push = measure(a, lineOfA, () -> a.pending() == 0);
            String changed = api.hash(space);
            Cost catchUp = measure(b, lineOfB, b::caughtUpSinceConnect);
            require(changed, b);
            return new Round(fullSync, push, catchUp);
        }
    }

    private static Cost measure(FleetDevice device, CountingProxy line, BooleanSupplier done) {
        long bytes = line.bytesToClient() + line.bytesToServer();
        long began = System.nanoTime();
        device.connect();
        Waiting.until(device::name, STEP_MAX, Duration.ofMillis(1), done);
        double millis = (System.nanoTime() - began) / 1e6;
        return new Cost(millis, line.bytesToClient() + line.bytesToServer() - bytes);
    }

    private static void require(String hash, FleetDevice device) {
        if (!device.hash().equals(hash)) {
            throw new IllegalStateException(device.name() + " differs from the server");
        }
    }

    private String fanOut() {
        String space = "w1-fan-out";
        api.createSpace(space);
        W1 workload = W1.of(99);
        List<FleetDevice> readers = new ArrayList<>();
        Latencies latencies = new Latencies();
        try (FleetDevice writer = device(space, "writer", node)) {
            writer.connect();
            workload.documents().forEach((id, fields) -> writer.mutate(Mutation.set(W1.COLLECTION, id, 0, fields)));
            writer.awaitAcknowledged(STEP_MAX);
            for (int i = 0; i < SESSIONS; i++) {
                FleetDevice reader = device(space, "reader-" + i, node);
                readers.add(reader);
                reader.connect();
                Waiting.until("a reader is complete", STEP_MAX, reader::complete);
            }
            List<String> ids = List.copyOf(workload.documents().keySet());
            for (int i = -CHANGES / 5; i < CHANGES; i++) { // the first ones warm up
                String id = ids.get(Math.floorMod(i, ids.size()));
                Latencies target = i < 0 ? new Latencies() : latencies;
                int expected = target.count() + SESSIONS;
                long began = System.nanoTime();
                readers.forEach(reader -> reader.watch(id, () -> target.record(System.nanoTime() - began)));
                writer.mutate(Mutation.set(W1.COLLECTION, id, 0, Map.of("minutes", LongNode.valueOf(1_000 + i))));
                Waiting.until("everybody saw it", STEP_MAX, () -> target.count() >= expected);
                Waiting.pause(BETWEEN_CHANGES);
            }
            return latencies + " (" + Screen.number(latencies.count()) + " deliveries)";
        } finally {
            readers.forEach(FleetDevice::close);
        }
    }

    private FleetDevice device(String space, String name, URI server) {
        String device = space + "-" + name;
        return FleetDevice.of(device, api.registerDevice(device), server, space);
    }
}
