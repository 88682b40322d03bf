package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import io.aerofusion.platform.security.BearerToken;
import java.util.function.Consumer;

/**
 * Tells every node that the tokens of a user or device may not stand for what they stood for: answers about them are forgotten, and
 * open sessions look again at once. A message may get lost between nodes; answers expire and sessions look again by themselves, too.
 */
public final class IdentityChanges {
    private final ActorRef<Topic.Command<Changed>> topic;

    /** Something about that identity's tokens or roles was changed, and the change is committed. */
    public record Changed(BearerToken.Identity identity) implements Durable {}

    private IdentityChanges(ActorRef<Topic.Command<Changed>> topic) {
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
        return new IdentityChanges(topic);
    }

    /** Tells all nodes, this one included. */
    public void announce(BearerToken.Identity identity) {
        topic.tell(Topic.publish(new Changed(identity)));
    }
}
