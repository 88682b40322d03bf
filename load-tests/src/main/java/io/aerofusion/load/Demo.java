package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.Mutation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The main job, seen: a fleet of devices holds 46,862 real runways, goes offline, makes 7,441 real edits and some that collide, comes
 * back, and ends with the server at one hash. Everything goes through the SDK and the public API.
 */
public final class Demo {
    static final int DEVICES = 12;
    private static final int DEFAULT_PORT = 8080;
    private static final int PROBES = 200;
    private static final Duration STEP_MAX = Duration.ofMinutes(5);
    private static final Duration LOOK = Duration.ofMillis(50);

    private final Screen screen;
    private final Api api;
    private final URI node;
    private final Runways runways;
    private final int devices;
    private final int probes;
    private final String space;

    /** A demo on these runways, in a space of its own of that node. */
    Demo(Screen screen, Api api, URI node, Runways runways, int devices, int probes) {
        this.screen = screen;
        this.api = api;
        this.node = node;
        this.runways = runways;
        this.devices = devices;
        this.probes = probes;
        this.space = newSpace(api);
    }

    /**
     * What came out.
     *
     * @param hashes of all devices and the server: one, unless something is wrong
     * @param met conflicts that devices were told of
     * @param queued how many of these wait for a person
     */
    record Outcome(Set<String> hashes, int documents, long rejected, int met, long queued) {}

    public static void main(String[] arguments) throws Exception {
        Screen screen = Screen.ofProcess();
        screen.title("AeroFusion demo: a fleet of " + DEVICES + " devices, offline and back, on the world's runways");
        List<String> options = new ArrayList<>(Arrays.asList(arguments));
        Path data = Path.of(value(options, "--data", "data-demo"));
        if (options.stream().noneMatch(option -> option.startsWith("--port"))) {
            options.addAll(List.of("--port", Integer.toString(isFree(DEFAULT_PORT) ? DEFAULT_PORT : 0)));
        }
        Screen.Bar start = screen.bar("Starting a node with its PostgreSQL", 1);
        NodeProcess process = NodeProcess.start(NodeProcess.Options.in(data).with(options.toArray(String[]::new)));
        start.finish("ready at " + process.uri());
        String token = Files.readString(data.resolve("admin-token")).strip();
        Api api = new Api(process.uri(), token);
        new Demo(screen, api, process.uri(), Runways.load(), DEVICES, PROBES).run();
        screen.line("");
        screen.line("The node stays up; Ctrl-C ends it. Look around:");
        screen.line("  docs      " + process.uri() + "/docs");
        screen.line("  metrics   " + process.uri() + "/metrics");
        screen.line("  token     export TOKEN=$(cat '" + data.resolve("admin-token") + "')");
        process.await();
    }

    /** Runs it, and shows how it goes and what came out. */
    Outcome run() {
        screen.line("  space " + space + ", data: OurAirports (public domain)");
        api.setSchema(space, FleetPlan.COLLECTION, FleetPlan.SCHEMA);
        Map<String, Map<String, JsonNode>> documents = new HashMap<>();
        runways.base().forEach(runway -> documents.put(runway.id(), runway.fields()));

        try (CountingProxy line = new CountingProxy(node)) {
            load();
            List<FleetDevice> fleet = startFleet(line);
            long firstSync = line.bytesToClient();

            FleetPlan plan = FleetPlan.of(runways, devices);
            fleet.forEach(FleetDevice::disconnect);
            workOffline(fleet, plan);

            long up = line.bytesToServer();
            long down = line.bytesToClient();
            Reunion reunion = comeBack(fleet, plan);
            up = line.bytesToServer() - up;
            down = line.bytesToClient() - down;

            Latencies acknowledgement = new Latencies();
            Latencies fanOut = new Latencies();
            probe(fleet, acknowledgement, fanOut);
            Set<String> hashes = converge(fleet);
            Outcome outcome = outcome(fleet, hashes);
            report(outcome, plan, reunion, new Traffic(firstSync, up, down, FullSync.gzipBytes(documents)));
            screen.table(List.of(
                    new Screen.Row(
                            "one change, until acknowledged (durable)", acknowledgement + " (" + probes + " changes)"),
                    new Screen.Row(
                            "one change, until seen by another device",
                            fanOut + " (" + fanOut.count() + " deliveries)")));
            fleet.forEach(FleetDevice::close);
            return outcome;
        }
    }

    /** Bytes on the wire; down is what the server sent. */
    private record Traffic(long firstSync, long up, long down, long gzipFullSync) {}

    private record Reunion(Duration acknowledged, Duration converged) {}

    private void load() {
        Screen.Bar bar =
                screen.bar("Loading runways into the space", runways.base().size());
        try (FleetDevice loader = device("office")) {
            loader.connect();
            for (Runways.Runway runway : runways.base()) {
                loader.mutate(Mutation.set(FleetPlan.COLLECTION, runway.id(), 0, runway.fields()));
                if (loader.made() % 1_000 == 0) {
                    bar.to(loader.made() - loader.pending());
                    Waiting.until(() -> "room in the queue", STEP_MAX, LOOK, () -> loader.pending() < 5_000);
                }
            }
            awaitAcknowledged(bar, List.of(loader), 0);
        }
        bar.finish(Screen.number(runways.base().size()) + " documents, acknowledged");
    }

    private List<FleetDevice> startFleet(CountingProxy line) {
        Screen.Bar bar = screen.bar("Starting " + devices + " devices, each syncs everything", devices);
        List<FleetDevice> fleet = new ArrayList<>();
        for (int i = 1; i <= devices; i++) {
            FleetDevice device = device(String.format(Locale.ROOT, "tablet-%02d", i), line.uri());
            device.connect();
            fleet.add(device);
            Waiting.until(() -> device.name() + " is complete", STEP_MAX, LOOK, device::complete);
            bar.advance(1);
        }
        bar.finish(Screen.bytes(line.bytesToClient() / devices) + " for each");
        return fleet;
    }

    private void workOffline(List<FleetDevice> fleet, FleetPlan plan) {
        Screen.Bar bar = screen.bar("Offline: real edits and collisions", plan.mutations());
        for (int i = 0; i < devices; i++) {
            for (Mutation mutation : plan.work().get(i)) {
                fleet.get(i).mutate(mutation);
                bar.advance(1);
            }
        }
        bar.finish(Screen.number(plan.edits()) + " edits and " + FleetPlan.COLLISIONS + " collisions wait");
    }

    private Reunion comeBack(List<FleetDevice> fleet, FleetPlan plan) {
        Screen.Bar pushed = screen.bar("Back online: pushing", plan.mutations());
        long began = System.nanoTime();
        fleet.forEach(FleetDevice::connect);
        awaitAcknowledged(
                pushed, fleet, fleet.stream().mapToInt(FleetDevice::made).sum() - plan.mutations());
        Duration acknowledged = Duration.ofNanos(System.nanoTime() - began);
        pushed.finish(Screen.number(plan.mutations()) + " changes acknowledged");

        Screen.Bar bar = screen.bar("Converging", devices);
        converge(fleet);
        Duration converged = Duration.ofNanos(System.nanoTime() - began);
        bar.finish("all devices and the server agree");
        return new Reunion(acknowledged, converged);
    }

    private static void awaitAcknowledged(Screen.Bar bar, List<FleetDevice> fleet, int before) {
        Waiting.until(() -> "all changes are acknowledged", STEP_MAX, LOOK, () -> {
            int made = fleet.stream().mapToInt(FleetDevice::made).sum();
            int pending = fleet.stream().mapToInt(FleetDevice::pending).sum();
            bar.to(made - before - pending);
            return pending == 0;
        });
    }

    /** Waits until everybody has one hash; returns the hashes there are at last, which is one unless something is wrong. */
    private Set<String> converge(List<FleetDevice> fleet) {
        Set<String> hashes = new HashSet<>();
        Waiting.until(() -> "one hash everywhere, not " + hashes, STEP_MAX, LOOK, () -> {
            hashes.clear();
            hashes.add(api.hash(space));
            fleet.forEach(device -> hashes.add(device.hash()));
            return hashes.size() == 1;
        });
        return hashes;
    }

    /** Single changes by one device after the other, watched by all others. */
    private void probe(List<FleetDevice> fleet, Latencies acknowledgement, Latencies fanOut) {
        Screen.Bar bar = screen.bar("Single changes, watched by all", probes);
        for (int i = 0; i < probes; i++) {
            FleetDevice writer = fleet.get(i % devices);
            String id = runways.base().get(i).id();
            long began = System.nanoTime();
            for (FleetDevice other : fleet) {
                if (other != writer) {
                    other.watch(id, () -> fanOut.record(System.nanoTime() - began));
                }
            }
            int expected = fanOut.count() + devices - 1;
            Mutation change =
                    Mutation.set(FleetPlan.COLLECTION, id, 0, Map.of("remark", TextNode.valueOf("probe " + i)));
            acknowledgement.record(writer.mutateAndAwait(change, STEP_MAX) - began);
            Waiting.until("all devices saw probe " + i, STEP_MAX, () -> fanOut.count() >= expected);
            bar.advance(1);
        }
        bar.finish("done");
    }

    private static Outcome outcome(List<FleetDevice> fleet, Set<String> hashes) {
        Map<String, Conflict> met = new HashMap<>();
        fleet.forEach(device ->
                device.conflicts().forEach(conflict -> met.put(conflict.id() + " " + conflict.path(), conflict)));
        return new Outcome(
                Set.copyOf(hashes),
                fleet.getFirst().documents(),
                fleet.stream().mapToLong(FleetDevice::rejections).sum(),
                met.size(),
                met.values().stream().filter(Conflict::queued).count());
    }

    private void report(Outcome outcome, FleetPlan plan, Reunion reunion, Traffic traffic) {
        double saved = 100.0 * (1 - (double) (traffic.up() + traffic.down()) / (traffic.gzipFullSync() * devices));
        screen.title("Result");
        screen.table(List.of(
                new Screen.Row(
                        "hashes",
                        outcome.hashes().size() == 1
                                ? "equal on " + devices + " devices and the server: "
                                        + outcome.hashes().iterator().next()
                                : "DIFFERENT: " + outcome.hashes()),
                new Screen.Row(
                        "documents",
                        Screen.number(outcome.documents()) + " (" + Screen.number(runways.after())
                                + " must be left after all edits)"),
                new Screen.Row(
                        "changes made offline",
                        Screen.number(plan.mutations()) + " acknowledged, " + outcome.rejected() + " rejected"),
                new Screen.Row("all acknowledged after", Screen.seconds(reunion.acknowledged())),
                new Screen.Row("all devices equal after", Screen.seconds(reunion.converged())),
                new Screen.Row(
                        "conflicts",
                        outcome.met() + " met (" + FleetPlan.CONFLICTS + " were made), "
                                + (outcome.met() - outcome.queued()) + " resolved by themselves, " + outcome.queued()
                                + " queued for a person"),
                new Screen.Row("bytes up, all devices", Screen.bytes(traffic.up())),
                new Screen.Row("bytes down, all devices", Screen.bytes(traffic.down())),
                new Screen.Row(
                        "a compressed full sync of all devices",
                        Screen.bytes(traffic.gzipFullSync() * devices)
                                + String.format(Locale.ROOT, ": the deltas saved %.1f %%", saved)),
                new Screen.Row(
                        "first sync of a new device",
                        Screen.bytes(traffic.firstSync() / devices) + " (gzip of the JSON lines: "
                                + Screen.bytes(traffic.gzipFullSync()) + ")")));
    }

    private FleetDevice device(String name) {
        return device(name, node);
    }

    private FleetDevice device(String name, URI server) {
        String device = space + "-" + name;
        return FleetDevice.of(device, api.registerDevice(device), server, space);
    }

    /** A space of its own for each run, so that a second demo on the same data works like the first. */
    private static String newSpace(Api api) {
        for (int run = 1; ; run++) {
            String space = "runways-" + run;
            if (api.createSpaceIfAbsent(space)) {
                return space;
            }
        }
    }

    private static String value(List<String> options, String option, String otherwise) {
        for (int i = 0; i < options.size(); i++) {
            if (options.get(i).equals(option) && i + 1 < options.size()) {
                String value = options.get(i + 1);
                options.subList(i, i + 2).clear();
                return value;
            }
            if (options.get(i).startsWith(option + "=")) {
                return options.remove(i).substring(option.length() + 1);
            }
        }
        return otherwise;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
