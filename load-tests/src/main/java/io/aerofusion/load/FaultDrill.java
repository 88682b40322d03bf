package io.aerofusion.load;

import com.fasterxml.jackson.databind.node.LongNode;
import io.aerofusion.space.Mutation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Faults under load, with real processes: three nodes share a PostgreSQL, 30 devices in 10 spaces write all the time, and something dies.
 * Afterwards a checker asks: is every acknowledged operation there, exactly once, and has everybody the same?
 */
final class FaultDrill {
    private static final int NODES = 3;
    private static final int SPACES = 10;
    private static final int DEVICES_PER_SPACE = 3;
    private static final Duration BETWEEN_WRITES = Duration.ofMillis(100);
    private static final Duration BEFORE = Duration.ofSeconds(5);
    private static final Duration AFTER = Duration.ofSeconds(5);
    private static final Duration DATABASE_AWAY = Duration.ofSeconds(3);
    private static final Duration FROZEN = Duration.ofSeconds(30);
    private static final Duration SERVED_MAX = Duration.ofMinutes(2);
    private static final Duration STEP_MAX = Duration.ofMinutes(2);
    static final String COLLECTION = "log";
    static final String SCHEMA = """
            {"type": "object", "properties": {"count": {"type": "integer", "x-sync": "counter"}}}
            """;

    private FaultDrill() {}

    /** What happens to the cluster. */
    enum Fault {
        KILL_NODE,
        FREEZE_NODE,
        KILL_DATABASE
    }

    static void run(Screen screen, List<String> arguments) throws Exception {
        for (Fault fault : Fault.values()) {
            String name = fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (arguments.isEmpty() || arguments.contains(name)) {
                screen.title(name);
                screen.table(drill(screen, fault));
            }
        }
    }

    private static List<Screen.Row> drill(Screen screen, Fault fault) throws Exception {
        Path directory = BenchNode.temporaryDirectory();
        List<NodeProcess> nodes = new ArrayList<>();
        List<Writer> writers = new ArrayList<>();
        try (DrillDatabase database = DrillDatabase.start(directory.resolve("database"))) {
            Screen.Bar bar = screen.bar("Starting " + NODES + " nodes", NODES);
            for (int i = 0; i < NODES; i++) {
                nodes.add(startNode(directory, database, nodes));
                bar.advance(1);
            }
            bar.finish("ready");
            Api api = new Api(
                    nodes.getFirst().uri(),
                    BenchNode.adminToken(nodes.getFirst().data()));
            URI[] uris = nodes.stream().map(NodeProcess::uri).toArray(URI[]::new);
            for (int i = 0; i < SPACES * DEVICES_PER_SPACE; i++) {
                String space = "drill-" + i / DEVICES_PER_SPACE;
                if (api.createSpaceIfAbsent(space)) {
                    api.setSchema(space, COLLECTION, SCHEMA);
                }
                String name = "drill-device-" + i;
                writers.add(new Writer(space, name, api.registerDevice(name), uris));
            }
            writers.forEach(Writer::start);
            Waiting.pause(BEFORE);

            long struck = strike(fault, nodes.getLast(), database);
            Duration served = awaitServed(writers, struck);
            Waiting.pause(AFTER);
            if (fault == Fault.FREEZE_NODE) {
                Waiting.pause(FROZEN.minus(served).isPositive() ? FROZEN.minus(served) : Duration.ZERO);
                nodes.getLast().thaw(); // it learns that the others went on without it
                Waiting.pause(AFTER);
            }
            writers.forEach(Writer::stop);
            Checker checker = new Checker(api, writers);
            checker.check(STEP_MAX);
            return List.of(
                    new Screen.Row("every device served again after", Screen.seconds(served)),
                    new Screen.Row("operations acknowledged", Screen.number(checker.acknowledged())),
                    new Screen.Row("acknowledged and lost", Screen.number(checker.lost())),
                    new Screen.Row("applied other than once", Screen.number(checker.miscounted())),
                    new Screen.Row("spaces where all have one hash", checker.converged() + " of " + SPACES));
        } finally {
            writers.forEach(Writer::close);
            nodes.forEach(NodeProcess::thawIfAlive);
            nodes.reversed().forEach(NodeProcess::close);
            BenchNode.delete(directory);
        }
    }

    private static NodeProcess startNode(Path directory, DrillDatabase database, List<NodeProcess> others)
            throws IOException {
        Path data = directory.resolve("node-" + others.size());
        NodeProcess.Options options =
                NodeProcess.Options.in(data).withJvm("-Xmx768m").with("--database", database.url());
        if (others.isEmpty()) {
            return NodeProcess.start(options);
        }
        Path key = Path.of("secrets", "regional.key");
        Files.createDirectories(data.resolve("secrets"));
        Files.copy(others.getFirst().data().resolve(key), data.resolve(key));
        return NodeProcess.start(options.with("--join", others.getFirst().clusterAddress()));
    }

    /** Lets it happen; returns when the time until service counts from. */
    private static long strike(Fault fault, NodeProcess node, DrillDatabase database) {
        long now = System.nanoTime();
        switch (fault) {
            case KILL_NODE -> node.kill();
            case FREEZE_NODE -> node.freeze();
            case KILL_DATABASE -> {
                database.kill();
                Waiting.pause(DATABASE_AWAY);
                now = System.nanoTime();
                database.restart();
            }
        }
        return now;
    }

    /** Until every device has everything acknowledged that it made up to now, which is after the fault. */
    private static Duration awaitServed(List<Writer> writers, long struck) {
        Waiting.pause(BETWEEN_WRITES.multipliedBy(2)); // so that each has written since
        List<CompletableFuture<Void>> flushes =
                writers.stream().map(writer -> writer.device().flush()).toList();
        Waiting.until(
                () -> flushes.stream().filter(flush -> !flush.isDone()).count() + " devices are served again",
                SERVED_MAX,
                Duration.ofMillis(10),
                () -> flushes.stream().allMatch(CompletableFuture::isDone));
        return Duration.ofNanos(System.nanoTime() - struck);
    }

    /** A device that writes as long as it is told to: each time a document of its own, and one more on its counter. */
    static final class Writer implements AutoCloseable {
        private final String space;
        private final FleetDevice device;
        private final CountingProxy line;
        private volatile boolean running;
        private volatile int written;
        private final Thread thread = Thread.ofVirtual().unstarted(this::write);

        Writer(String space, String name, String credential, URI... nodes) {
            this.space = space;
            line = new CountingProxy(nodes);
            device = FleetDevice.of(name, credential, line.uri(), space);
        }

        void start() {
            running = true;
            device.connect();
            thread.start();
        }

        private void write() {
            while (running) {
                int n = written;
                device.mutate(List.of(
                        Mutation.set(COLLECTION, device.name() + "-" + n, 0, Map.of("n", LongNode.valueOf(n))),
                        Mutation.inc(COLLECTION, device.name(), 0, "count", 1)));
                written = n + 1;
                Waiting.pause(BETWEEN_WRITES);
            }
        }

        void stop() {
            running = false;
            Waiting.end(thread, STEP_MAX);
        }

        String space() {
            return space;
        }

        FleetDevice device() {
            return device;
        }

        /** How many documents of its own it wrote. */
        int written() {
            return written;
        }

        @Override
        public void close() {
            stop();
            device.close();
            line.close();
        }
    }
}
