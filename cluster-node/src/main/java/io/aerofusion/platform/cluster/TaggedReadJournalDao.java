package io.aerofusion.platform.cluster;

import akka.NotUsed;
import akka.persistence.PersistentRepr;
import akka.persistence.jdbc.AkkaSerialization;
import akka.persistence.jdbc.config.ReadJournalConfig;
import akka.persistence.jdbc.journal.dao.JournalTables.JournalAkkaSerializationRow;
import akka.persistence.jdbc.query.dao.DefaultReadJournalDao;
import akka.serialization.Serialization;
import akka.stream.Materializer;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.persistence.JournalEvent;
import io.aerofusion.platform.persistence.TaggedEvents;
import java.util.Optional;
import scala.Tuple3;
import scala.collection.immutable.Set;
import scala.collection.immutable.Set$;
import scala.concurrent.ExecutionContext;
import scala.jdk.javaapi.OptionConverters;
import scala.util.Try;
import slick.jdbc.JdbcBackend;
import slick.jdbc.JdbcProfile;

/**
 * The read journal plugin's own DAO, but for how it finds the events of a tag (decision 0011): it asks nothing where nothing can be new, and
 * goes along the index of tags, where the plugin's statement goes along all events. Only for PostgreSQL. {@code jdbc-read-journal.dao}
 * chooses.
 */
public final class TaggedReadJournalDao extends DefaultReadJournalDao {
    private final Serialization serialization;

    /** The signature that the plugin calls. */
    public TaggedReadJournalDao(
            JdbcBackend.DatabaseDef database,
            JdbcProfile profile,
            ReadJournalConfig config,
            Serialization serialization,
            ExecutionContext executor,
            Materializer materializer) {
        super(database, profile, config, serialization, executor, materializer);
        this.serialization = serialization;
    }

    /** Fails with a {@link io.aerofusion.platform.persistence.DatabaseException}. */
    @Override
    public akka.stream.scaladsl.Source<Try<Tuple3<PersistentRepr, Set<String>, Object>>, NotUsed> eventsByTag(
            String tag, long offset, long maxOffset, long max) {
        if (maxOffset <= offset) { // the plugin polls on, from the last event to the last event
            return Source.<Try<Tuple3<PersistentRepr, Set<String>, Object>>>empty()
                    .asScala();
        }
        return Source.future(PlainJdbc.run(db(), new TaggedEvents(tag, offset, maxOffset, max)::read))
                .mapConcat(events -> events)
                .map(this::deserialized)
                .asScala();
    }

    private Try<Tuple3<PersistentRepr, Set<String>, Object>> deserialized(TaggedEvents.Ordered row) {
        return AkkaSerialization.fromRow(serialization, row(row))
                .map(event -> new Tuple3<>(event._1(), Set$.MODULE$.<String>empty(), event._2()));
    }

    private static JournalAkkaSerializationRow row(TaggedEvents.Ordered row) {
        JournalEvent event = row.event();
        Optional<JournalEvent.Serialized> metadata = Optional.ofNullable(event.metadata());
        return new JournalAkkaSerializationRow(
                row.ordering(),
                false,
                event.persistenceId(),
                event.sequenceNumber(),
                event.writer(),
                event.timestamp(),
                event.adapterManifest(),
                event.payload().bytes(),
                event.payload().serializer(),
                event.payload().manifest(),
                OptionConverters.toScala(metadata.map(JournalEvent.Serialized::bytes)),
                OptionConverters.toScala(metadata.map(JournalEvent.Serialized::serializer)),
                OptionConverters.toScala(metadata.map(JournalEvent.Serialized::manifest)));
    }
}
