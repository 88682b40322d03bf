package io.aerofusion.platform.cluster;

import akka.actor.ActorRef;
import akka.actor.Cancellable;
import akka.actor.typed.ActorSystem;
import akka.cluster.Member;
import akka.cluster.sharding.ClusterSharding;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.typed.Cluster;
import akka.pattern.Patterns;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import kamon.Kamon;
import kamon.metric.Gauge;
import kamon.metric.Metric;

/** What a node sees of its cluster: members by status, and its own shards and entities by type. */
public final class ClusterMetrics {
    private static final Duration EVERY = Duration.ofSeconds(10);
    /** Shorter than the interval, so that questions to a region that does not answer do not pile up. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

    private final ActorSystem<?> system;
    private final Metric.Gauge members =
            Kamon.gauge("aerofusion.cluster.members", "Members of the cluster by status, as this node sees them");
    private final Metric.Gauge unreachable =
            Kamon.gauge("aerofusion.cluster.unreachable", "Members that this node cannot reach");
    private final Metric.Gauge shards = Kamon.gauge("aerofusion.sharding.shards", "Shards on this node by entity type");
    private final Metric.Gauge entities =
            Kamon.gauge("aerofusion.sharding.entities", "Entities in the memory of this node by entity type");
    private final Set<String> statuses = new HashSet<>();

    private ClusterMetrics(ActorSystem<?> system) {
        this.system = system;
    }

    /** Measures every ten seconds until the system ends. */
    public static void start(ActorSystem<?> system) {
        ClusterMetrics metrics = new ClusterMetrics(system);
        Cancellable timer = system.scheduler()
                .scheduleAtFixedRate(Duration.ZERO, EVERY, metrics::measure, system.executionContext());
        system.getWhenTerminated().thenRun(timer::cancel);
    }

    private void measure() {
        var state = Cluster.get(system).state();
        Map<String, Integer> counts = new HashMap<>();
        for (Member member : state.getMembers()) {
            counts.merge(member.status().toString(), 1, Integer::sum);
        }
        statuses.addAll(counts.keySet());
        for (String status : statuses) {
            members.withTag("status", status).update(counts.getOrDefault(status, 0));
        }
        unreachable.withoutTags().update(state.getUnreachable().size());
        ClusterSharding sharding = ClusterSharding.get(system.classicSystem());
        for (String type : sharding.getShardTypeNames()) {
            measure(type, sharding.shardRegion(type));
        }
    }

    private void measure(String type, ActorRef region) {
        Gauge shardsOfType = shards.withTag("type", type);
        Gauge entitiesOfType = entities.withTag("type", type);
        CompletionStage<Object> answer = Patterns.ask(region, ShardRegion.getRegionStatsInstance(), ANSWER_TIMEOUT);
        answer.thenAccept(reply -> {
            if (reply instanceof ShardRegion.ShardRegionStats stats) {
                shardsOfType.update(stats.getStats().size());
                entitiesOfType.update(stats.getStats().values().stream()
                        .mapToInt(count -> (Integer) count)
                        .sum());
            }
        });
    }
}
