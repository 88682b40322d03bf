package io.aerofusion.platform.cluster;

import akka.persistence.jdbc.config.JournalConfig;
import akka.persistence.jdbc.journal.dao.DefaultJournalDao;
import akka.persistence.jdbc.journal.dao.JournalTables.JournalAkkaSerializationRow;
import akka.serialization.Serialization;
import akka.stream.Materializer;
import io.aerofusion.platform.persistence.JournalBatch;
import io.aerofusion.platform.persistence.JournalEvent;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.collection.immutable.Set;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;
import slick.jdbc.JdbcBackend;
import slick.jdbc.JdbcProfile;

/**
 * The journal plugin's own DAO, but for how a batch of events gets into its tables: in one round trip, where the plugin's sends each
 * event, then the tags, then the commit, and waits for the server each time (decision 0010). Only for PostgreSQL. {@code
 * jdbc-journal.dao} chooses, and either reads what the other wrote.
 */
public final class BatchJournalDao extends DefaultJournalDao {
    /** The signature that the plugin calls. */
    public BatchJournalDao(
            JdbcBackend.DatabaseDef database,
            JdbcProfile profile,
            JournalConfig config,
            Serialization serialization,
            ExecutionContext executor,
            Materializer materializer) {
        super(database, profile, config, serialization, executor, materializer);
    }

    /** All or nothing. Fails with a {@link io.aerofusion.platform.persistence.DatabaseException}. */
    @Override
    public Future<BoxedUnit> writeJournalRows(Seq<Tuple2<JournalAkkaSerializationRow, Set<String>>> events) {
        JournalBatch batch = new JournalBatch();
        long oldest = Long.MAX_VALUE;
        for (Tuple2<JournalAkkaSerializationRow, Set<String>> event : CollectionConverters.asJava(events)) {
            batch.add(event(event._1()), CollectionConverters.asJava(event._2()));
            oldest = Math.min(oldest, event._1().writeTimestamp());
        }
        long begun = System.nanoTime();
        long waited = InstantSource.system().millis() - oldest;
        return PlainJdbc.execute(db(), batch::write)
                .map(
                        written -> {
                            JournalMetrics.written(events.size(), waited, System.nanoTime() - begun);
                            return written;
                        },
                        ec());
    }

    private static JournalEvent event(JournalAkkaSerializationRow row) {
        return new JournalEvent(
                row.persistenceId(),
                row.sequenceNumber(),
                row.writer(),
                row.writeTimestamp(),
                row.adapterManifest(),
                new JournalEvent.Serialized(row.eventSerId(), row.eventSerManifest(), row.eventPayload()),
                metadata(row));
    }

    private static JournalEvent.@Nullable Serialized metadata(JournalAkkaSerializationRow row) {
        return row.metaPayload().isDefined()
                ? new JournalEvent.Serialized(
                        (int) row.metaSerId().get(),
                        row.metaSerManifest().get(),
                        row.metaPayload().get())
                : null;
    }
}
