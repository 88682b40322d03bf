package io.aerofusion.platform.cluster;

import java.sql.Connection;
import java.util.function.Consumer;
import java.util.function.Function;
import scala.concurrent.Future;
import scala.runtime.BoxedUnit;
import slick.dbio.DBIOAction;
import slick.jdbc.JdbcBackend;
import slick.jdbc.SimpleJdbcAction;

/** Statements of our own on the connections and threads that the journal's plugin has. */
final class PlainJdbc {
    private PlainJdbc() {}

    /** Each statement commits by itself. The cast is there because Scala's type of an action with any effect cannot be written in Java. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static <T> Future<T> run(JdbcBackend.DatabaseDef database, Function<Connection, T> work) {
        return database.run((DBIOAction) new SimpleJdbcAction<>(context -> work.apply(context.connection())));
    }

    /** As {@link #run}, for what has no result. */
    static Future<BoxedUnit> execute(JdbcBackend.DatabaseDef database, Consumer<Connection> work) {
        return run(database, connection -> {
            work.accept(connection);
            return BoxedUnit.UNIT;
        });
    }
}
