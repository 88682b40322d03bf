package io.aerofusion.space;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.persistence.typed.PersistenceId;
import com.typesafe.config.Config;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.space.wire.FrameLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The sync domain of a node: its sharded spaces, the sessions of its devices, and the API to both. */
public final class Spaces {
    private static final Duration ASK_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(3);
    /** A frame may grow by this when inflated; beyond, it is a bomb. */
    private static final int INFLATION_MAX = 16;

    private static final long EPOCH = 1;

    private final List<Endpoint> endpoints;

    /** Starts sharding and the sessions' supervisor; nothing is served before {@link #endpoints()} are. */
    public Spaces(NodeContext node, Authenticator authenticator, DeviceLink devices) {
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
        drainOnShutdown(system, sessions);

        SpaceAsk spaces = new SpaceAsk(sharding, ASK_TIMEOUT);
        List<Endpoint> all = new ArrayList<>();
        all.addAll(new SyncRoutes(spaces, sessionLimits, limits, frameLimits, sessions, open).endpoints());
        all.addAll(new SpaceRoutes(spaces).endpoints());
        this.endpoints = List.copyOf(all);
    }

    /** What is served, the WebSocket included. */
    public List<Endpoint> endpoints() {
        return endpoints;
    }

    private static void init(NodeContext node, ClusterSharding sharding, EntityLimits limits, SpaceMetrics metrics) {
        // Spaces passivate themselves: whoever is followed stays, whatever the time since the last message.
        ClusterShardingSettings settings = ClusterShardingSettings.create(node.system())
                .withPassivationStrategy(ClusterShardingSettings.PassivationStrategySettings$.MODULE$.disabled());
        String region = node.system().settings().config().getString("aerofusion.region");
        sharding.init(Entity.of(Space.KEY, entity -> {
                    String[] id = entity.getEntityId().split("\\|", 2);
                    return SealedEntity.create(
                            PersistenceId.ofUniqueId(Space.KEY.name() + "|" + entity.getEntityId()),
                            node.keys(),
                            node.blocking(),
                            new SpaceLife(
                                    new HostedSpace.Identity(id[0], id[1], region, EPOCH),
                                    entity.getShard(),
                                    limits,
                                    metrics,
                                    node.clock()));
                })
                .withStopMessage(Space.Stop.STOP)
                .withSettings(settings));
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
