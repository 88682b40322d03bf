package io.aerofusion.load;

import com.fasterxml.jackson.databind.node.LongNode;
import io.aerofusion.space.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Idle sessions on one node with a heap of 1.5 GB: registered devices of the SDK that follow a space (ten devices each) and then say
 * nothing but heartbeats. Both sides need a file descriptor per session: {@code ulimit -n 20000}.
 */
final class IdleBench {
    private static final int SESSIONS = 10_000;
    private static final int DEVICES_PER_SPACE = 10;
    private static final int AT_ONCE = 64;
    private static final Duration HOLD = Duration.ofSeconds(60);
    private static final Duration STEP_MAX = Duration.ofMinutes(10);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final String[] HEAP = {"-Xmx1536m"};

    private IdleBench() {}

    static void run(Screen screen, List<String> arguments) throws Exception {
        int sessions = arguments.isEmpty() ? SESSIONS : Integer.parseInt(arguments.getFirst());
        try (BenchNode node = BenchNode.start(screen, HEAP)) {
            ConcurrentLinkedQueue<FleetDevice> fleet = new ConcurrentLinkedQueue<>();
            inParallel(
                    screen.bar("Making spaces", sessions / DEVICES_PER_SPACE),
                    sessions / DEVICES_PER_SPACE,
                    i -> node.api().createSpace("idle-" + i));
            inParallel(screen.bar("Registering devices", sessions), sessions, i -> {
                String name = "idle-device-" + i;
                fleet.add(FleetDevice.of(
                        name, node.api().registerDevice(name), node.uri(), "idle-" + i / DEVICES_PER_SPACE));
            });
            List<FleetDevice> devices = new ArrayList<>(fleet);
            long heapBefore = node.process().heapBytesAfterCollection();
            long residentBefore = node.process().residentBytes();
            inParallel(screen.bar("Connecting", sessions), sessions, i -> {
                devices.get(i).connect();
                Waiting.until(() -> "a device is online", STEP_MAX, LOOK, devices.get(i)::complete);
            });
            Screen.Bar hold = screen.bar("Holding them", HOLD.toSeconds());
            for (int second = 0; second < HOLD.toSeconds(); second++) {
                Waiting.pause(Duration.ofSeconds(1));
                hold.advance(1);
            }
            long online = devices.stream().filter(FleetDevice::online).count();
            hold.finish(online + " are online");
            long heap = node.process().heapBytesAfterCollection();
            long resident = node.process().residentBytes();
            screen.table(List.of(
                    new Screen.Row(
                            "sessions",
                            Screen.number(online) + " of " + Screen.number(sessions) + " online after "
                                    + HOLD.toSeconds() + " s"),
                    new Screen.Row(
                            "heap after a collection", Screen.bytes(heap) + ", before: " + Screen.bytes(heapBefore)),
                    new Screen.Row("heap per session", Screen.bytes((heap - heapBefore) / sessions)),
                    new Screen.Row(
                            "resident memory", Screen.bytes(resident) + ", before: " + Screen.bytes(residentBefore)),
                    new Screen.Row("a change among them, until seen", stillAlive(devices))));
            devices.forEach(FleetDevice::close);
        }
    }

    /** Changes in a hundred of the spaces, watched by a device of the same space. */
    private static String stillAlive(List<FleetDevice> devices) {
        devices.sort(
                Comparator.comparingInt(device -> Integer.parseInt(device.name().substring("idle-device-".length()))));
        Latencies latencies = new Latencies();
        int changes = Math.min(100, devices.size() / DEVICES_PER_SPACE);
        for (int i = 0; i < changes; i++) {
            FleetDevice writer = devices.get(i * DEVICES_PER_SPACE);
            FleetDevice reader = devices.get(i * DEVICES_PER_SPACE + 1);
            long began = System.nanoTime();
            int expected = i + 1;
            reader.watch("note", () -> latencies.record(System.nanoTime() - began));
            writer.mutate(Mutation.set("notes", "note", 0, Map.of("n", LongNode.valueOf(i))));
            Waiting.until("the change was seen", Duration.ofSeconds(30), () -> latencies.count() >= expected);
        }
        return latencies.toString();
    }

    private static void inParallel(Screen.Bar bar, int count, IntConsumer task) throws InterruptedException {
        Semaphore permits = new Semaphore(AT_ONCE);
        AtomicInteger failed = new AtomicInteger();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                int each = i;
                permits.acquire();
                executor.execute(() -> {
                    try {
                        task.accept(each);
                    } catch (RuntimeException e) {
                        failed.incrementAndGet();
                        System.err.println(e);
                    } finally {
                        permits.release();
                        bar.advance(1);
                    }
                });
            }
            executor.shutdown();
            if (!executor.awaitTermination(STEP_MAX.toSeconds(), TimeUnit.SECONDS) || failed.get() > 0) {
                throw new IllegalStateException(failed + " of " + count + " failed");
            }
        }
        bar.finish(String.format(Locale.ROOT, "%,d", count));
    }
}
