package io.aerofusion.platform.persistence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * One transaction of a projection: the rows it writes and its offset are committed together, so every event counts exactly once.
 * Domains hand it on to read models; only the projection commits.
 */
public final class ReadModelTransaction implements AutoCloseable {
    private final Connection connection;

    private ReadModelTransaction(Connection connection) {
        this.connection = connection;
    }

    public static ReadModelTransaction begin(DataSource source) {
        try {
            Connection connection = source.getConnection();
            connection.setAutoCommit(false);
            return new ReadModelTransaction(connection);
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** For the offset store of the projection. */
    public Connection connection() {
        return connection;
    }

    /** Runs a statement that changes rows; null is SQL's. @throws DatabaseException when it failed */
    void update(String sql, @Nullable Object... values) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    public void commit() throws SQLException {
        connection.commit();
    }

    public void rollback() throws SQLException {
        connection.rollback();
    }

    /** Gives the connection back; what was not committed is gone. */
    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
