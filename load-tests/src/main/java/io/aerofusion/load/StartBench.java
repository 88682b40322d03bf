package io.aerofusion.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * How long a node takes from the start of its process until it says that it is ready, on existing data: from class files, from jars, and with
 * the JDK's ahead-of-time cache. Once with PostgreSQL running already, once with the
 * embedded one started each time.
 */
final class StartBench {
    private static final int ROUNDS = 7; // or the first argument

    private StartBench() {}

    static void run(Screen screen, List<String> arguments) throws Exception {
        int rounds = arguments.isEmpty() ? ROUNDS : Integer.parseInt(arguments.getFirst());
        Path directory = BenchNode.temporaryDirectory();
        try (DrillDatabase database = DrillDatabase.start(directory.resolve("database"))) {
            NodeProcess.Options options = NodeProcess.Options.in(directory.resolve("node"));
            NodeProcess.Options external =
                    NodeProcess.Options.in(directory.resolve("node2")).with("--database", database.url());
            List<String> jars = jars(directory.resolve("lib"));
            Path cache = directory.resolve("node.aot");
            NodeProcess.start(external).close(); // makes the schema
            NodeProcess.start(options).close();
            NodeProcess.start(external.withClassPath(jars).withJvm("-XX:AOTCacheOutput=" + cache))
                    .close();
            if (!Files.exists(cache)) {
                throw new IllegalStateException("the JVM wrote no cache");
            }
            NodeProcess.Options cached = external.withClassPath(jars).withJvm("-XX:AOTCache=" + cache);
            screen.table(List.of(
                    measure(screen, rounds, "database up, from classes", external),
                    measure(screen, rounds, "database up, from jars", external.withClassPath(jars)),
                    measure(screen, rounds, "database up, with the AOT cache", cached),
                    measure(screen, rounds, "with its embedded PostgreSQL", options),
                    measure(
                            screen,
                            rounds,
                            "with its embedded PostgreSQL and the AOT cache",
                            options.withClassPath(jars).withJvm("-XX:AOTCache=" + cache))));
        } finally {
            BenchNode.delete(directory);
        }
    }

    private static Screen.Row measure(Screen screen, int rounds, String label, NodeProcess.Options options) {
        Screen.Bar bar = screen.bar(label, rounds);
        double[] seconds = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            try (NodeProcess node = NodeProcess.start(options)) {
                seconds[i] = node.startTime().toNanos() / 1e9;
            }
            bar.advance(1);
        }
        bar.finish("done");
        Arrays.sort(seconds);
        return new Screen.Row(
                label,
                String.format(
                        Locale.ROOT,
                        "median %.2f s (%.2f to %.2f)",
                        seconds[rounds / 2],
                        seconds[0],
                        seconds[rounds - 1]));
    }

    /** The class path as jars, as the container image has it: the cache knows no directories. */
    private static List<String> jars(Path directory) throws IOException {
        Files.createDirectories(directory);
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path path = Path.of(entry);
            if (Files.isDirectory(path)) {
                Path jar = directory.resolve("classes-" + jars.size() + ".jar");
                pack(path, jar);
                jars.add(jar.toString());
            } else if (Files.exists(path)) {
                jars.add(path.toString());
            }
        }
        return jars;
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }
}
