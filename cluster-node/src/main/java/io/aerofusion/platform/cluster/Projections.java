package io.aerofusion.platform.cluster;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.Behavior;
import akka.cluster.sharding.typed.ShardedDaemonProcessSettings;
import akka.cluster.sharding.typed.javadsl.ShardedDaemonProcess;
import akka.cluster.typed.Cluster;
import akka.persistence.query.Offset;
import akka.persistence.typed.PersistenceId;
import akka.projection.HandlerRecoveryStrategy;
import akka.projection.Projection;
import akka.projection.ProjectionBehavior;
import akka.projection.ProjectionId;
import akka.projection.StatusObserver;
import akka.projection.eventsourced.EventEnvelope;
import akka.projection.eventsourced.javadsl.EventSourcedProvider;
import akka.projection.javadsl.SourceProvider;
import akka.projection.jdbc.javadsl.JdbcHandler;
import akka.projection.jdbc.javadsl.JdbcProjection;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.persistence.DataKey;
import io.aerofusion.platform.persistence.DataKeys.Binding;
import io.aerofusion.platform.persistence.ProjectionProgress;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.security.Sealed;
import io.aerofusion.platform.security.Sealing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds the read models: one projection over the journal for all of them, in {@value Sealing#SLICES} slices that are spread over the
 * nodes. Events are opened here; a group of them, the rows they change and the offset are one transaction.
 *
 * <p>An event that cannot be read stops its slice, which tries again for ever: passing over it would lose it silently. The lag tells.
 */
public final class Projections {
    private static final Logger log = LoggerFactory.getLogger(Projections.class);

    /** The projection of all read models. */
    public static final String READ_MODELS = "read-models";

    private final NodeContext node;
    private final String name;
    private final Map<String, ReadModel<?>> models;
    private final Set<Integer> begun = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Done> allBegun = new CompletableFuture<>();

    private Projections(NodeContext node, String name, Map<String, ReadModel<?>> models) {
        this.node = node;
        this.name = name;
        this.models = models;
    }

    /**
     * Starts this node's part.
     *
     * @param name of the projection; its offsets are kept under it: another name reads the journal from its beginning
     * @param models one per entity type
     */
    public static void start(NodeContext node, String name, List<ReadModel<?>> models) {
        Projections projections = new Projections(
                node,
                name,
                models.stream().collect(Collectors.toUnmodifiableMap(ReadModel::entityType, Function.identity())));
        ShardedDaemonProcess.get(node.system())
                .init(
                        ProjectionBehavior.Command.class,
                        name,
                        Sealing.SLICES,
                        projections::slice,
                        ShardedDaemonProcessSettings.create(node.system()),
                        Optional.of(ProjectionBehavior.stopMessage()));
        if (projections.isAlone()) {
            projections.beginBeforeTheEnd();
        }
    }

    /**
     * Lets a node that forms a cluster and ends right after its start begin its slices first: sharding has asked for their places,
     * nobody gives places any more once the node leaves, and leaving would wait for them until its phase times out.
     */
    private void beginBeforeTheEnd() {
        CoordinatedShutdown.get(node.system())
                .addTask(
                        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
                        name + "-begun",
                        () -> isAlone() ? allBegun : CompletableFuture.completedFuture(Done.getInstance()));
    }

    private boolean isAlone() {
        return StreamSupport.stream(
                                Cluster.get(node.system()).state().getMembers().spliterator(), false)
                        .count()
                == 1;
    }

    /** How far the read models have come. */
    public static ProjectionProgress progress(NodeContext node) {
        return new ProjectionProgress(
                node.database(),
                READ_MODELS,
                IntStream.range(0, Sealing.SLICES).mapToObj(Sealing::modelTag).toList());
    }

    private Behavior<ProjectionBehavior.Command> slice(int slice) {
        begun.add(slice);
        if (begun.size() == Sealing.SLICES) {
            allBegun.complete(Done.getInstance());
        }
        String tag = Sealing.modelTag(slice);
        SourceProvider<Offset, EventEnvelope<Sealed>> source =
                EventSourcedProvider.eventsByTag(node.system(), "jdbc-read-journal", tag);
        Projection<EventEnvelope<Sealed>> projection = JdbcProjection.groupedWithin(
                        ProjectionId.of(name, tag),
                        source,
                        () -> new ProjectionSession(ReadModelTransaction.begin(node.database())),
                        Group::new,
                        node.system())
                .withStatusObserver(new Lag());
        return ProjectionBehavior.create(projection);
    }

    /** Applies the events of one transaction. */
    private final class Group extends JdbcHandler<List<EventEnvelope<Sealed>>, ProjectionSession> {
        @Override
        public void process(ProjectionSession session, List<EventEnvelope<Sealed>> envelopes) {
            Map<String, Binding> bindings = new HashMap<>();
            for (EventEnvelope<Sealed> envelope : envelopes) {
                String[] id = envelope.persistenceId().split("\\|", 3);
                ReadModel<?> model = models.get(id[0]);
                if (model != null) {
                    apply(session.transaction(), model, id, envelope, bindings);
                }
            }
        }

        private <E> void apply(
                ReadModelTransaction transaction,
                ReadModel<E> model,
                String[] id,
                EventEnvelope<Sealed> envelope,
                Map<String, Binding> bindings) {
            String persistenceId = envelope.persistenceId();
            switch (bindings.computeIfAbsent(persistenceId, node.keys()::bindingOf)) {
                case Binding.Sealed bound -> {
                    DataKey key = bound.key();
                    E event = new Sealing(PersistenceId.ofUniqueId(persistenceId), key)
                            .open(envelope.event(), model.events());
                    model.apply(
                            transaction,
                            new ReadModel.Change<>(
                                    id[1], id[2], envelope.sequenceNr(), envelope.timestamp(), key.subject(), event));
                }
                case Binding.Erased erased -> model.erased(transaction, id[1], id[2]);
                // Only a restore that lost keys leads here; nobody will ever read the entity again.
                case Binding.None none -> {
                    log.error("{} has events but no key: read models know nothing of it", persistenceId);
                    model.erased(transaction, id[1], id[2]);
                }
            }
        }
    }

    /** Tells how old events are when their effect becomes visible. */
    private final class Lag extends StatusObserver<EventEnvelope<Sealed>> {
        @Override
        public void started(ProjectionId id) {}

        @Override
        public void stopped(ProjectionId id) {}

        @Override
        public void failed(ProjectionId id, Throwable cause) {
            ProjectionMetrics.failed(name);
            log.warn("Projection {} failed and will be restarted", id.id(), cause);
        }

        @Override
        public void beforeProcess(ProjectionId id, EventEnvelope<Sealed> envelope) {}

        @Override
        public void afterProcess(ProjectionId id, EventEnvelope<Sealed> envelope) {}

        @Override
        public void offsetProgress(ProjectionId id, EventEnvelope<Sealed> envelope) {
            ProjectionMetrics.progressed(name, Math.max(0, node.clock().millis() - envelope.timestamp()));
        }

        @Override
        public void error(
                ProjectionId id, EventEnvelope<Sealed> envelope, Throwable cause, HandlerRecoveryStrategy strategy) {
            log.warn(
                    "Projection {} could not apply event {} of {}",
                    id.id(),
                    envelope.sequenceNr(),
                    envelope.persistenceId(),
                    cause);
        }
    }
}
