package io.aerofusion.route;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.Following;
import io.aerofusion.platform.cluster.ReadModel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Has every resource record what publications did to it. They are told at once after a commit, which may get lost; and again, in order
 * and until they answer, by a follower of the journal, which goes on after a crash where it was.
 */
final class ResourceHistory {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    /** Larger publications are left to the follower. */
    private static final int TOLD_AT_ONCE_MAX = 50;
    /** Resources of one publication that record at the same time. */
    private static final int PARALLELISM = 16;

    private final NodeContext node;
    private final ClusterSharding sharding;

    ResourceHistory(NodeContext node) {
        this.node = node;
        this.sharding = ClusterSharding.get(node.system());
    }

    /** Starts this node's part of the sharding and of the follower. */
    void start() {
        sharding.init(Entity.of(GatewayResource.KEY, entity -> GatewayResourceLife.create(node, entity.getEntityId())));
        Following.start(
                node,
                "gateway-history",
                Publication.TAG,
                Publication.KEY.name(),
                PublicationEvent.class,
                this::recordInOrder);
    }

    /** Tells the resources of a commit at once, without waiting. */
    void tell(String tenant, PublicationEvent.Published published) {
        if (published.changes().size() <= TOLD_AT_ONCE_MAX) {
            for (ResourceChange change : published.changes()) {
                entity(tenant, ResourceKey.of(change))
                        .tell(record(published, change, false, node.system().ignoreRef()));
            }
        }
    }

    /** The last changes of a resource, the newest first. */
    CompletionStage<List<ResourceEvent.Changed>> of(String tenant, ResourceKey key) {
        return entity(tenant, key)
                .ask(GatewayResource.Recall::new, ANSWER_TIMEOUT)
                .thenApply(GatewayResource.Recalled::changes);
    }

    private CompletionStage<Done> recordInOrder(ReadModel.Change<PublicationEvent> change) {
        return switch (change.event()) {
            case PublicationEvent.Published published ->
                Source.from(published.changes())
                        .mapAsync(
                                PARALLELISM,
                                resource -> entity(change.tenant(), ResourceKey.of(resource))
                                        .ask(
                                                (ActorRef<GatewayResource.Recorded> replyTo) ->
                                                        record(published, resource, true, replyTo),
                                                ANSWER_TIMEOUT))
                        .runWith(Sink.ignore(), node.system());
        };
    }

    private static GatewayResource.RecordChange record(
            PublicationEvent.Published published,
            ResourceChange change,
            boolean inOrder,
            ActorRef<GatewayResource.Recorded> replyTo) {
        return new GatewayResource.RecordChange(
                new ResourceEvent.Changed(
                        published.generation(), change.document(), published.note(), published.by(), published.at()),
                change.previous(),
                inOrder,
                replyTo);
    }

    private EntityRef<GatewayResource.Command> entity(String tenant, ResourceKey key) {
        return sharding.entityRefFor(GatewayResource.KEY, GatewayResourceLife.entityId(tenant, key));
    }
}
