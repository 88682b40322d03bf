package io.aerofusion.load;

import com.fasterxml.jackson.databind.node.LongNode;
import io.aerofusion.space.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Durable pushes of a single operation from 32 sessions: as many as go with each session waiting for its acknowledgement before the next,
 * and at a given rate. Each session has a space of its own, as devices of different people do; {@code shared} puts them all into one.
 */
final class PushBench {
    private static final int SESSIONS = 32;
    private static final int RATE = 650;
    private static final Duration WARM_UP = Duration.ofSeconds(45);
    private static final Duration MEASURE = Duration.ofSeconds(20);
    private static final Duration STEP_MAX = Duration.ofSeconds(60);
    private static final int DOCUMENTS = 100;

    private PushBench() {}

    static void run(Screen screen, List<String> arguments) throws Exception {
        boolean shared = arguments.contains("shared");
        try (BenchNode node = BenchNode.start(screen)) {
            List<FleetDevice> fleet = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                String space = shared ? "push" : "push-" + i;
                node.api().createSpaceIfAbsent(space);
                String name = "push-device-" + i;
                FleetDevice device = FleetDevice.of(name, node.api().registerDevice(name), node.uri(), space);
                device.connect();
                Waiting.until("a device is complete", STEP_MAX, device::complete);
                fleet.add(device);
            }
            drive(fleet, WARM_UP, 0);
            Result most = drive(fleet, MEASURE, 0);
            drive(fleet, WARM_UP.dividedBy(2), RATE);
            Result paced = drive(fleet, MEASURE, RATE);
            screen.table(List.of(
                    new Screen.Row("sessions", SESSIONS + (shared ? " in one space" : ", a space each")),
                    new Screen.Row("closed loop", most.toString()),
                    new Screen.Row("at " + RATE + "/s", paced.toString())));
            fleet.forEach(FleetDevice::close);
        }
    }

    private record Result(long pushes, Duration took, Latencies latencies) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%,.0f pushes/s, ", pushes / (took.toNanos() / 1e9)) + latencies;
        }
    }

    /** @param rate of all sessions together; 0: as fast as acknowledgements come */
    private static Result drive(List<FleetDevice> fleet, Duration time, int rate) throws InterruptedException {
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicLong pushes = new AtomicLong();
        Latencies latencies = new Latencies();
        long began = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < fleet.size(); i++) {
            FleetDevice device = fleet.get(i);
            long phase = rate == 0 ? 0 : i * 1_000_000_000L / rate;
            long period = rate == 0 ? 0 : fleet.size() * 1_000_000_000L / rate;
            threads.add(Thread.ofVirtual().start(() -> {
                for (long n = 0; running.get(); n++) {
                    long due = began + phase + n * period;
                    if (rate > 0 && due > System.nanoTime()) {
                        Waiting.pause(Duration.ofNanos(due - System.nanoTime()));
                    }
                    // at a rate the latency counts from when the push was due: a slow answer must not hide the next
                    // one's wait
                    long start = rate > 0 ? due : System.nanoTime();
                    Mutation reading =
                            Mutation.set("readings", "r-" + n % DOCUMENTS, 0, Map.of("value", LongNode.valueOf(n)));
                    latencies.record(device.mutateAndAwait(reading, STEP_MAX) - start);
                    pushes.incrementAndGet();
                }
            }));
        }
        Waiting.pause(time);
        running.set(false);
        for (Thread thread : threads) {
            thread.join(STEP_MAX);
        }
        return new Result(pushes.get(), Duration.ofNanos(System.nanoTime() - began), latencies);
    }
}
