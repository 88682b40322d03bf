package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts servers of its own: what is tested is their life and death. */
class EmbeddedDatabaseTest {
    @TempDir
    Path temporary;

    @Test
    void keepsItsDataOverARestartAndCommitsToTheDisk() throws Exception {
        try (DataDirectory directory = DataDirectory.open(temporary)) {
            try (EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
                execute(database.url(), "CREATE TABLE kept (value INT)", "INSERT INTO kept VALUES (7)");
                assertThat(query(database.url(), "SELECT current_setting('fsync')"))
                        .isEqualTo("on");
                assertThat(query(database.url(), "SELECT current_setting('synchronous_commit')"))
                        .isEqualTo("on");
                assertThat(query(database.url(), "SELECT current_setting('full_page_writes')"))
                        .isEqualTo("on");
            }
            assertThat(directory.postgres().resolve("postmaster.pid")).doesNotExist();
            try (EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
                assertThat(query(database.url(), "SELECT value FROM kept")).isEqualTo("7");
            }
        }
    }

    @Test
    void serverLeftByAKilledNodeIsStoppedAndItsDataFound() throws Exception {
        Process node = new ProcessBuilder(List.of(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        NodeThatIsKilled.class.getName(),
                        temporary.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long server;
        try (BufferedReader out = node.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.startsWith("server=")) { // the log goes there too
                line = out.readLine();
            }
            assertThat(line).isNotNull();
            server = Long.parseLong(line.substring("server=".length()));
        } finally {
            node.destroyForcibly(); // SIGKILL: no shutdown hook runs
        }
        assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(ProcessHandle.of(server)).isPresent();

        try (DataDirectory directory = DataDirectory.open(temporary);
                EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
            assertThat(query(database.url(), "SELECT value FROM kept")).isEqualTo("42");
            assertThat(database.pid()).isNotEqualTo(server);
            assertThat(ProcessHandle.of(server)
                            .filter(ProcessHandle::isAlive)
                            .filter(process ->
                                    process.info().commandLine().orElse("").contains(temporary.toString())))
                    .isEmpty();
        }
    }

    @Test
    void stalePidFileThatNamesAnotherProgramIsNotKilledButRemoved() throws Exception {
        try (DataDirectory directory = DataDirectory.open(temporary)) {
            EmbeddedDatabase.start(directory).close();
            Path pidFile = directory.postgres().resolve("postmaster.pid");
            // After a power cut the number may belong to anybody: here to this very JVM.
            Files.writeString(
                    pidFile, ProcessHandle.current().pid() + "\n" + directory.postgres() + "\n1\n1\n\n\n\n\n");
            try (EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
                assertThat(query(database.url(), "SELECT 1")).isEqualTo("1");
            }
        }
    }

    @Test
    void serverThatDoesNotKeepWhatItAcknowledgesIsRefused() throws Exception {
        try (DataDirectory directory = DataDirectory.open(temporary);
                EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
            execute(database.url(), "ALTER DATABASE aerofusion SET synchronous_commit = off");
            assertThatThrownBy(() -> Database.open(database.url()))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("synchronous_commit = off");
        }
    }

    @Test
    void passwordIsNeeded() {
        try (DataDirectory directory = DataDirectory.open(temporary);
                EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
            String withoutPassword = database.url().replaceAll("&password=.*", "");
            assertThatThrownBy(() -> query(withoutPassword, "SELECT 1")).isInstanceOf(SQLException.class);
        }
    }

    static void execute(String url, String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    static String query(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    /** A node in a process of its own that is killed while its database runs. */
    static final class NodeThatIsKilled {
        public static void main(String[] arguments) throws Exception {
            DataDirectory directory = DataDirectory.open(Path.of(arguments[0]));
            EmbeddedDatabase database = EmbeddedDatabase.start(directory);
            execute(database.url(), "CREATE TABLE kept (value INT)", "INSERT INTO kept VALUES (42)");
            System.out.println("server=" + database.pid());
            System.out.flush();
            new java.util.concurrent.CountDownLatch(1).await();
        }
    }
}
