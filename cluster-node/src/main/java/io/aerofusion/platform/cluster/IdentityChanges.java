package io.aerofusion.platform.cluster;

import akka.actor.ActorSelection;
import akka.actor.RootActorPath;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import io.aerofusion.platform.security.BearerToken;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Tells every node that the tokens of a user or device may not stand for what they stood for: answers about them are forgotten, and
 * open sessions look again at once. Told is every member of the cluster: all know a member before it is up, and so before it has a
 * session, while a {@code Topic} learns of it by gossip at some time afterwards. A message may get lost between nodes, and come
 * while a session is just being opened: so all are told twice, and answers expire and sessions look again by themselves, too.
 */
public final class IdentityChanges {
    /** When a change is told once more. */
    private static final Duration REPEATED_AFTER = Duration.ofSeconds(5);

    private static final String HEARER = "identity-changes";

    private final ActorSystem<?> system;
    private final ActorRef<Changed> here;

    /** Something about that identity's tokens or roles was changed, and the change is committed. */
    public record Changed(BearerToken.Identity identity) implements Durable {}

    private IdentityChanges(ActorSystem<?> system, ActorRef<Changed> here) {
        this.system = system;
        this.here = here;
    }

    /** Joins the nodes that tell each other; the listener hears of all changes, wherever they were made. It must not block. */
    public static IdentityChanges start(ActorSystem<?> system, Consumer<BearerToken.Identity> listener) {
        ActorRef<Changed> hearer = system.systemActorOf(
                Behaviors.receiveMessage(changed -> {
                    listener.accept(changed.identity());
                    return Behaviors.same();
                }),
                HEARER,
                Props.empty());
        return new IdentityChanges(system, hearer);
    }

    /** Tells all nodes, this one included. */
    public void announce(BearerToken.Identity identity) {
        Changed changed = new Changed(identity);
        tell(changed);
        system.scheduler().scheduleOnce(REPEATED_AFTER, () -> tell(changed), system.executionContext());
    }

    private void tell(Changed changed) {
        here.tell(changed);
        Cluster cluster = Cluster.get(system);
        for (Member member : cluster.state().getMembers()) {
            if (!member.uniqueAddress().equals(cluster.selfMember().uniqueAddress())) {
                ActorSelection hearer = Adapter.toClassic(system)
                        .actorSelection(new RootActorPath(member.address(), "/")
                                .child("system")
                                .child(HEARER));
                hearer.tell(changed, akka.actor.ActorRef.noSender());
            }
        }
    }
}
