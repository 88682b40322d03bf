package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import io.aerofusion.platform.security.BearerToken;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Tells every node that the tokens of a user or device may not stand for what they stood for: answers about them are forgotten, and
 * open sessions look again at once. A message may get lost between nodes, and a node that has just joined may not be known to all: so it is told
 * twice, and answers expire and sessions look again by themselves, too.
 */
public final class IdentityChanges {
    /** When a change is told once more: by then members that were joining know each other. */
    private static final Duration REPEATED_AFTER = Duration.ofSeconds(5);

    private final ActorSystem<?> system;
    private final ActorRef<Changed> here;
    private final ActorRef<Topic.Command<Changed>> topic;

    /** Something about that identity's tokens or roles was changed, and the change is committed. */
    public record Changed(BearerToken.Identity identity) implements Durable {}

    private IdentityChanges(ActorSystem<?> system, ActorRef<Changed> here, ActorRef<Topic.Command<Changed>> topic) {
        this.system = system;
        this.here = here;
        this.topic = topic;
    }

    /** Joins the nodes that tell each other; the listener hears of all changes, wherever they were made. It must not block. */
    public static IdentityChanges start(ActorSystem<?> system, Consumer<BearerToken.Identity> listener) {
        ActorRef<Topic.Command<Changed>> topic = system.systemActorOf(
                Topic.create(Changed.class, "identity-changes"), "identity-changes", Props.empty());
        ActorRef<Changed> hearer = system.systemActorOf(
                Behaviors.receiveMessage(changed -> {
                    listener.accept(changed.identity());
                    return Behaviors.same();
                }),
                "identity-changes-listener",
                Props.empty());
        topic.tell(Topic.subscribe(hearer));
        return new IdentityChanges(system, hearer, topic);
    }

    /** Tells all nodes, this one included. */
    public void announce(BearerToken.Identity identity) {
        Changed changed = new Changed(identity);
        here.tell(changed);
        topic.tell(Topic.publish(changed));
        system.scheduler()
                .scheduleOnce(REPEATED_AFTER, () -> topic.tell(Topic.publish(changed)), system.executionContext());
    }
}
