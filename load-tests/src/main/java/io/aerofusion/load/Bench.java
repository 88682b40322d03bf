package io.aerofusion.load;

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
            new Entry("entity", "one space with all runways: heap, recovery, delta after one edit", EntityBench::run));

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
