package io.aerofusion.platform.cluster;

import akka.Done;
import akka.cluster.sharding.typed.ShardedDaemonProcessSettings;
import akka.cluster.sharding.typed.javadsl.ShardedDaemonProcess;
import akka.persistence.query.Offset;
import akka.persistence.typed.PersistenceId;
import akka.projection.ProjectionBehavior;
import akka.projection.ProjectionId;
import akka.projection.eventsourced.EventEnvelope;
import akka.projection.eventsourced.javadsl.EventSourcedProvider;
import akka.projection.javadsl.Handler;
import akka.projection.javadsl.SourceProvider;
import akka.projection.jdbc.javadsl.JdbcProjection;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.persistence.DataKeys.Binding;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.security.Sealed;
import io.aerofusion.platform.security.Sealing;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the events of a tag, in order and each at least once, for what is not done in a database: telling other entities. One process in
 * the cluster per name. An event whose follower fails comes again, after a backoff and for ever; so following must be idempotent.
 */
public final class Following {
    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    /** The offset is saved after that many events or that time: so many come again after a crash. */
    private static final int SAVED_AFTER_EVENTS = 20;

    private static final Duration SAVED_AFTER = Duration.ofMillis(500);

    private Following() {}

    /**
     * Starts this node's part.
     *
     * @param name the offset is kept under it: another name begins at the beginning of the journal
     * @param tag that the entity gives to the events
     * @param entityType others that have the tag are passed over
     */
    public static <E> void start(
            NodeContext node,
            String name,
            String tag,
            String entityType,
            Class<E> events,
            Function<ReadModel.Change<E>, CompletionStage<Done>> follower) {
        SourceProvider<Offset, EventEnvelope<Sealed>> source =
                EventSourcedProvider.eventsByTag(node.system(), "jdbc-read-journal", tag);
        ShardedDaemonProcess.get(node.system())
                .init(
                        ProjectionBehavior.Command.class,
                        name,
                        1,
                        one -> ProjectionBehavior.create(JdbcProjection.atLeastOnceAsync(
                                        ProjectionId.of(name, tag),
                                        source,
                                        () -> new ProjectionSession(ReadModelTransaction.begin(node.database())),
                                        () -> new Follower<>(node, entityType, events, follower),
                                        node.system())
                                .withSaveOffset(SAVED_AFTER_EVENTS, SAVED_AFTER)),
                        ShardedDaemonProcessSettings.create(node.system()),
                        Optional.of(ProjectionBehavior.stopMessage()));
    }

    private static final class Follower<E> extends Handler<EventEnvelope<Sealed>> {
        private final NodeContext node;
        private final String entityType;
        private final Class<E> events;
        private final Function<ReadModel.Change<E>, CompletionStage<Done>> follower;

        Follower(
                NodeContext node,
                String entityType,
                Class<E> events,
                Function<ReadModel.Change<E>, CompletionStage<Done>> follower) {
            this.node = node;
            this.entityType = entityType;
            this.events = events;
            this.follower = follower;
        }

        @Override
        public CompletionStage<Done> process(EventEnvelope<Sealed> envelope) {
            String[] id = envelope.persistenceId().split("\\|", 3);
            if (!id[0].equals(entityType)) {
                return CompletableFuture.completedFuture(Done.getInstance());
            }
            return CompletableFuture.supplyAsync(() -> node.keys().bindingOf(envelope.persistenceId()), node.blocking())
                    .thenCompose(binding -> switch (binding) {
                        case Binding.Sealed bound -> {
                            E event = new Sealing(PersistenceId.ofUniqueId(envelope.persistenceId()), bound.key())
                                    .open(envelope.event(), events);
                            yield follower.apply(new ReadModel.Change<>(
                                    id[1],
                                    id[2],
                                    envelope.sequenceNr(),
                                    envelope.timestamp(),
                                    bound.key().subject(),
                                    event));
                        }
                        case Binding.Erased erased -> CompletableFuture.<Done>completedFuture(Done.getInstance());
                        case Binding.None none -> { // only a restore that lost keys leads here
                            LOG.error("{} has events but no key: nobody follows them", envelope.persistenceId());
                            yield CompletableFuture.<Done>completedFuture(Done.getInstance());
                        }
                    });
        }
    }
}
