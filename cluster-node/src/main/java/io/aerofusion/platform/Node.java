package io.aerofusion.platform;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.cluster.ClusterMetrics;
import io.aerofusion.platform.http.ApiServer;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.HttpSettings;
import io.aerofusion.platform.http.NodeEndpoints;
import io.aerofusion.platform.http.Tls;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import io.aerofusion.platform.persistence.Restore;
import io.aerofusion.platform.persistence.StartException;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.telemetry.ProcessMetrics;
import io.aerofusion.platform.telemetry.Telemetry;
import io.aerofusion.route.GatewayControl;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: storage, the actor system that is a member of the cluster, the domains, and the API in front of them. They start in
 * this order and stop in the opposite one; the database outlives the actor system, whose entities write until they are handed over.
 */
public final class Node implements AutoCloseable {
    /** Name of the actor system, the same on every node. */
    static final String SYSTEM = "aerofusion";

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    /** Where persistence.conf waits for the database. */
    private static final String JOURNAL_URL = "akka-persistence-jdbc.shared-databases.aerofusion.db.url";

    private static final Duration BIND_TIMEOUT = Duration.ofSeconds(10);

    /** A large database may have to be migrated first, by this node or by another one. */
    private static final Duration MIGRATION_TIMEOUT = Duration.ofMinutes(10);

    /** The first entity of a cold node: sharding, keys and journal all start with it. */
    private static final Duration BOOTSTRAP_TIMEOUT = Duration.ofSeconds(30);

    private final Config config;
    private final Storage storage;
    private final ActorSystem<?> system;
    private final ServerBinding binding;
    private final DataPath dataPath;
    private final Readiness readiness;
    private final Optional<AdminToken> adminToken;
    private final CompletableFuture<Done> ended = new CompletableFuture<>();

    private Node(
            Config config,
            Storage storage,
            ActorSystem<?> system,
            ServerBinding binding,
            DataPath dataPath,
            Readiness readiness,
            Optional<AdminToken> adminToken) {
        this.config = config;
        this.storage = storage;
        this.system = system;
        this.binding = binding;
        this.dataPath = dataPath;
        this.readiness = readiness;
        this.adminToken = adminToken;
    }

    /**
     * Starts a node and returns when it serves: joined, migrated, warmed up.
     *
     * @throws StartException when it cannot, with the reason in one sentence
     */
    public static Node start(NodeOptions options) {
        Config config = options.config();
        SettingRanges.check(config);
        GatewayConfig.check(config);
        Optional<Tls> tls = Exposure.api(config);
        Exposure.checkAdvertised(config);
        Config system = Exposure.cluster(config).withFallback(config);
        requireSharedDatabase(config);
        // Kamon takes a while to start, and so does PostgreSQL; then the actor system while the database is opened:
        // side by side.
        CompletableFuture<Void> telemetry = beside("telemetry", () -> Telemetry.start(config));
        Storage.Place place = Storage.locate(config);
        CompletableFuture<Storage> opening = beside("storage", () -> Storage.open(place, config, Clock.systemUTC()));
        ActorSystem<?> running;
        try {
            running = ActorSystem.create(
                    Behaviors.empty(),
                    SYSTEM,
                    ConfigFactory.parseMap(Map.of(JOURNAL_URL, place.url())).withFallback(system));
        } catch (RuntimeException e) {
            abandon(place, opening);
            throw unbound(config, e);
        }
        Storage storage;
        try {
            storage = finished(opening, "The database's schema is still not up to date: look at what it is doing.");
        } catch (RuntimeException e) {
            try {
                end(running, config);
            } finally {
                abandon(place, opening);
            }
            throw e;
        }
        try {
            await(telemetry, BIND_TIMEOUT, "The metrics could not be started.");
            return start(config, tls, storage, running);
        } catch (RuntimeException e) {
            try {
                end(running, config);
            } finally { // the database is ours even if the system hangs
                storage.close();
            }
            throw e;
        }
    }

    /** What to throw when the actor system did not start: a port that cannot be had is the operator's matter, anything else a defect. */
    private static RuntimeException unbound(Config config, RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException || cause instanceof UnresolvedAddressException) {
                return new StartException(
                        "The node cannot be bound to " + config.getString("aerofusion.cluster.host") + " port "
                                + config.getInt("aerofusion.cluster.port") + " for the other nodes: another program"
                                + " uses it, or it is none of this machine's addresses; set aerofusion.cluster.host"
                                + " and aerofusion.cluster.port, 0 for any free one.",
                        failure);
            }
        }
        return failure;
    }

    private static Node start(Config config, Optional<Tls> tls, Storage storage, ActorSystem<?> system) {
        BlockingExecutor blocking = new BlockingExecutor(config);
        system.getWhenTerminated().thenRun(blocking::close);
        CompletableFuture<DataPath> beginning = beside(
                "data-path",
                () -> DataPath.start(
                        config,
                        tls,
                        system,
                        blocking,
                        Clock.systemUTC(),
                        storage.directory().path()));
        beginning.thenAccept(path -> system.getWhenTerminated().thenRun(path::close));
        Membership membership =
                Membership.join(system, config, storage.database().url());
        system.getWhenTerminated().thenRun(membership::close);
        ClusterMetrics.start(system);
        ProcessMetrics.start(system);
        Readiness readiness = new Readiness(system);
        Optional<AdminToken> adminToken = adminToken(config, tls, storage);
        DataPath dataPath = finished(beginning, "The gateway's listeners could not be bound in time.");
        DataPathMetrics.start(system, dataPath.gateway(), dataPath.guards());
        Domains domains = Domains.start(
                context(config, storage, system, blocking),
                storage.directory().path(),
                dataPath,
                others ->
                        adminToken.<Authenticator>map(token -> token.or(others)).orElse(others));
        Authenticator authenticator = domains.authenticator();
        List<Endpoint> endpoints = NodeEndpoints.with(
                domains.endpoints(),
                version(),
                readiness::checks,
                domains.gateway()::freshness,
                () -> Telemetry.prometheus() + UsageMetrics.text(dataPath.gateway()));
        String host = config.getString("aerofusion.http.host");
        int port = config.getInt("aerofusion.http.port");
        ServerBinding binding = await(
                ApiServer.bind(system, host, port, tls, HttpSettings.of(config), endpoints, authenticator),
                BIND_TIMEOUT,
                "The API cannot be bound to " + host + " port " + port
                        + ": another program uses it, or it may not be used; choose one with --port.");
        dataPath.apiIsAt(binding.localAddress());
        drainAtShutdown(config, system, dataPath, binding);
        CompletableFuture<Void> warm = beside("warm-up", () -> WarmUp.run(binding.localAddress(), tls));
        if (adminToken.isPresent()) {
            await(
                    domains.users().bootstrap(AdminToken.TENANT, AdminToken.USER),
                    BOOTSTRAP_TIMEOUT,
                    "The built-in administrator could not be made: see the log.");
        }
        beginToServe(config, tls, storage, domains.gateway(), dataPath);
        await(warm, BOOTSTRAP_TIMEOUT, "The node does not answer itself: see the log.");
        readiness.warmedUp();
        dataPath.ready();
        domains.project();
        Node node = new Node(config, storage, system, binding, dataPath, readiness, adminToken);
        system.getWhenTerminated().whenComplete((done, failure) -> node.systemEnded());
        return node;
    }

    private static NodeContext context(
            Config config, Storage storage, ActorSystem<?> system, BlockingExecutor blocking) {
        long restored = Restore.epoch(storage.database().pool()).orElse(0L);
        return new NodeContext(
                system,
                storage.database().pool(),
                storage.keys(),
                blocking,
                Clock.systemUTC(),
                Math.max(config.getLong("aerofusion.space.epoch"), restored));
    }

    /** A step of the start on a thread of its own: on two cores the common pool has one, and the answers of actors come over it. */
    private static <T> CompletableFuture<T> beside(String name, Supplier<T> step) {
        return CompletableFuture.supplyAsync(step, ownThread(name));
    }

    private static CompletableFuture<Void> beside(String name, Runnable step) {
        return CompletableFuture.runAsync(step, ownThread(name));
    }

    private static Executor ownThread(String name) {
        return task -> Thread.ofPlatform().daemon().name("start-" + name).start(task);
    }

    /** What another thread did meanwhile, or what it failed with. */
    private static <T> T finished(CompletableFuture<T> other, String otherwise) {
        try {
            return other.get(MIGRATION_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new StartException(otherwise, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("The start was interrupted.", e);
        }
    }

    /** Stops the database before the caller goes on, who may end the process; and closes what is still being opened there after that. */
    private static void abandon(Storage.Place place, CompletableFuture<Storage> opening) {
        place.close();
        opening.whenComplete((storage, failed) -> place.close());
    }

    private static void end(ActorSystem<?> system, Config config) {
        system.terminate();
        await(system.getWhenTerminated(), config.getDuration("aerofusion.stop-timeout"), "The node hangs.");
    }

    /**
     * The data path finishes what it has begun while the entities it may need are still here, and the API after it: when there is no other
     * node, what goes through the gateway to the platform goes to this API.
     */
    private static void drainAtShutdown(
            Config config, ActorSystem<?> system, DataPath dataPath, ServerBinding binding) {
        Duration gatewayLimit = config.getDuration("aerofusion.gateway.drain-timeout");
        Duration apiLimit = config.getDuration("aerofusion.http.drain-timeout");
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(
                CoordinatedShutdown.PhaseServiceUnbind(),
                "drain-gateway",
                () -> dataPath.drain(gatewayLimit).thenApply(drained -> Done.getInstance()));
        shutdown.addTask(
                CoordinatedShutdown.PhaseServiceRequestsDone(),
                "drain-api",
                () -> binding.terminate(apiLimit).thenApply(terminated -> Done.getInstance()));
    }

    /** Returns when the gateway serves what this node knows of; a control plane that does not answer holds nobody up for long. */
    private static void beginToServe(
            Config config, Optional<Tls> tls, Storage storage, GatewayControl gateway, DataPath dataPath) {
        String file = config.getString("aerofusion.gateway.configuration-file");
        if (!file.isEmpty()) {
            gateway.follow(List.of(Path.of(file)), false);
        } else if (tls.isEmpty()) {
            gateway.follow(
                    List.of(Path.of("gateway.yaml"), storage.directory().path().resolve("gateway.yaml")),
                    config.getBoolean("aerofusion.gateway.example"));
        }
        CompletableFuture<Boolean> serving = gateway.settled()
                .thenCompose(settled -> dataPath.begun())
                .toCompletableFuture()
                .completeOnTimeout(false, BOOTSTRAP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        if (!await(serving, BOOTSTRAP_TIMEOUT.plus(BIND_TIMEOUT), "The gateway could not begin to serve.")) {
            LOG.warn("The gateway has no generation to serve yet; it goes on asking for one");
        }
    }

    private static void requireSharedDatabase(Config config) {
        if (!config.getStringList("aerofusion.cluster.join").isEmpty()
                && config.getString("aerofusion.database").isEmpty()) {
            throw new StartException(
                    "Nodes of a cluster share one database: give --database and --regional-key of the node"
                            + " to join as well; it prints them when it starts.");
        }
    }

    private static Optional<AdminToken> adminToken(Config config, Optional<Tls> tls, Storage storage) {
        String wanted = config.getString("aerofusion.admin-token");
        return switch (wanted) {
            case "on" ->
                Optional.of(AdminToken.write(storage.keys(), storage.directory().path()));
            case "development" ->
                tls.isEmpty()
                        ? Optional.of(AdminToken.write(
                                storage.keys(), storage.directory().path()))
                        : Optional.empty();
            case "off" -> Optional.empty();
            default ->
                throw new StartException("aerofusion.admin-token is development, on or off, not " + wanted + ".");
        };
    }

    private static <T> T await(CompletionStage<T> stage, Duration limit, String otherwise) {
        try {
            return stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new StartException(otherwise, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("The start was interrupted.", e);
        }
    }

    /** Where the API is; by the name of this host when it is bound to all addresses. */
    public URI uri() {
        InetSocketAddress bound = binding.localAddress();
        String scheme = config.getString("aerofusion.http.tls-certificate").isEmpty() ? "http" : "https";
        return URI.create(scheme + "://" + hostOf(bound) + ":" + bound.getPort());
    }

    /** Where the gateway's first listener is. */
    public URI gatewayUri() {
        InetSocketAddress bound = dataPath.gateway().addresses().getFirst();
        String scheme = dataPath.gateway().doors().getFirst().tls() ? "https" : "http";
        return URI.create(scheme + "://" + hostOf(bound) + ":" + bound.getPort());
    }

    private static String hostOf(InetSocketAddress bound) {
        String address = bound.getAddress().getHostAddress();
        return bound.getAddress().isAnyLocalAddress()
                ? "localhost"
                : bound.getAddress() instanceof Inet6Address ? "[" + address + "]" : address;
    }

    /** The built-in administrator's token. @throws IllegalStateException when the node has none, see aerofusion.admin-token */
    public String adminToken() {
        return adminToken
                .orElseThrow(() -> new IllegalStateException("this node has no admin token"))
                .text();
    }

    /** Where the admin token lies, if the node has one. */
    Optional<Path> adminTokenFile() {
        return adminToken.map(token -> AdminToken.file(data()));
    }

    /** What other nodes pass to {@code --join}: {@code host:port}. */
    public String clusterAddress() {
        return Membership.addressOf(system);
    }

    /** The data directory. */
    public Path data() {
        return storage.directory().path();
    }

    /** JDBC URL of the database, with its password; other nodes of the cluster use the same. */
    public String databaseUrl() {
        return storage.database().url();
    }

    /** The file that every node of the region needs. */
    public Path regionalKey() {
        return storage.regionalKey().toAbsolutePath();
    }

    /** The embedded database server, when the node has one of its own. */
    public Optional<EmbeddedDatabase> embeddedDatabase() {
        return storage.embedded();
    }

    public ActorSystem<?> system() {
        return system;
    }

    /** Whether it should get requests, as {@code /health/ready} says. */
    public boolean ready() {
        return readiness.ready();
    }

    /** Completes when the node has ended: stopped, or removed from the cluster by the others. */
    public CompletionStage<Done> ended() {
        return ended.copy();
    }

    /** Finishes requests, hands its entities over, leaves the cluster and ends. Safe to repeat. */
    public void stop() {
        CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
        end();
    }

    /** Ends at once, without leaving: what the other nodes see is a crash. For tests of what happens then. */
    void crash() {
        system.classicSystem().terminate();
        end();
    }

    /** Takes the API away and cuts its connections, while the node goes on as a member. For tests of what happens then. */
    void withoutApi() {
        await(binding.terminate(Duration.ofMillis(1)), BIND_TIMEOUT, "The API could not be taken away.");
    }

    private void end() {
        Duration limit = config.getDuration("aerofusion.stop-timeout");
        try {
            ended.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The node did not end cleanly within {} s", limit.toSeconds(), e);
            storage.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void systemEnded() {
        storage.close();
        ended.complete(Done.getInstance());
    }

    @Override
    public void close() {
        stop();
    }

    /** Of the build; "dev" when it runs from classes. */
    static String version() {
        String version = Node.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
