package io.aerofusion.platform.persistence;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicInteger;

/** One embedded PostgreSQL per test JVM; every caller of {@link #fresh} gets an empty database of its own on it. */
public final class TestDatabase {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private TestDatabase() {}

    /** JDBC URL of a new, empty database. */
    public static String fresh() {
        return created("");
    }

    /** JDBC URL of a new database as the first start of a node leaves it: with its tables, which are empty. */
    public static String migrated() {
        return created(" TEMPLATE " + Migrated.NAME);
    }

    private static String created(String from) {
        String name = "test_" + COUNT.incrementAndGet();
        try (Connection connection = DriverManager.getConnection(Server.EMBEDDED.url());
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name + from);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return Server.EMBEDDED.url().replace("/aerofusion?", "/" + name + "?");
    }

    /** The rows of the answer, each with its cells as text, by "|"; bytes as the characters they are in Latin-1. */
    public static List<String> rows(String url, String query) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            ResultSetMetaData columns = rows.getMetaData();
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                StringJoiner cells = new StringJoiner("|");
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    byte[] bytes = columns.getColumnTypeName(i).equals("bytea") ? rows.getBytes(i) : null;
                    cells.add(bytes == null ? rows.getString(i) : new String(bytes, ISO_8859_1));
                }
                found.add(cells.toString());
            }
            return found;
        }
    }

    public static void execute(String url, String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement change = connection.createStatement()) {
            change.execute(statement);
        }
    }

    /** A new directory that is removed when the JVM ends. */
    public static Path temporaryDirectory() {
        try {
            Path directory = Files.createTempDirectory("aerofusion-test-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try {
            PostgresBinaries.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Migrated {
        static final String NAME = migrated();

        private static String migrated() {
            String url = fresh();
            Database.open(url).close();
            return url.substring(url.lastIndexOf('/') + 1, url.indexOf('?'));
        }
    }

    private static final class Server {
        static final EmbeddedDatabase EMBEDDED = start();

        private static EmbeddedDatabase start() {
            try {
                Path path = Files.createTempDirectory("aerofusion-test-postgres-");
                EmbeddedDatabase database = EmbeddedDatabase.start(DataDirectory.open(path));
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    database.closeAbruptly();
                    delete(path);
                }));
                return database;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
