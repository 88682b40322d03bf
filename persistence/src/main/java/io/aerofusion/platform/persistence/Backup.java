package io.aerofusion.platform.persistence;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.postgresql.PGConnection;

/**
 * One part of the database as a file: either the journal with all that is derived from it, or the wrapped data keys. They are kept
 * apart, because the first without the second tells nothing, and because only the second has to forget an erased person.
 *
 * <p>The file is a zip of PostgreSQL's binary {@code COPY} of each table, after an entry that names format, part, version of the
 * schema and tables. It is written from one snapshot of the database while nodes go on. It needs no program beside the JVM: the
 * embedded PostgreSQL comes without {@code pg_dump}.
 */
public final class Backup {
    private static final String FORMAT = "1";
    private static final String CONTENTS = "aerofusion-backup";
    /** Lines of the entry that describes the file are read up to this many bytes. */
    private static final int CONTENTS_BYTES_MAX = 1 << 20;

    /** What a file holds. */
    public enum Part {
        JOURNAL("public", "classpath:db/migration"),
        KEYS(DataKeyStore.SCHEMA, "classpath:db/keys");

        private final String schema;
        private final String migrations;

        Part(String schema, String migrations) {
            this.schema = schema;
            this.migrations = migrations;
        }
    }

    /** What the file says of itself: the schema's version, and the tables in the order in which they can be filled. */
    private record Contents(Part part, String version, Map<String, List<String>> columns) {}

    private Backup() {}

    /**
     * Writes a part of the database to a file that only its owner may read; the file is there whole or not at all.
     *
     * @param url JDBC URL of a database that a node has migrated
     * @throws StartException when it cannot be read or written
     */
    public static void write(String url, Part part, Path file) {
        try (Connection connection = DriverManager.getConnection(url)) {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            Path directory = file.toAbsolutePath().resolveSibling(".");
            DataDirectory.createPrivateDirectory(directory);
            // Only its owner may read it. It has a name of its own: another backup to the same file may be under way.
            Path draft = Files.createTempFile(directory, file.getFileName() + ".", ".draft");
            try {
                try (FileOutputStream out = new FileOutputStream(draft.toFile())) {
                    ZipOutputStream zip = new ZipOutputStream(new BufferedOutputStream(out, 1 << 16));
                    write(connection, part, zip);
                    zip.finish();
                    zip.flush();
                    out.getFD().sync();
                }
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
        } catch (SQLException e) {
            throw new StartException("The database could not be read (" + e.getMessage() + ").", e);
        } catch (IOException e) {
            throw new StartException("The backup " + file + " could not be written (" + e + ").", e);
        }
    }

    private static void write(Connection connection, Part part, ZipOutputStream zip) throws SQLException, IOException {
        Map<String, List<String>> tables = tables(connection, part);
        List<String> lines = new ArrayList<>();
        lines.add("format " + FORMAT);
        lines.add("part " + part.name().toLowerCase(Locale.ROOT));
        lines.add("schema " + version(connection, part));
        tables.forEach((table, columns) -> lines.add("table " + table + " " + String.join(",", columns)));
        zip.putNextEntry(new ZipEntry(CONTENTS));
        zip.write((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
        for (Map.Entry<String, List<String>> table : tables.entrySet()) {
            zip.putNextEntry(new ZipEntry(table.getKey()));
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut(
                            copy(part, table.getKey(), table.getValue()) + " TO STDOUT (FORMAT binary)", unclosed(zip));
            zip.closeEntry();
        }
    }

    /**
     * Fills an empty database from a file: brings its schema to the file's version and copies everything in one transaction. Opening
     * the {@link Database} afterwards brings it up to date.
     *
     * @throws StartException when the file is not a whole backup of that part, or the database holds something already
     */
    public static void read(String url, Part part, Path file) {
        try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            Contents contents = contents(zip, file);
            if (contents.part() != part) {
                throw new StartException("The backup " + file + " holds the other part of the database.");
            }
            Database.migrate(url, part.schema, part.migrations, contents.version());
            try (Connection connection = DriverManager.getConnection(url)) {
                connection.setAutoCommit(false);
                refuseUnlessEmpty(connection, contents);
                read(connection, contents, zip, file);
                connection.commit();
            }
        } catch (IOException e) {
            throw new StartException("The backup " + file + " cannot be read (" + e + ").", e);
        } catch (SQLException e) {
            throw new StartException("The database could not be filled (" + e.getMessage() + ").", e);
        }
    }

    private static void read(Connection connection, Contents contents, ZipInputStream zip, Path file)
            throws SQLException, IOException {
        for (Map.Entry<String, List<String>> table : contents.columns().entrySet()) {
            ZipEntry entry = zip.getNextEntry();
            if (entry == null || !entry.getName().equals(table.getKey())) {
                throw new StartException("The backup " + file + " is not whole: " + table.getKey() + " is missing.");
            }
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            copy(contents.part(), table.getKey(), table.getValue()) + " FROM STDIN (FORMAT binary)",
                            zip);
        }
        for (Map.Entry<String, List<String>> table : contents.columns().entrySet()) {
            for (String column : table.getValue()) {
                continueSequence(connection, contents.part().schema + "." + table.getKey(), column);
            }
        }
    }

    private static Contents contents(ZipInputStream zip, Path file) throws IOException {
        ZipEntry first = zip.getNextEntry();
        if (first == null || !first.getName().equals(CONTENTS)) {
            throw new StartException(file + " is not a backup of this product.");
        }
        String format = "";
        String version = "";
        Part part = Part.JOURNAL;
        Map<String, List<String>> columns = new LinkedHashMap<>();
        for (String line : new String(zip.readNBytes(CONTENTS_BYTES_MAX), StandardCharsets.UTF_8)
                .lines()
                .toList()) {
            String[] words = line.split(" ", -1);
            switch (words[0]) {
                case "format" -> format = words[1];
                case "part" -> part = Part.valueOf(words[1].toUpperCase(Locale.ROOT));
                case "schema" -> version = words[1];
                case "table" -> columns.put(words[1], List.of(words[2].split(",", -1)));
                default -> {} // of a later version, which says so in the format if it matters
            }
        }
        if (!format.equals(FORMAT)) {
            throw new StartException("The backup " + file + " is of a later version: restore it with that one.");
        }
        return new Contents(part, version, columns);
    }

    private static void refuseUnlessEmpty(Connection connection, Contents contents) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String table : contents.columns().keySet()) {
                try (ResultSet rows =
                        statement.executeQuery("SELECT 1 FROM " + contents.part().schema + "." + table + " LIMIT 1")) {
                    if (rows.next()) {
                        throw new StartException("The database is not empty (" + table + "): restore into a new one.");
                    }
                }
            }
        }
    }

    /** The tables of a part with their columns; a table stands after those that it refers to. */
    private static Map<String, List<String>> tables(Connection connection, Part part) throws SQLException {
        Map<String, List<String>> unordered = new LinkedHashMap<>();
        try (PreparedStatement select =
                connection.prepareStatement("SELECT c.table_name, c.column_name FROM information_schema.columns c"
                        + " JOIN information_schema.tables t USING (table_schema, table_name)"
                        + " WHERE c.table_schema = ? AND t.table_type = 'BASE TABLE'"
                        + " AND c.table_name <> 'flyway_schema_history' ORDER BY c.table_name, c.ordinal_position")) {
            select.setString(1, part.schema);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    unordered
                            .computeIfAbsent(rows.getString(1), fresh -> new ArrayList<>())
                            .add(rows.getString(2));
                }
            }
        }
        Map<String, List<String>> references = references(connection, part);
        Map<String, List<String>> ordered = new LinkedHashMap<>();
        while (ordered.size() < unordered.size()) {
            int before = ordered.size();
            unordered.forEach((table, columns) -> {
                if (ordered.keySet().containsAll(references.getOrDefault(table, List.of()))) {
                    ordered.putIfAbsent(table, columns);
                }
            });
            if (ordered.size() == before) {
                throw new IllegalStateException("tables that refer to each other: " + references);
            }
        }
        return ordered;
    }

    private static Map<String, List<String>> references(Connection connection, Part part) throws SQLException {
        Map<String, List<String>> references = new LinkedHashMap<>();
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT a.relname, b.relname FROM pg_constraint k JOIN pg_class a ON a.oid = k.conrelid"
                        + " JOIN pg_class b ON b.oid = k.confrelid JOIN pg_namespace n ON n.oid = a.relnamespace"
                        + " WHERE k.contype = 'f' AND a.oid <> b.oid AND n.nspname = ?")) {
            select.setString(1, part.schema);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    references
                            .computeIfAbsent(rows.getString(1), fresh -> new ArrayList<>())
                            .add(rows.getString(2));
                }
            }
        }
        return references;
    }

    private static String version(Connection connection, Part part) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT version FROM " + part.schema
                        + ".flyway_schema_history WHERE success AND version IS NOT NULL"
                        + " ORDER BY installed_rank DESC LIMIT 1")) {
            if (!rows.next()) {
                throw new SQLException("no node has set up this database");
            }
            return rows.getString(1);
        }
    }

    /** Numbers go on after those that were copied in. */
    private static void continueSequence(Connection connection, String table, String column) throws SQLException {
        try (PreparedStatement set = connection.prepareStatement("SELECT pg_get_serial_sequence(?, ?)")) {
            set.setString(1, table);
            set.setString(2, column);
            try (ResultSet rows = set.executeQuery();
                    Statement statement = connection.createStatement()) {
                if (rows.next() && rows.getString(1) != null) {
                    statement.execute("SELECT setval('" + rows.getString(1) + "', (SELECT coalesce(max(" + column
                            + "), 0) + 1 FROM " + table + "), false)");
                }
            }
        }
    }

    private static String copy(Part part, String table, List<String> columns) {
        return "COPY " + part.schema + "." + table + " (" + String.join(", ", columns) + ")";
    }

    /** What copying out may not close. */
    private static OutputStream unclosed(OutputStream out) {
        return new FilterOutputStream(out) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                flush();
            }
        };
    }
}
