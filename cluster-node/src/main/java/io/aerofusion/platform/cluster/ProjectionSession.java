package io.aerofusion.platform.cluster;

import akka.japi.function.Function;
import akka.projection.jdbc.JdbcSession;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import java.sql.Connection;
import java.sql.SQLException;

/** A transaction of a read model, in the form in which akka-projection stores its offset in it. */
record ProjectionSession(ReadModelTransaction transaction) implements JdbcSession {
    @Override
    public <R> R withConnection(Function<Connection, R> work) throws Exception {
        return work.apply(transaction.connection());
    }

    @Override
    public void commit() throws SQLException {
        transaction.commit();
    }

    @Override
    public void rollback() throws SQLException {
        transaction.rollback();
    }

    @Override
    public void close() throws SQLException {
        transaction.close();
    }
}
