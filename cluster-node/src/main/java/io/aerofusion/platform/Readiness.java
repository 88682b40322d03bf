package io.aerofusion.platform;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whether the node should get requests: a member of the cluster that does not leave, with a migrated database, warmed up as far as
 * {@link WarmUp} goes.
 */
final class Readiness {
    private final Cluster cluster;
    private final CoordinatedShutdown shutdown;
    private volatile boolean warm;

    /** Made when the database is migrated. */
    Readiness(ActorSystem<?> system) {
        this.cluster = Cluster.get(system);
        this.shutdown = CoordinatedShutdown.get(system);
    }

    void warmedUp() {
        warm = true;
    }

    boolean ready() {
        return !checks().containsValue(false);
    }

    /** Each condition by name. */
    Map<String, Boolean> checks() {
        Map<String, Boolean> checks = new LinkedHashMap<>();
        boolean leaves = shutdown.getShutdownReason().isPresent(); // some time before the cluster knows
        checks.put("joined", !leaves && cluster.selfMember().status().equals(MemberStatus.up()));
        checks.put("migrated", true);
        checks.put("warm", warm);
        return checks;
    }
}
