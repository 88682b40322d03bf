package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import java.util.SortedSet;
import java.util.TreeSet;

/** Who is in the cluster, for questions to all. */
final class Members {
    private Members() {}

    /** The cluster addresses of those that should answer, a fresh set. */
    static SortedSet<String> serving(ActorSystem<?> system) {
        SortedSet<String> serving = new TreeSet<>();
        for (Member member : Cluster.get(system).state().getMembers()) {
            if (serves(member.status())) {
                serving.add(member.address().hostPort());
            }
        }
        return serving;
    }

    /** The cluster address of the node where this actor is. */
    static String of(ActorSystem<?> system, ActorRef<?> actor) {
        return actor.path().address().hasLocalScope()
                ? Cluster.get(system).selfMember().address().hostPort()
                : actor.path().address().hostPort();
    }

    /** Who joins has nothing yet; who was removed has nothing any more. */
    private static boolean serves(MemberStatus status) {
        return !status.equals(MemberStatus.joining())
                && !status.equals(MemberStatus.down())
                && !status.equals(MemberStatus.removed());
    }
}
