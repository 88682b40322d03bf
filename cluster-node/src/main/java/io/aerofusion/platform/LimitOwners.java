package io.aerofusion.platform;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.aerofusion.gateway.limit.LimitLeases;
import io.aerofusion.gateway.limit.LimitOwner;
import io.aerofusion.gateway.limit.Rate;
import io.aerofusion.platform.cluster.Durable;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The owners of cluster-wide rate limits: each key belongs to one of {@value #OWNERS} sharded actors, which gives tokens to the nodes. They
 * persist nothing; an owner that moves begins with full buckets. A node whose owner does not answer goes on with its share.
 */
final class LimitOwners {
    /** Fixed for the life of a cluster; keys are spread over them. */
    private static final int OWNERS = 64;
    /** Keys that one owner tells apart. */
    private static final int KEYS_MAX = 100_000;

    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(1);
    private static final EntityTypeKey<Grant> KEY = EntityTypeKey.create(Grant.class, "RateLimit");

    /**
     * Asks an owner for tokens.
     *
     * @param perMillis the unit of the rate
     * @param atLeast 0, as from a node that does not know the field, is 1
     */
    record Grant(
            String limit,
            String key,
            int requests,
            long perMillis,
            int burst,
            int wanted,
            int atLeast,
            ActorRef<Granted> replyTo)
            implements Durable {}

    /** What the owner gives. */
    record Granted(int tokens, int left, long retryNanos) implements Durable {}

    private LimitOwners() {}

    /** Starts this node's part of the sharding; answers how the data path asks. */
    static LimitLeases start(ActorSystem<?> system) {
        ClusterSharding sharding = ClusterSharding.get(system);
        sharding.init(Entity.of(KEY, entity -> owner(new LimitOwner(KEYS_MAX, System::nanoTime))));
        return ask -> lease(sharding, ask);
    }

    private static Behavior<Grant> owner(LimitOwner owner) {
        return Behaviors.receiveMessage(grant -> {
            Rate rate = new Rate(grant.requests(), Duration.ofMillis(grant.perMillis()), grant.burst());
            LimitLeases.Lease lease =
                    owner.grant(new LimitLeases.Ask(grant.limit(), grant.key(), rate, grant.wanted(), grant.atLeast()));
            grant.replyTo().tell(new Granted(lease.tokens(), lease.left(), lease.retryNanos()));
            return Behaviors.same();
        });
    }

    private static CompletionStage<LimitLeases.Lease> lease(ClusterSharding sharding, LimitLeases.Ask ask) {
        int owner = Math.floorMod((ask.limit() + "\n" + ask.key()).hashCode(), OWNERS);
        Rate rate = ask.rate();
        return sharding.entityRefFor(KEY, Integer.toString(owner))
                .ask(
                        (ActorRef<Granted> replyTo) -> new Grant(
                                ask.limit(),
                                ask.key(),
                                rate.requests(),
                                rate.per().toMillis(),
                                rate.burst(),
                                ask.wanted(),
                                ask.atLeast(),
                                replyTo),
                        ANSWER_TIMEOUT)
                .thenApply(granted -> new LimitLeases.Lease(granted.tokens(), granted.left(), granted.retryNanos()));
    }
}
