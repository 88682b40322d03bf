package io.aerofusion.platform.persistence;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** A piece of work on one connection that is committed whole or not at all. */
@FunctionalInterface
interface Transaction<T> {
    T run(Connection connection) throws SQLException;

    /** Runs the work and commits. @throws DatabaseException when it failed; then nothing of it remains */
    static <T> T commit(DataSource source, Transaction<T> work) {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | Error e) { // going back to auto-commit would commit what is done
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** Runs one statement that needs no transaction around it. @throws DatabaseException when it failed */
    static <T> T single(DataSource source, Transaction<T> work) {
        try (Connection connection = source.getConnection()) {
            return work.run(connection);
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }
}
