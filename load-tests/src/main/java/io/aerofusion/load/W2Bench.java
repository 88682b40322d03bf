package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.space.Mutation;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Workload W2: the real runways and their real edits. Devices that were away for the last 30, 90 and 365 days of edits come back; what
 * they transfer, in both directions and with everything around it, against a gzip-compressed download of all documents.
 */
final class W2Bench {
    private static final int[] DAYS = {365, 90, 30};
    private static final String SPACE = "w2";
    private static final Duration STEP_MAX = Duration.ofMinutes(5);
    private static final int QUEUE_MAX = 4_000;

    private final Screen screen;
    private final Api api;
    private final URI node;
    private final Runways runways = Runways.load();

    private W2Bench(Screen screen, Api api, URI node) {
        this.screen = screen;
        this.api = api;
        this.node = node;
    }

    static void run(Screen screen, List<String> arguments) {
        try (BenchNode node = BenchNode.start(screen)) {
            new W2Bench(screen, node.api(), node.uri()).run();
        }
    }

    /** A device that left before the edits of its last days. */
    private record Away(int days, FleetDevice device, CountingProxy line, int edits) {}

    private void run() {
        api.createSpace(SPACE);
        List<Away> away = new ArrayList<>();
        try (FleetDevice editor = device("editor", node)) {
            editor.connect();
            send(
                    editor,
                    "Loading the runways",
                    runways.base().stream()
                            .map(runway -> Mutation.set(FleetPlan.COLLECTION, runway.id(), 0, runway.fields()))
                            .toList());
            int done = 0;
            for (int days : DAYS) {
                int edits = runways.since(Duration.ofDays(days)).size();
                int until = runways.edits().size() - edits;
                send(editor, "Edits before the last " + days + " days", edits(done, until));
                done = until;
                away.add(leave(days, edits));
            }
            send(editor, "The last edits", edits(done, runways.edits().size()));
        }
        int full = fullSyncBytes();
        String hash = api.hash(SPACE);
        List<Screen.Row> rows = new ArrayList<>();
        rows.add(new Screen.Row("compressed full sync (gzip)", Screen.bytes(full)));
        for (Away each : away) {
            rows.add(comeBack(each, full, hash));
        }
        screen.table(rows);
        away.forEach(each -> {
            each.device().close();
            each.line().close();
        });
    }

    private List<Mutation> edits(int from, int until) {
        return runways.edits().subList(from, until).stream()
                .map(FleetPlan::mutation)
                .toList();
    }

    private void send(FleetDevice device, String label, List<Mutation> mutations) {
        Screen.Bar bar = screen.bar(label, mutations.size());
        for (Mutation mutation : mutations) {
            device.mutate(mutation);
            if (device.made() % 500 == 0) {
                Waiting.until("room in the queue", STEP_MAX, () -> device.pending() < QUEUE_MAX);
            }
            bar.advance(1);
        }
        device.awaitAcknowledged(STEP_MAX);
        bar.finish(Screen.number(mutations.size()) + " acknowledged");
    }

    private Away leave(int days, int edits) {
        CountingProxy line = new CountingProxy(node);
        FleetDevice device = device("away-" + days, line.uri());
        device.connect();
        Waiting.until("a device is complete", STEP_MAX, device::complete);
        String hash = api.hash(SPACE);
        Waiting.until("a device is equal", STEP_MAX, () -> device.hash().equals(hash));
        device.disconnect();
        return new Away(days, device, line, edits);
    }

    private static Screen.Row comeBack(Away away, int full, String hash) {
        long bytes = away.line().bytesToClient() + away.line().bytesToServer();
        long began = System.nanoTime();
        away.device().connect();
        Waiting.until("caught up", STEP_MAX, away.device()::caughtUpSinceConnect);
        double millis = (System.nanoTime() - began) / 1e6;
        bytes = away.line().bytesToClient() + away.line().bytesToServer() - bytes;
        if (!away.device().hash().equals(hash)) {
            throw new IllegalStateException("the device that was away for " + away.days() + " days differs");
        }
        return new Screen.Row(
                "away for the last " + away.days() + " days",
                String.format(
                        Locale.ROOT,
                        "%d edits, %s, %.1f %% fewer bytes, %.0f ms",
                        away.edits(),
                        Screen.bytes(bytes),
                        100.0 * (1 - (double) bytes / full),
                        millis));
    }

    private int fullSyncBytes() {
        Map<String, Map<String, JsonNode>> documents = new LinkedHashMap<>();
        runways.before(runways.edits().size()).forEach(runway -> documents.put(runway.id(), runway.fields()));
        return FullSync.gzipBytes(documents);
    }

    private FleetDevice device(String name, URI server) {
        return FleetDevice.of("w2-" + name, api.registerDevice("w2-" + name), server, SPACE);
    }
}
