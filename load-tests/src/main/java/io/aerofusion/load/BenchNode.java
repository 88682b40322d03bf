package io.aerofusion.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A node in its own process on a fresh data directory, for the length of a benchmark. */
final class BenchNode implements AutoCloseable {
    private final Path directory;
    private final NodeProcess process;
    private final Api api;

    private BenchNode(Path directory, NodeProcess process, Api api) {
        this.directory = directory;
        this.process = process;
        this.api = api;
    }

    static BenchNode start(Screen screen, String... jvm) {
        Path directory = temporaryDirectory();
        NodeProcess process = NodeProcess.start(
                NodeProcess.Options.in(directory.resolve("node")).withJvm(jvm));
        screen.line("  a node of its own, process " + process.pid() + (jvm.length == 0 ? "" : ", " + List.of(jvm)));
        return new BenchNode(directory, process, new Api(process.uri(), adminToken(process.data())));
    }

    static String adminToken(Path data) {
        try {
            return Files.readString(data.resolve("admin-token")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("aerofusion-bench-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI uri() {
        return process.uri();
    }

    Api api() {
        return api;
    }

    NodeProcess process() {
        return process;
    }

    @Override
    public void close() {
        process.close();
        delete(directory);
    }

    /** Removes a directory with all that is in it. */
    static void delete(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
