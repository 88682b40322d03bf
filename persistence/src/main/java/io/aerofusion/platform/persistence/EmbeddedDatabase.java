package io.aerofusion.platform.persistence;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL that belongs to one node and lives in its data directory.
 *
 * <p>It is started through {@code pg_ctl}, in a session of its own: Ctrl-C in the node's terminal does not reach it, so the node can
 * still write while it shuts down. It listens on the loopback only, on a port the system chooses, with a password. When the node is
 * killed, the server lives on; the next start finds it by {@code postmaster.pid} and stops it first.
 */
public final class EmbeddedDatabase implements AutoCloseable {
    /** How long a start may take, including the recovery after a crash; then the node does not start. */
    static final int START_SECONDS_MAX = 60;
    /** How long a stop may take before the server is stopped without a checkpoint (it then recovers at its next start). */
    static final int STOP_SECONDS_MAX = 10;
    /** Starts that are tried, each on another port: between choosing a port and listening, somebody else may take it. */
    static final int START_ATTEMPTS_MAX = 3;
    /** The log is put aside (one generation) beyond this. */
    static final long LOG_BYTES_MAX = 16L << 20;

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final String NAME = "aerofusion";
    /** Modes of a stop, each tried when the one before took too long. */
    private static final List<String> CLEANLY = List.of("fast", "immediate");

    private final DataDirectory directory;
    private final Path programs;
    private final int port;
    private final String password;
    private boolean closed;

    private EmbeddedDatabase(DataDirectory directory, Path programs, int port, String password) {
        this.directory = directory;
        this.programs = programs;
        this.port = port;
        this.password = password;
    }

    /** Starts the server, first stopping one that a killed node left. @throws StartException when it cannot be started */
    public static EmbeddedDatabase start(DataDirectory directory) {
        Path programs = PostgresBinaries.unpacked().resolve("bin");
        try {
            stopLeftover(directory, programs);
            String password = password(directory);
            if (!Files.exists(directory.postgres().resolve("PG_VERSION"))) {
                initialise(directory, programs);
            }
            rollLog(directory.postgresLog());
            int port = startServer(directory, programs);
            EmbeddedDatabase database = new EmbeddedDatabase(directory, programs, port, password);
            try {
                database.createDatabase();
                database.checkDurability();
            } catch (SQLException | StartException e) {
                database.close();
                throw e;
            }
            log.info("PostgreSQL runs on 127.0.0.1:{} with its data in {}", port, directory.postgres());
            return database;
        } catch (IOException | SQLException e) {
            throw new StartException(
                    "The embedded PostgreSQL did not start (" + e.getMessage() + "): see " + directory.postgresLog()
                            + ".",
                    e);
        }
    }

    /** JDBC URL of the server that runs on a data directory, whichever process started it; empty when none does. */
    public static Optional<String> running(Path data) {
        Path postgres = data.resolve("postgres");
        if (leftover(postgres).isEmpty()) {
            return Optional.empty();
        }
        try {
            int port = Integer.parseInt(Files.readAllLines(postgres.resolve("postmaster.pid"))
                    .get(3)
                    .strip());
            return Optional.of(url(
                    port,
                    NAME,
                    Files.readString(data.resolve("secrets").resolve("postgres-password"))
                            .strip()));
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            throw new StartException("The PostgreSQL in " + postgres + " is starting or stopping: try again.", e);
        }
    }

    /** JDBC URL with user and password; loopback only. */
    public String url() {
        return url(NAME);
    }

    /** Process id of the server. */
    public long pid() {
        return leftover(directory.postgres()).map(ProcessHandle::pid).orElse(-1L);
    }

    /** Stops the server; returns when its files are at rest. Idempotent. */
    @Override
    public void close() {
        close(CLEANLY);
    }

    /** Stops the server as a power cut would, for data that nobody needs any more. */
    void closeAbruptly() {
        close(List.of("immediate"));
    }

    private synchronized void close(List<String> modes) {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stopServer(directory, programs, modes);
        } catch (IOException e) {
            log.warn("PostgreSQL in {} did not stop cleanly; it recovers at the next start", directory.postgres(), e);
        }
    }

    private String url(String database) {
        return url(port, database, password);
    }

    private static String url(int port, String database, String password) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=" + NAME + "&password=" + password;
    }

    private static String password(DataDirectory directory) throws IOException {
        Path file = directory.postgresPassword();
        if (!Files.exists(file)) {
            byte[] random = new byte[24];
            new SecureRandom().nextBytes(random);
            DataDirectory.writePrivately(
                    file, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
        }
        return Files.readString(file).strip();
    }

    /** Builds the cluster beside its place and moves it there, so that a start that dies halfway leaves no half of a cluster. */
    private static void initialise(DataDirectory directory, Path programs) throws IOException {
        Path draft = directory.path().resolve("postgres.draft");
        PostgresBinaries.delete(draft);
        List<String> command = new ArrayList<>(List.of(
                "initdb",
                "-D",
                draft.toString(),
                "-U",
                NAME,
                "-A",
                "scram-sha-256",
                "--pwfile=" + directory.postgresPassword(),
                "-E",
                "UTF8",
                "--locale=C"));
        if (System.getProperty("os.name").equals("Linux")) {
            // Writes to the disk once and not a thousand files one by one, which takes seconds. Others do not know it.
            command.add("--sync-method=syncfs");
        }
        int exit = run(directory, programs, START_SECONDS_MAX, command);
        if (exit != 0) {
            throw new IOException(
                    unshared()
                            ? "initdb failed; as root it needs the right to make a user namespace: run as another user, or give --database"
                            : "initdb failed");
        }
        Files.move(draft, directory.postgres(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static int startServer(DataDirectory directory, Path programs) throws IOException {
        for (int attempt = 1; attempt <= START_ATTEMPTS_MAX; attempt++) {
            int port = freePort();
            Files.writeString(directory.postgres().resolve("postgresql.conf"), configuration(port));
            int exit = run(
                    directory,
                    programs,
                    START_SECONDS_MAX + 5,
                    List.of(
                            "pg_ctl",
                            "-D",
                            directory.postgres().toString(),
                            "-l",
                            directory.postgresLog().toString(),
                            "-w",
                            "-t",
                            Integer.toString(START_SECONDS_MAX),
                            "start"));
            if (exit == 0) {
                return port;
            }
            log.warn("PostgreSQL did not start on port {} (attempt {} of {})", port, attempt, START_ATTEMPTS_MAX);
        }
        throw new IOException("given up after " + START_ATTEMPTS_MAX + " attempts");
    }

    private static String configuration(int port) {
        return """
                # Written by the node at every start. Own settings belong into postgresql.local.conf beside this file.
                include_if_exists = 'postgresql.local.conf'
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = 200
                shared_buffers = 128MB
                log_min_messages = warning
                log_parameter_max_length = 0
                log_parameter_max_length_on_error = 0
                log_line_prefix = '%%m [%%p] '
                timezone = 'UTC'
                # What the product promises stands last: a commit is on the disk.
                fsync = on
                synchronous_commit = on
                full_page_writes = on
                # The password is 192 random bits, which needs no stretching; each new connection would pay for it.
                scram_iterations = 1
                """.formatted(port);
    }

    private void createDatabase() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url("postgres"));
                Statement statement = connection.createStatement()) {
            hashPasswordQuickly(statement);
            try (ResultSet found = statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + NAME + "'")) {
                if (found.next()) {
                    return;
                }
            }
            statement.execute("CREATE DATABASE " + NAME);
        }
    }

    /** Hashes the password by the server's {@code scram_iterations}, which initdb did not know. */
    private void hashPasswordQuickly(Statement statement) throws SQLException {
        try (ResultSet slow = statement.executeQuery("SELECT 1 FROM pg_authid WHERE rolname = '" + NAME
                + "' AND rolpassword NOT LIKE 'SCRAM-SHA-256$1:%'")) {
            if (!slow.next()) {
                return;
            }
        }
        statement.execute("ALTER ROLE " + NAME + " PASSWORD '" + password + "'"); // URL-safe Base64: nothing to quote
    }

    private void checkDurability() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url())) {
            Database.checkDurability(connection);
        }
    }

    private static void stopLeftover(DataDirectory directory, Path programs) throws IOException {
        Path pidFile = directory.postgres().resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        // This node holds the data directory's lock: a server found here belongs to nobody any more.
        Optional<ProcessHandle> server = leftover(directory.postgres());
        if (server.isPresent()) {
            log.info(
                    "Stopping the PostgreSQL (process {}) that an earlier node left",
                    server.get().pid());
            stopServer(directory, programs, CLEANLY);
        }
        // Its number may belong to another program now; PostgreSQL itself would refuse to start.
        Files.deleteIfExists(pidFile);
    }

    /**
     * The living server of that directory, by its {@code postmaster.pid}; empty when the process there is another program. A server
     * that is taken for another program would run on while a second one is started on its files, so the path is compared as the server
     * itself wrote it down: the directory may have been moved since.
     */
    private static Optional<ProcessHandle> leftover(Path postgres) {
        try {
            List<String> lines = Files.readAllLines(postgres.resolve("postmaster.pid"), StandardCharsets.UTF_8);
            if (lines.size() < 2) {
                return Optional.empty();
            }
            // A standalone backend writes its number negated.
            long pid = Math.abs(Long.parseLong(lines.getFirst().strip()));
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .filter(process -> isServer(process, lines.get(1).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean isServer(ProcessHandle process, String directory) {
        ProcessHandle.Info info = process.info();
        boolean postgres = info.command()
                .map(command -> Path.of(command).getFileName().toString().startsWith("postgres"))
                .orElse(false);
        return postgres
                && info.commandLine().map(line -> line.contains(directory)).orElse(true);
    }

    private static void stopServer(DataDirectory directory, Path programs, List<String> modes) throws IOException {
        for (String mode : modes) {
            int exit = run(
                    directory,
                    programs,
                    STOP_SECONDS_MAX + 5,
                    List.of(
                            "pg_ctl",
                            "-D",
                            directory.postgres().toString(),
                            "-m",
                            mode,
                            "-w",
                            "-t",
                            Integer.toString(STOP_SECONDS_MAX),
                            "stop"));
            if (exit == 0 || leftover(directory.postgres()).isEmpty()) {
                return;
            }
        }
        leftover(directory.postgres()).ifPresent(ProcessHandle::destroyForcibly);
    }

    private static void rollLog(Path file) throws IOException {
        if (Files.exists(file) && Files.size(file) > LOG_BYTES_MAX) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** PostgreSQL refuses to run as root; in a user namespace of its own it is nobody. */
    private static boolean unshared() {
        return DataDirectory.posix() && "root".equals(System.getProperty("user.name"));
    }

    private static int run(DataDirectory directory, Path programs, int secondsMax, List<String> command)
            throws IOException {
        List<String> line = new ArrayList<>();
        if (unshared()) {
            line.addAll(List.of("unshare", "-U"));
        }
        line.add(programs.resolve(command.getFirst()).toString());
        line.addAll(command.subList(1, command.size()));
        Process process = new ProcessBuilder(line)
                .directory(directory.path().toFile())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(directory.postgresLog().toFile()))
                .start();
        try {
            if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.getFirst() + " took longer than " + secondsMax + " s");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + command.getFirst() + " ran", e);
        }
    }
}
