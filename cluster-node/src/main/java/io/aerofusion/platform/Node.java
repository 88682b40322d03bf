package io.aerofusion.platform;

import akka.Done;
import akka.actor.Address;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.http.ApiServer;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.HttpSettings;
import io.aerofusion.platform.http.NodeEndpoints;
import io.aerofusion.platform.telemetry.Telemetry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running node: the actor system that is a member of the cluster, and the API in front of it. */
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final String SYSTEM = "aerofusion";
    private static final Duration BIND_TIMEOUT = Duration.ofSeconds(10);
    /** Beyond the coordinated stop itself, for the actor system to end. */
    private static final Duration STOP_MARGIN = Duration.ofSeconds(5);

    private final ActorSystem<?> system;
    private final Config config;
    private final ServerBinding binding;

    private Node(ActorSystem<?> system, Config config, ServerBinding binding) {
        this.system = system;
        this.config = config;
        this.binding = binding;
    }

    /**
     * Starts a node and returns when it serves: joined, migrated, warmed up.
     *
     * @throws StartException when it cannot, with the reason in one sentence
     */
    public static Node start(NodeOptions options) {
        Config config = options.config();
        Telemetry.start(config);
        ActorSystem<?> system = ActorSystem.create(Behaviors.empty(), SYSTEM, actorConfig(config));
        try {
            join(system, config);
            Map<String, Boolean> readiness = new LinkedHashMap<>();
            readiness.put("joined", true);
            List<Endpoint> endpoints = NodeEndpoints.with(List.of(), version(), () -> readiness, Telemetry::prometheus);
            ServerBinding binding = await(
                    ApiServer.bind(
                            system,
                            config.getString("aerofusion.http.host"),
                            config.getInt("aerofusion.http.port"),
                            null,
                            HttpSettings.of(config),
                            endpoints,
                            token -> CompletableFuture.completedFuture(Optional.empty())),
                    BIND_TIMEOUT,
                    "the API could not be bound");
            binding.addToCoordinatedShutdown(config.getDuration("aerofusion.stop-timeout"), system);
            return new Node(system, config, binding);
        } catch (RuntimeException e) {
            system.terminate();
            throw e;
        }
    }

    private static Config actorConfig(Config config) {
        return ConfigFactory.parseMap(Map.of(
                        "akka.remote.artery.canonical.hostname", config.getString("aerofusion.cluster.host"),
                        "akka.remote.artery.canonical.port", config.getInt("aerofusion.cluster.port")))
                .withFallback(config);
    }

    private static void join(ActorSystem<?> system, Config config) {
        Cluster cluster = Cluster.get(system);
        List<Address> seeds = config.getStringList("aerofusion.cluster.join").stream()
                .map(Node::address)
                .toList();
        cluster.manager()
                .tell(seeds.isEmpty() ? Join.create(cluster.selfMember().address()) : new JoinSeedNodes(seeds));
        CompletableFuture<Done> up = new CompletableFuture<>();
        akka.cluster.Cluster.get(system).registerOnMemberUp(() -> up.complete(Done.getInstance()));
        await(
                up,
                config.getDuration("aerofusion.cluster.join-timeout"),
                "the node could not join " + config.getStringList("aerofusion.cluster.join"));
    }

    private static Address address(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        try {
            return new Address(
                    "akka",
                    SYSTEM,
                    hostAndPort.substring(0, colon),
                    Integer.parseInt(hostAndPort.substring(colon + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new StartException("a node to join is named host:port, not " + hostAndPort, e);
        }
    }

    private static <T> T await(CompletionStage<T> stage, Duration limit, String otherwise) {
        try {
            return stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new StartException(otherwise + " within " + limit.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new StartException(otherwise, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("the start was interrupted", e);
        }
    }

    /** Where the API is. */
    public URI uri() {
        InetSocketAddress address = binding.localAddress();
        return URI.create("http://" + address.getHostString() + ":" + address.getPort());
    }

    /** What other nodes pass to {@code --join}: {@code host:port}. */
    public String clusterAddress() {
        Address address = Cluster.get(system).selfMember().address();
        return address.getHost().orElseThrow() + ":" + address.getPort().orElseThrow();
    }

    public Path data() {
        return Path.of(config.getString("aerofusion.data"));
    }

    public ActorSystem<?> system() {
        return system;
    }

    /** Whether it serves and is a member of the cluster. */
    public boolean isReady() {
        return Cluster.get(system).selfMember().status().equals(MemberStatus.up());
    }

    /** Leaves the cluster, hands its entities over and ends. Safe to repeat. */
    public void stop() {
        CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.jvmExitReason());
        Duration limit = config.getDuration("aerofusion.stop-timeout").plus(STOP_MARGIN);
        try {
            system.getWhenTerminated().toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the node did not end cleanly within {} s", limit.toSeconds(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
