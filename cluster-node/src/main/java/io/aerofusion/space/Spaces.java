package io.aerofusion.space;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.http.javadsl.model.HttpResponse;
import akka.persistence.typed.PersistenceId;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.typesafe.config.Config;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.Slice;
import io.aerofusion.platform.persistence.Snapshots;
import io.aerofusion.platform.persistence.SpaceIndex;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.space.wire.FrameLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sync domain of a node: its sharded spaces, the sessions of its devices, and the API to both. */
public final class Spaces {
    private static final Logger LOG = LoggerFactory.getLogger(Spaces.class);
    private static final Duration ASK_TIMEOUT = Duration.ofSeconds(20);
    private static final int DISMISSED_AT_ONCE = 16;
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(3);
    /** A frame may grow by this when inflated; beyond, it is a bomb. */
    private static final int INFLATION_MAX = 16;

    private final NodeContext node;
    private final SpaceIndex index;
    private final ClusterSharding sharding;
    private final ActorRef<SyncSessions.Command> sessions;
    private final SpaceRoutes routes;
    private final SpaceReadModel readModel;
    private final List<Endpoint> endpoints;

    /** Starts sharding and the sessions' supervisor; nothing is served before {@link #endpoints()} are. */
    public Spaces(NodeContext node, Authenticator authenticator, DeviceLink devices) {
        this.node = node;
        ActorSystem<?> system = node.system();
        Config config = system.settings().config();
        EntityLimits limits = EntityLimits.of(config);
        SessionLimits sessionLimits = SessionLimits.of(config);
        SpaceMetrics metrics = new SpaceMetrics();
        ClusterSharding sharding = ClusterSharding.get(system);
        init(node, sharding, limits, metrics);

        FrameLimits frameLimits = new FrameLimits(
                sessionLimits.frameBytesMax(),
                sessionLimits.frameBytesMax() * INFLATION_MAX,
                limits.nestingMax(),
                FrameLimits.OF_A_NODE.nodes(),
                limits.pushMutationsMax(),
                FrameLimits.OF_A_NODE.cells(),
                FrameLimits.OF_A_NODE.strings());
        SessionServices services = new SessionServices(
                system.address().toString(),
                sessionLimits,
                limits,
                frameLimits,
                authenticator,
                devices,
                sharding,
                metrics,
                node.clock());
        AtomicInteger open = new AtomicInteger();
        ActorRef<SyncSessions.Command> sessions =
                system.systemActorOf(SyncSessions.create(services, open), "sync-sessions", Props.empty());
        this.sessions = sessions;
        drainOnShutdown(system, sessions);

        SpaceAsk spaces = new SpaceAsk(sharding, ASK_TIMEOUT);
        List<Endpoint> all = new ArrayList<>();
        all.addAll(new SyncRoutes(spaces, devices, authenticator, sessionLimits, limits, frameLimits, sessions, open)
                .endpoints());
        this.index = new SpaceIndex(node.database(), node.keys());
        this.routes = new SpaceRoutes(spaces, index, node.keys()::isErased, node.blocking());
        all.addAll(routes.endpoints());
        all.addAll(new DecisionRoutes(
                        spaces,
                        new SpaceHistory(
                                node,
                                config.getString("aerofusion.region"),
                                limits.historyEventsMax(),
                                limits.historyRequestsMax()))
                .endpoints());
        this.sharding = sharding;
        this.readModel = new SpaceReadModel(index, new AuditLog(node.database(), node.keys()));
        this.endpoints = List.copyOf(all);
    }

    /** What is served, the WebSocket included. */
    public List<Endpoint> endpoints() {
        return endpoints;
    }

    /** Feeds the list of spaces and the audit log. */
    public ReadModel<?> readModel() {
        return readModel;
    }

    /** Lets the open sessions of a user look at once whether their token is still good. */
    public void identifyAgain(BearerToken.Identity identity) {
        if (identity.kind() == BearerToken.Kind.USER) { // a device's sessions are its entity's
            sessions.tell(new SyncSessions.Command.IdentifyAgain(identity.tenant(), identity.id()));
        }
    }

    /** Lets the open sessions whose token is not the platform's own look at once whether it is still good. */
    public void identifyForeignAgain() {
        sessions.tell(new SyncSessions.Command.IdentifyForeignAgain());
    }

    /** A page of the spaces that a user may see. */
    public CompletionStage<HttpResponse> ofUser(ApiRequest request, String user) {
        return routes.list(request, user);
    }

    /** Ends a space whose owner is being erased: nobody may see it from then on. Safe to repeat. */
    public CompletionStage<Void> forget(String tenant, String space, String by) {
        return sharding.entityRefFor(Space.KEY, tenant + "|" + space)
                .<Space.Reply>ask(replyTo -> new Space.Forget(by, replyTo), ASK_TIMEOUT)
                .thenAccept(done -> {});
    }

    /** Takes a user who is being erased out of the spaces of others. Safe to repeat. */
    public CompletionStage<Void> dismiss(String tenant, String user, String by) {
        return CompletableFuture.supplyAsync(() -> spacesOfOthers(tenant, user), node.blocking())
                .thenCompose(theirs -> Source.from(theirs)
                        .mapAsyncUnordered(
                                DISMISSED_AT_ONCE,
                                space -> sharding.entityRefFor(Space.KEY, tenant + "|" + space)
                                        .<Space.Reply>ask(replyTo -> new Space.Dismiss(user, by, replyTo), ASK_TIMEOUT))
                        .runWith(Sink.ignore(), node.system()))
                .thenAccept(done -> {});
    }

    private List<String> spacesOfOthers(String tenant, String user) {
        List<String> all = new ArrayList<>();
        Optional<String> next = Optional.of("");
        while (next.isPresent()) {
            Slice<SpaceIndex.Membership> page = index.of(tenant, user, next.get(), Slice.LIMIT_MAX);
            page.items().stream()
                    .map(SpaceIndex.Membership::space)
                    .filter(space -> !space.owner().equals(user))
                    .forEach(space -> all.add(space.space()));
            next = page.next();
        }
        return all;
    }

    private static void init(NodeContext node, ClusterSharding sharding, EntityLimits limits, SpaceMetrics metrics) {
        Snapshots snapshots = new Snapshots(node.database());
        // Spaces passivate themselves: whoever is followed stays, whatever the time since the last message.
        ClusterShardingSettings settings = ClusterShardingSettings.create(node.system())
                .withPassivationStrategy(ClusterShardingSettings.PassivationStrategySettings$.MODULE$.disabled());
        String region = node.system().settings().config().getString("aerofusion.region");
        sharding.init(Entity.of(
                        Space.KEY,
                        entity -> Behaviors.<Space.Command>setup(context -> {
                            // What is no space (any more) need not stay in memory either.
                            context.setReceiveTimeout(limits.passivateAfter(), Space.Upkeep.IDLE);
                            String persistenceId = Space.KEY.name() + "|" + entity.getEntityId();
                            String[] id = entity.getEntityId().split("\\|", 2);
                            return SealedEntity.create(
                                    PersistenceId.ofUniqueId(persistenceId),
                                    node.keys(),
                                    node.blocking(),
                                    new SpaceLife(
                                            new HostedSpace.Identity(id[0], id[1], region, node.epoch()),
                                            entity.getShard(),
                                            context.getSelf(),
                                            limits,
                                            metrics,
                                            node.clock(),
                                            older(snapshots, persistenceId, node.blocking())));
                        }))
                .withStopMessage(Space.Stop.STOP)
                .withSettings(settings));
    }

    /** Deletes what a new snapshot replaces. Never throws: when the executor takes no more work, the next snapshot has these deleted, too. */
    static LongConsumer older(Snapshots snapshots, String persistenceId, Executor blocking) {
        return number -> {
            try {
                blocking.execute(() -> snapshots.deleteBefore(persistenceId, number));
            } catch (RuntimeException full) {
                LOG.debug("Older snapshots of a space are not deleted now", full);
            }
        };
    }

    /** Devices are sent to other nodes while this one still hands its entities over. */
    private static void drainOnShutdown(ActorSystem<?> system, ActorRef<SyncSessions.Command> sessions) {
        CoordinatedShutdown.get(system)
                .addTask(
                        CoordinatedShutdown.PhaseServiceUnbind(),
                        "sync-sessions",
                        () -> AskPattern.<SyncSessions.Command, akka.Done>ask(
                                        sessions, SyncSessions.Command.Drain::new, DRAIN_TIMEOUT, system.scheduler())
                                .exceptionally(late -> akka.Done.getInstance()));
    }
}
