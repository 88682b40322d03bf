package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.security.Principal;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Messages arrive on another node as they left: above all, what is absent does not become the JSON value null. */
final class BetweenNodesTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.parseString(
                    "akka.actor.provider = local, akka.remote.artery.enabled = off, akka.extensions = [],"
                            + " akka.actor.testkit.typed { single-expect-default = 60s, system-shutdown-default = 60s }")
            .withFallback(NodeConfig.load()));
    private static final Principal SOMEBODY = new Principal("default", "ada", Set.of(Principal.Role.USER), "tablet");

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void an_absent_document_stays_absent() {
        arrives(new Space.Document(null));
        arrives(new Space.Document(NullNode.instance));
    }

    @Test
    void absent_values_of_rejections_and_conflicts_stay_absent() {
        Stamp stamp = new Stamp(7, "tablet");
        arrives(new SpaceNotice.Pushed(
                "ops",
                1,
                2,
                "before",
                "after",
                List.of(
                        new Rejection(1, ErrorCode.FORBIDDEN, "no", "", null),
                        new Rejection(2, ErrorCode.FORBIDDEN, "no", "length", NullNode.instance)),
                List.of(new Conflict(
                        "runways", "42", "length", ConflictPolicy.MANUAL, stamp, null, stamp, NullNode.instance, true)),
                List.of(),
                new TreeMap<>()));
    }

    @Test
    void what_is_announced_or_decided_stays_absent() {
        ActorRef<SpaceNotice> follower = KIT.<SpaceNotice>createTestProbe().ref();
        arrives(new Space.Announce(null, follower));
        arrives(new Space.Announce(TextNode.valueOf("here"), follower));
        TestProbe<Space.Reply> asker = KIT.createTestProbe();
        arrives(new Space.ResolveConflict(SOMEBODY, "runways", "42", "length", null, asker.ref()));
        arrives(new Space.ResolveConflict(SOMEBODY, "runways", "42", "length", NullNode.instance, asker.ref()));
    }

    private static void arrives(Object message) {
        Object received = KIT.serializationTestKit().verifySerialization(message, false);
        assertThat(received).isEqualTo(message);
    }
}
