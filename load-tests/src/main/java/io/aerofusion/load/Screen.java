package io.aerofusion.load;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the reader sees: steps with progress bars on a terminal, plain lines anywhere else. Thread-safe. */
final class Screen {
    private static final int BAR_WIDTH = 30;
    private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();

    private final PrintStream out;
    private final boolean terminal;

    Screen(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Of this process; {@code run} tells whether its output goes to a terminal, which Java cannot see of the output alone. */
    static Screen ofProcess() {
        return new Screen(System.out, Boolean.getBoolean("aerofusion.terminal"));
    }

    synchronized void line(String text) {
        out.println(text);
        out.flush();
    }

    void title(String text) {
        line("");
        line(terminal ? "\u001b[1m" + text + "\u001b[0m" : text);
    }

    /** A step with a known amount of work. */
    Bar bar(String label, long total) {
        return new Bar(label, total);
    }

    /** Rows of label and value, aligned. */
    void table(List<Row> rows) {
        int width = rows.stream().mapToInt(row -> row.label().length()).max().orElse(0);
        for (Row row : rows) {
            line(row.label().isEmpty() ? "" : String.format("  %-" + width + "s  %s", row.label(), row.value()));
        }
    }

    record Row(String label, String value) {}

    static String bytes(long bytes) {
        if (bytes < 10_000) {
            return String.format(Locale.ROOT, "%,d B", bytes);
        }
        return bytes < 1_000_000
                ? String.format(Locale.ROOT, "%.1f KB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toNanos() / 1e9);
    }

    /** The progress of one step. */
    final class Bar {
        private final String label;
        private final long total;
        private final long started = System.nanoTime();
        private long done;
        private long drawn;

        private Bar(String label, long total) {
            this.label = label;
            this.total = Math.max(1, total);
            if (terminal) {
                draw();
            }
        }

        void advance(long by) {
            to(done() + by);
        }

        void to(long value) {
            synchronized (Screen.this) {
                done = Math.clamp(value, done, total);
                if (terminal && System.nanoTime() - drawn > REDRAW_NANOS) {
                    draw();
                }
            }
        }

        private long done() {
            synchronized (Screen.this) {
                return done;
            }
        }

        /** Ends the step with its result; returns how long it took. */
        Duration finish(String result) {
            synchronized (Screen.this) {
                Duration took = Duration.ofNanos(System.nanoTime() - started);
                if (terminal) {
                    out.print("\r\u001b[K");
                }
                out.printf("  %-46s %s (%s)%n", label, result, seconds(took));
                out.flush();
                return took;
            }
        }

        private void draw() {
            drawn = System.nanoTime();
            int filled = (int) (done * BAR_WIDTH / total);
            List<String> parts = new ArrayList<>();
            parts.add("\r\u001b[K");
            parts.add(String.format("  %-46s ", label));
            parts.add("█".repeat(filled) + "░".repeat(BAR_WIDTH - filled));
            parts.add(String.format(" %3d %%", done * 100 / total));
            out.print(String.join("", parts));
            out.flush();
        }
    }
}
