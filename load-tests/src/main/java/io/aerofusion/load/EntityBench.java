package io.aerofusion.load;

import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.Decision;
import io.aerofusion.space.Merged;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Page;
import io.aerofusion.space.Push;
import io.aerofusion.space.SpaceSettings;
import io.aerofusion.space.SpaceState;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One space with all runways: what its state costs and how fast it answers, without a node around it; and how soon a node that was started
 * again answers for it, when key, journal, decryption, replay and hash are all in it.
 */
final class EntityBench {
    private static final String COLLECTION = "runways";
    private static final int PUSH = 500;
    private static final int ROUNDS = 2_000;
    private static final long NOW = 1_790_000_000_000L;
    private static final int RESTARTS = 3;
    private static final String SPACE = "entity";
    private static final Duration STEP_MAX = Duration.ofMinutes(5);

    private EntityBench() {}

    static void run(Screen screen, List<String> arguments) {
        Runways runways = Runways.load();
        List<Merged> facts = new ArrayList<>();
        load(runways, facts); // once to warm up, and for the facts of a recovery
        long before = heapBytes();
        SpaceState state = load(Runways.load(), new ArrayList<>()); // values of its own, or they would not be counted
        long heap = heapBytes() - before;

        long began = System.nanoTime();
        SpaceState recovered = new SpaceState("default", "runways", "local", 1);
        facts.forEach(recovered::apply);
        double replayMillis = (System.nanoTime() - began) / 1e6;
        began = System.nanoTime();
        String hash = recovered.hash();
        double hashMillis = (System.nanoTime() - began) / 1e6;
        if (!hash.equals(state.hash())) {
            throw new IllegalStateException("the recovered space differs");
        }

        Latencies edit = new Latencies();
        Latencies delta = new Latencies();
        Latencies rehash = new Latencies();
        for (int i = 0; i < ROUNDS; i++) {
            Runways.Runway runway = runways.base().get(i * 23);
            Cursor cursor = state.cursor();
            long start = System.nanoTime();
            Mutation mutation =
                    Mutation.set(COLLECTION, runway.id(), 0, Map.of("surface", TextNode.valueOf("EDIT-" + i)));
            Decision decision =
                    state.decide(new Push("editor", i + 1L, cursor, List.of(mutation)), SpaceSettings.DEFAULT, NOW);
            state.apply(decision.facts());
            long applied = System.nanoTime();
            Page page = state.changes(cursor, Set.of(), 100, 1 << 20);
            long told = System.nanoTime();
            state.hash();
            rehash.record(System.nanoTime() - told);
            edit.record(applied - start);
            delta.record(told - applied);
            if (page.changes().size() != 1) {
                throw new IllegalStateException(
                        "a delta of one edit holds " + page.changes().size() + " documents");
            }
        }
        screen.table(List.of(
                new Screen.Row("documents", Screen.number(state.documents())),
                new Screen.Row("JSON of the documents, about", Screen.bytes(state.approximateBytes())),
                new Screen.Row("entity heap", Screen.bytes(heap)),
                new Screen.Row("replay of all facts", String.format("%.0f ms", replayMillis)),
                new Screen.Row("hash of all documents, once", String.format("%.0f ms", hashMillis)),
                new Screen.Row("decide and apply one edit", micros(edit)),
                new Screen.Row("delta after one edit", micros(delta)),
                new Screen.Row("hash after one edit", micros(rehash))));
        screen.table(List.of(afterRestarts(screen, runways)));
    }

    /** The time of the first answer about the space, which recovers for it. */
    private static Screen.Row afterRestarts(Screen screen, Runways runways) {
        Path directory = BenchNode.temporaryDirectory();
        try {
            NodeProcess.Options options = NodeProcess.Options.in(directory.resolve("node"));
            String hash;
            try (NodeProcess node = NodeProcess.start(options)) {
                hash = fill(screen, node, runways);
            }
            double[] millis = new double[RESTARTS];
            Screen.Bar bar = screen.bar("Starts of the node", RESTARTS);
            for (int i = 0; i < RESTARTS; i++) {
                try (NodeProcess node = NodeProcess.start(options)) {
                    Api api = new Api(node.uri(), BenchNode.adminToken(node.data()));
                    api.get("/api/v1/spaces?limit=1"); // the client's own first request
                    long began = System.nanoTime();
                    String found = api.hash(SPACE);
                    millis[i] = (System.nanoTime() - began) / 1e6;
                    if (!found.equals(hash)) {
                        throw new IllegalStateException("the space differs after a restart");
                    }
                }
                bar.advance(1);
            }
            bar.finish("done");
            Arrays.sort(millis);
            return new Screen.Row(
                    "recovery in a node that has just started, until its hash",
                    String.format(
                            Locale.ROOT,
                            "median %.0f ms (%.0f to %.0f)",
                            millis[RESTARTS / 2],
                            millis[0],
                            millis[RESTARTS - 1]));
        } finally {
            BenchNode.delete(directory);
        }
    }

    private static String fill(Screen screen, NodeProcess node, Runways runways) {
        Api api = new Api(node.uri(), BenchNode.adminToken(node.data()));
        api.createSpace(SPACE);
        Screen.Bar bar = screen.bar("Loading a node", runways.base().size());
        try (FleetDevice device = FleetDevice.of("loader", api.registerDevice("loader"), node.uri(), SPACE)) {
            device.connect();
            runways.base().forEach(runway -> {
                device.mutate(Mutation.set(COLLECTION, runway.id(), 0, runway.fields()));
                bar.advance(1);
            });
            device.awaitAcknowledged(STEP_MAX);
        }
        bar.finish("acknowledged");
        return api.hash(SPACE);
    }

    private static String micros(Latencies latencies) {
        return String.format(
                "p50 %.1f / p99 %.1f / max %.1f us",
                latencies.millis(0.5) * 1e3, latencies.millis(0.99) * 1e3, latencies.maxMillis() * 1e3);
    }

    private static SpaceState load(Runways runways, List<Merged> facts) {
        SpaceState state = new SpaceState("default", "runways", "local", 1);
        List<Mutation> mutations = runways.base().stream()
                .map(runway -> Mutation.set(COLLECTION, runway.id(), 0, runway.fields()))
                .toList();
        for (int from = 0; from < mutations.size(); from += PUSH) {
            List<Mutation> part = mutations.subList(from, Math.min(mutations.size(), from + PUSH));
            Decision decision = state.decide(new Push("loader", from + 1L, null, part), SpaceSettings.DEFAULT, NOW);
            if (!decision.rejections().isEmpty()) {
                throw new IllegalStateException(
                        "rejected: " + decision.rejections().getFirst());
            }
            state.apply(decision.facts());
            facts.add(decision.facts());
        }
        return state;
    }

    static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc(); // twice would do; a third makes concurrent cleaners done
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
