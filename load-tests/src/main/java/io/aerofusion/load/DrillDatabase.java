package io.aerofusion.load;

import io.aerofusion.platform.persistence.DataDirectory;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A PostgreSQL that several nodes share and that can be killed. */
final class DrillDatabase implements AutoCloseable {
    private static final Duration GONE_MAX = Duration.ofSeconds(30);

    private final DataDirectory directory;
    private final EmbeddedDatabase database;
    private final List<String> commandLine;

    private DrillDatabase(DataDirectory directory) {
        this.directory = directory;
        this.database = EmbeddedDatabase.start(directory);
        ProcessHandle.Info server =
                ProcessHandle.of(database.pid()).map(ProcessHandle::info).orElseThrow();
        commandLine = new ArrayList<>(List.of(server.command().orElseThrow()));
        commandLine.addAll(List.of(server.arguments().orElseThrow()));
    }

    static DrillDatabase start(Path directory) {
        return new DrillDatabase(DataDirectory.open(directory));
    }

    String url() {
        return database.url();
    }

    long pid() {
        return database.pid();
    }

    /** {@code kill -9} of the postmaster; its children end themselves when they notice. */
    void kill() {
        long pid = pid();
        NodeProcess.signal(pid, "KILL");
        Waiting.until("PostgreSQL is gone", GONE_MAX, () -> !isAlive(pid));
    }

    /** Starts it again on the same port; it recovers from its log. */
    void restart() {
        List<String> command = new ArrayList<>(runsAsRoot() ? List.of("unshare", "-U") : List.of());
        command.addAll(commandLine);
        Path log = directory.postgresLog();
        Waiting.until(() -> "PostgreSQL runs again, see " + log, GONE_MAX, Duration.ofMillis(200), () -> {
            if (pid() < 0 || !isAlive(pid())) {
                start(command, log);
            }
            return answers();
        });
    }

    private void start(List<String> command, Path log) {
        try {
            new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean answers() {
        URI address = URI.create(url().substring("jdbc:".length()));
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    }

    private static boolean runsAsRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    @Override
    public void close() {
        database.close();
        directory.close();
    }
}
