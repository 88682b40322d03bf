package io.aerofusion.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A store in one SQLite file. A commit is on the disk when it returns (write-ahead log, synchronous=FULL): it survives {@code kill
 * -9} and a loss of power. The file belongs to one replica at a time; opening it twice fails.
 */
public final class SqliteStore implements Store {
    /** How long to wait for somebody else to let go of the file before giving up. */
    private static final int BUSY_MS_MAX = 2_000;

    private static final int FORMAT = 1;

    private final Connection connection;
    private final PreparedStatement read;
    private final PreparedStatement range;
    private final PreparedStatement write;
    private final PreparedStatement remove;
    private final PreparedStatement removeRange;

    /** @throws UncheckedIOException when the file cannot be opened, is in use, or is of a later format */
    public SqliteStore(Path file) {
        try {
            connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        } catch (SQLException e) {
            throw failed("cannot open the store " + file, e);
        }
        try {
            prepare(connection, file);
            read = connection.prepareStatement("SELECT value FROM entries WHERE key = ?");
            range = connection.prepareStatement(
                    "SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key");
            write = connection.prepareStatement("INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)");
            remove = connection.prepareStatement("DELETE FROM entries WHERE key = ?");
            removeRange = connection.prepareStatement("DELETE FROM entries WHERE key >= ? AND key < ?");
        } catch (SQLException e) {
            letGo(connection, e);
            throw failed("cannot open the store " + file, e);
        }
    }

    /** Otherwise this process would hold the file's lock until it ends, whatever is done about the failure. */
    private static void letGo(Connection connection, SQLException cause) {
        try {
            connection.close();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    private static void prepare(Connection connection, Path file) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = " + BUSY_MS_MAX);
            statement.execute("PRAGMA locking_mode = EXCLUSIVE");
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            connection.setAutoCommit(false);
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
            int format;
            try (ResultSet version = statement.executeQuery("PRAGMA user_version")) {
                format = version.getInt(1);
            }
            if (format > FORMAT) {
                throw new SQLException(file + " was written by a later version of the SDK (format " + format + ")");
            }
            statement.execute("PRAGMA user_version = " + FORMAT);
            connection.commit();
        }
    }

    @Override
    public synchronized byte @Nullable [] get(String key) {
        try {
            read.setString(1, key);
            try (ResultSet found = read.executeQuery()) {
                return found.next() ? found.getBytes(1) : null;
            }
        } catch (SQLException e) {
            throw failed("cannot read from the store", e);
        }
    }

    @Override
    public synchronized void scan(String prefix, BiConsumer<String, byte[]> visitor) {
        try {
            range.setString(1, prefix);
            range.setString(2, StoreKeys.after(prefix));
            try (ResultSet found = range.executeQuery()) {
                while (found.next()) {
                    visitor.accept(found.getString(1), found.getBytes(2));
                }
            }
        } catch (SQLException e) {
            throw failed("cannot read from the store", e);
        }
    }

    @Override
    public synchronized void commit(List<String> clear, Map<String, byte @Nullable []> writes) {
        try {
            for (String prefix : clear) {
                removeRange.setString(1, prefix);
                removeRange.setString(2, StoreKeys.after(prefix));
                removeRange.executeUpdate();
            }
            for (Map.Entry<String, byte @Nullable []> entry : writes.entrySet()) {
                byte[] value = entry.getValue();
                PreparedStatement statement = value == null ? remove : write;
                statement.setString(1, entry.getKey());
                if (value != null) {
                    statement.setBytes(2, value);
                }
                statement.executeUpdate();
            }
            connection.commit();
        } catch (SQLException e) {
            rollBack(e);
            throw failed("cannot write to the store", e);
        }
    }

    private void rollBack(SQLException cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed("cannot close the store", e);
        }
    }

    private static UncheckedIOException failed(String what, SQLException cause) {
        return new UncheckedIOException(new IOException(what + ": " + cause.getMessage(), cause));
    }
}
