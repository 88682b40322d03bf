package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.http.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A question to two nodes, one of which may be deaf. */
final class EveryNodeTest {
    private final ActorSystem<Void> asking = system();
    private final ActorSystem<Void> asked = system();
    private final AtomicBoolean deaf = new AtomicBoolean();

    private static ActorSystem<Void> system() {
        return ActorSystem.create(Behaviors.empty(), "nodes", NodeConfig.load(ConfigFactory.parseString("""
                akka.persistence.journal.auto-start-journals = []
                akka.persistence.snapshot-store.auto-start-snapshot-stores = []
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                akka.coordinated-shutdown.run-by-actor-system-terminate = off
                """)));
    }

    @AfterEach
    void stop() throws Exception {
        for (ActorSystem<?> system : List.of(asking, asked)) {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }

    private static String name(ActorSystem<?> system) {
        return Cluster.get(system).selfMember().address().hostPort();
    }

    private static EveryNode part(ActorSystem<?> system, Executor blocking, String says) {
        return EveryNode.start(
                system,
                "roll-call",
                blocking,
                question -> JsonNodeFactory.instance.textNode(question.asText() + " " + says));
    }

    private static EveryNode.Answers ask(EveryNode every) throws Exception {
        JsonNode question = JsonNodeFactory.instance.textNode("here is");
        return every.ask(question).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void a_node_that_has_just_started_does_it_too() throws Exception {
        assertThat(ask(part(asking, Runnable::run, "one")).answers()).hasSize(1);
    }

    /** The part of that node was gone then, for as long as the node lived. */
    @Test
    void a_node_that_had_too_much_to_do_does_it_the_next_time() throws Exception {
        AtomicBoolean full = new AtomicBoolean(true);
        CountDownLatch refused = new CountDownLatch(1);
        EveryNode every = part(
                asking,
                work -> {
                    if (full.get()) {
                        refused.countDown();
                        throw new ProblemException(ErrorCode.UNAVAILABLE, "Too much work is waiting.");
                    }
                    work.run();
                },
                "one");
        every.ask(JsonNodeFactory.instance.textNode("here is"));
        assertThat(refused.await(60, TimeUnit.SECONDS)).isTrue();
        full.set(false);
        assertThat(ask(every).answers()).hasSize(1);
    }

    @Test
    void who_answers_is_told_with_its_answer_and_who_does_not_is_named() throws Exception {
        for (ActorSystem<?> system : List.of(asking, asked)) {
            Cluster.get(system)
                    .manager()
                    .tell(Join.create(Cluster.get(asking).selfMember().address()));
        }
        EveryNode every = part(asking, Runnable::run, "one");
        part(
                asked,
                work -> {
                    if (!deaf.get()) work.run();
                },
                "two");
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            EveryNode.Answers answers = ask(every);
            assertThat(answers.silent()).isEmpty();
            assertThat(answers.answers()).hasSize(2);
            assertThat(answers.answers().get(name(asking)).asText()).isEqualTo("here is one");
            assertThat(answers.answers().get(name(asked)).asText()).isEqualTo("here is two");
        });

        deaf.set(true);
        EveryNode.Answers answers = ask(every);
        assertThat(answers.answers()).containsOnlyKeys(name(asking));
        assertThat(answers.silent()).containsExactly(name(asked));
    }
}
