package io.aerofusion.platform;

import akka.Done;
import akka.actor.Address;
import akka.actor.typed.ActorSystem;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import com.typesafe.config.Config;
import io.aerofusion.platform.persistence.ClusterPresence;
import io.aerofusion.platform.persistence.StartException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a node becomes a member: it joins the nodes it was told, or those that live on the same database, and forms a cluster only when
 * there is nobody. A node that is started again without {@code --join} thus finds its cluster; two clusters on one journal cannot be.
 */
final class Membership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

    private final ClusterPresence presence;

    private Membership(ClusterPresence presence) {
        this.presence = presence;
    }

    /** Returns when the node is up. @throws StartException when it does not get there in time */
    static Membership join(ActorSystem<?> system, Config config, String databaseUrl) {
        ClusterPresence presence = ClusterPresence.takeTurn(databaseUrl);
        try {
            Cluster cluster = Cluster.get(system);
            List<String> told = config.getStringList("aerofusion.cluster.join");
            List<String> nodes = told.isEmpty() ? presence.others() : told;
            presence.announce(addressOf(system));
            CompletableFuture<Done> up = new CompletableFuture<>();
            akka.cluster.Cluster.get(system).registerOnMemberUp(() -> up.complete(Done.getInstance()));
            Duration limit = config.getDuration("aerofusion.cluster.join-timeout");
            if (nodes.isEmpty()) {
                cluster.manager().tell(Join.create(cluster.selfMember().address()));
                await(up, limit, "The node could not form a cluster in time.");
                presence.endTurn(); // now others find a cluster that exists
            } else {
                presence.endTurn();
                cluster.manager()
                        .tell(new JoinSeedNodes(
                                nodes.stream().map(Membership::address).toList()));
                await(
                        up,
                        limit,
                        "The node could not join " + String.join(" or ", nodes)
                                + " in time: check that one of them runs and that this is its cluster address.");
                LOG.info("Joined the cluster of {}", String.join(", ", nodes));
            }
            return new Membership(presence);
        } catch (RuntimeException e) {
            presence.close();
            throw e;
        }
    }

    /** The node's own cluster address, {@code host:port}. */
    static String addressOf(ActorSystem<?> system) {
        Address address = Cluster.get(system).selfMember().address();
        return address.getHost().orElseThrow() + ":" + address.getPort().orElseThrow();
    }

    private static Address address(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        try {
            return new Address(
                    "akka",
                    Node.SYSTEM,
                    hostAndPort.substring(0, colon),
                    Integer.parseInt(hostAndPort.substring(colon + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new StartException("A node to join is named HOST:PORT, not " + hostAndPort + ".", e);
        }
    }

    private static void await(CompletableFuture<Done> up, Duration limit, String otherwise) {
        try {
            up.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new StartException(otherwise, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("The start was interrupted.", e);
        }
    }

    /** Other nodes do not find this one any more. */
    @Override
    public void close() {
        presence.close();
    }
}
