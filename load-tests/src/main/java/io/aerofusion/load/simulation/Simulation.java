package io.aerofusion.load.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Runs devices against a server in virtual time, with everything going wrong that the network, the processes, the disks and the
 * clocks can do, and holds them to the promises of sync. One seed is one run.
 *
 * <pre>Simulation [--seed FIRST] [--runs COUNT, 0 = until stopped] [--trace]</pre>
 */
public final class Simulation {
    private static final long MINUTE = 60_000;
    private static final long CALM_MILLIS = 30 * MINUTE;
    private static final int DEVICES_MAX = 6;
    private static final long REPORT_EVERY = 500;

    private final World world;
    private final Checker checker;
    private final SimulatedServer server;
    private final List<SimulatedDevice> devices = new ArrayList<>();
    private final boolean losesCommits;
    private boolean calm;

    private Simulation(long seed, boolean printing) {
        world = new World(seed, printing);
        checker = new Checker(world);
        server = new SimulatedServer(world, checker);
        for (int i = world.between(2, DEVICES_MAX); i > 0; i--) {
            devices.add(new SimulatedDevice(world, server, checker, "device-" + i));
        }
        losesCommits = world.chance(0.3);
    }

    /**
     * What one seed's run came to.
     *
     * @param fingerprint the same for two runs exactly when they went the same way
     */
    public record Outcome(
            long fingerprint,
            int commits,
            int mutations,
            int rejected,
            int quarantined,
            int conflicts,
            int resets,
            int checks) {}

    /** One run. @throws AssertionError with the seed and the last steps, when a promise is broken */
    public static Outcome run(long seed) {
        return run(seed, false);
    }

    private static Outcome run(long seed, boolean printing) {
        Simulation simulation = new Simulation(seed, printing);
        try {
            return simulation.run();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage() + "\n" + simulation.world.trace(), e);
        }
    }

    private Outcome run() {
        for (SimulatedDevice device : devices) {
            device.reconnectLater();
            repeat(2_000, 40_000, device::write);
            repeat(30_000, 6 * MINUTE, () -> awayFor(device, world.between(1_000, 150_000)));
            repeat(2 * MINUTE, 20 * MINUTE, () -> awayFor(device, SimulatedServer.LEASE_MILLIS * 3 / 2));
            repeat(2 * MINUTE, 20 * MINUTE, device::crash);
            repeat(3 * MINUTE, 30 * MINUTE, () -> device.setClock(skew()));
        }
        repeat(3 * MINUTE, 20 * MINUTE, this::serverDies);
        repeat(MINUTE, 5 * MINUTE, server::takeSnapshot);
        repeat(MINUTE / 2, 2 * MINUTE, server::purge);
        world.runUntil(World.BEGIN_MILLIS + world.between(6, 25) * MINUTE);
        calm = true;
        world.note("from here on all is well");
        world.runUntil(world.now() + CALM_MILLIS);
        checker.finish(server, devices);
        Checker.Summary s = checker.summary(server);
        return new Outcome(
                world.fingerprint(),
                s.commits(),
                s.mutations(),
                s.rejected(),
                s.quarantined(),
                s.conflicts(),
                s.resets(),
                s.checks());
    }

    /** Does something again and again, until the calm. */
    private void repeat(long minMillis, long maxMillis, Runnable step) {
        world.after(world.between((int) minMillis, (int) maxMillis), () -> {
            if (!calm) {
                step.run();
                repeat(minMillis, maxMillis, step);
            }
        });
    }

    private void awayFor(SimulatedDevice device, long millis) {
        device.goOffline();
        world.after(millis, device::goOnline);
    }

    private void serverDies() {
        if (server.up()) {
            server.crash();
            boolean loses = losesCommits && world.chance(0.4);
            world.after(world.between(100, 60_000), loses ? server::restoreBackup : server::restart);
        }
    }

    private long skew() {
        return switch (world.between(0, 4)) {
            case 0 -> 0;
            case 1 -> world.between(-500, 500);
            case 2 -> world.between(-90_000, 90_000);
            case 3 -> -365L * 24 * 60 * MINUTE;
            default -> 365L * 24 * 60 * MINUTE;
        };
    }

    public static void main(String[] arguments) {
        long seed = 1;
        long runs = 0;
        boolean trace = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--seed" -> seed = Long.parseLong(arguments[++i]);
                case "--runs" -> runs = Long.parseLong(arguments[++i]);
                case "--trace" -> trace = true;
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        long checks = 0;
        long mutations = 0;
        for (long done = 0; runs == 0 || done < runs; ) {
            Outcome outcome = run(seed + done, trace);
            checks += outcome.checks();
            mutations += outcome.mutations();
            done++;
            if (done % REPORT_EVERY == 0 || done == runs) {
                System.out.printf(
                        "seeds %d to %d: %d mutations, %d states compared, every promise kept%n",
                        seed, seed + done - 1, mutations, checks);
            }
        }
    }
}
