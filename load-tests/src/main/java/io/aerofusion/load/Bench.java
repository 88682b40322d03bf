package io.aerofusion.load;

import io.aerofusion.load.fuzz.Http1Fuzz;
import java.util.Arrays;
import java.util.List;

/** The benchmarks and fault drills behind {@code ./run bench NAME}. */
public final class Bench {
    private static final int WRONG_ARGUMENTS = 2;

    private Bench() {}

    /** One benchmark: what it measures in a line, and the code. */
    record Entry(String name, String measures, Run run) {}

    /** The body of a benchmark. */
    @FunctionalInterface
    interface Run {
        void run(Screen screen, List<String> arguments) throws Exception;
    }

    static final List<Entry> ALL = List.of(
            new Entry("w1", "W1: full sync, push, catch-up, fan-out to 20 sessions", W1Bench::run),
            new Entry("w2", "W2: real runways, devices away for the last 30, 90, 365 days of edits", W2Bench::run),
            new Entry(
                    "push",
                    "durable single-operation pushes from 32 sessions (shared: into one space)",
                    PushBench::run),
            new Entry("idle", "10,000 idle sessions on one node with a 1.5 GB heap", IdleBench::run),
            new Entry("entity", "one space with all runways: heap, recovery, delta after one edit", EntityBench::run),
            new Entry("routes", "10,000 routes on 500 hosts: compiling, matching, memory", RoutesBench::run),
            new Entry(
                    "generations",
                    "a change of the gateway until each of three nodes serves it (large: beside 5,000 routes)",
                    GenerationBench::run),
            new Entry("start", "a node's start on existing data until it is ready", StartBench::run),
            new Entry(
                    "gateway",
                    "the gateway beside nginx, HAProxy, Spring Cloud Gateway (plain latency h2 grpc alloc tokens new-tokens)",
                    GatewayBench::run),
            new Entry(
                    "gateway-soak",
                    "ten minutes of load, changes, a dying endpoint and a restart through three gateways",
                    GatewaySoak::run),
            new Entry(
                    "fuzz-http1",
                    "damaged HTTP/1.1 requests against a second parser, until stopped (--seed N --runs N)",
                    (screen, arguments) -> Http1Fuzz.main(arguments.toArray(String[]::new))),
            new Entry("faults", "kill-node, freeze-node, kill-database under load, with the checker", FaultDrill::run));

    public static void main(String[] arguments) throws Exception {
        Screen screen = Screen.ofProcess();
        if (arguments.length == 0) {
            screen.line("Usage: ./run bench NAME [ARGUMENT...]");
            screen.table(ALL.stream()
                    .map(entry -> new Screen.Row(entry.name(), entry.measures()))
                    .toList());
            return;
        }
        Entry entry = ALL.stream()
                .filter(each -> each.name().equals(arguments[0]))
                .findFirst()
                .orElse(null);
        if (entry == null) {
            System.err.println("bench: there is no benchmark '" + arguments[0] + "'; ./run bench lists them");
            System.exit(WRONG_ARGUMENTS);
            return;
        }
        screen.title(entry.name() + ": " + entry.measures());
        entry.run().run(screen, Arrays.asList(arguments).subList(1, arguments.length));
        System.exit(0); // clients of the SDK may have threads of their own
    }
}
