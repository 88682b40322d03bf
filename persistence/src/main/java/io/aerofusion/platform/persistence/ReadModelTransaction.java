package io.aerofusion.platform.persistence;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

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
