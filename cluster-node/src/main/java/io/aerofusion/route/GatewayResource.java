package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.security.Sealing;
import java.util.List;
import java.util.Set;

/**
 * One route, upstream, consumer, policy or certificate: who made what of it in which generation. The {@link Publication} decides and
 * commits; the resource records what concerns it, each generation once and in order.
 */
public final class GatewayResource
        extends EventSourcedBehaviorWithEnforcedReplies<GatewayResource.Command, ResourceEvent, ResourceState> {
    /** The entities of all kinds are sharded together; an entity's id is its persistence id. */
    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "GatewayResource");

    private static final int SNAPSHOT_EVERY = 50;

    /** What can be asked of a resource. */
    public sealed interface Command extends Durable {}

    /**
     * Records a change. Safe to repeat: a generation that is not newer than the last one is passed over.
     *
     * @param previous the generation that changed the resource before
     * @param inOrder whether nothing can be missing before it; otherwise it is passed over when {@code previous} is not the last one
     *     recorded, and will come again in its order
     */
    public record RecordChange(ResourceEvent.Changed change, long previous, boolean inOrder, ActorRef<Recorded> replyTo)
            implements Command {}

    /** Asks for the last changes. */
    public record Recall(ActorRef<Recalled> replyTo) implements Command {}

    /** The generation that was recorded last. */
    public record Recorded(long version) implements Durable {}

    /** The last changes, the newest first. */
    public record Recalled(List<ResourceEvent.Changed> changes) implements Durable {}

    private final Sealing sealing;

    GatewayResource(Sealing sealing) {
        super(sealing.id());
        this.sealing = sealing;
    }

    @Override
    public ResourceState emptyState() {
        return ResourceState.EMPTY;
    }

    @Override
    public EventHandler<ResourceState, ResourceEvent> eventHandler() {
        return ResourceState::apply;
    }

    @Override
    public EventAdapter<ResourceEvent, ?> eventAdapter() {
        return sealing.events(ResourceEvent.class);
    }

    @Override
    public SnapshotAdapter<ResourceState> snapshotAdapter() {
        return sealing.snapshots(ResourceState.class);
    }

    @Override
    public Set<String> tagsFor(ResourceEvent event) {
        return Set.of(); // what happened travels and is listed as the publication's event
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 1);
    }

    @Override
    public CommandHandlerWithReply<Command, ResourceEvent, ResourceState> commandHandler() {
        return (state, command) -> switch (command) {
            case RecordChange record -> onRecord(state, record);
            case Recall recall ->
                Effect().reply(recall.replyTo(), new Recalled(state.changes().reversed()));
        };
    }

    private ReplyEffect<ResourceEvent, ResourceState> onRecord(ResourceState state, RecordChange record) {
        boolean known = record.change().generation() <= state.version();
        boolean early = !record.inOrder() && record.previous() != (state.exists() ? state.version() : 0);
        if (known || early) {
            return Effect().reply(record.replyTo(), new Recorded(state.version()));
        }
        return Effect()
                .persist(record.change())
                .thenReply(record.replyTo(), recorded -> new Recorded(recorded.version()));
    }
}
