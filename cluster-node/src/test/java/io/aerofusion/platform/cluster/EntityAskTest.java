package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.sharding.typed.testkit.javadsl.TestEntityRef;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Messages to entities that get lost. */
final class EntityAskTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            "ask",
            ConfigFactory.parseString(
                            "akka.actor.provider = local\nakka.actor.testkit.typed.single-expect-default = 60s")
                    .withFallback(ConfigFactory.load()));
    private static final EntityTypeKey<Ask> KEY = EntityTypeKey.create(Ask.class, "Asked");

    private record Ask(ActorRef<String> replyTo) {}

    private final TestProbe<Ask> entity = KIT.createTestProbe();
    private final EntityRef<Ask> reference = TestEntityRef.of(KEY, "one", entity.ref());

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void what_a_hand_over_swallowed_is_sent_again() throws Exception {
        CompletionStage<String> answer = EntityAsk.repeating(reference, Ask::new, Duration.ofSeconds(5));
        entity.receiveMessage(); // and is lost
        entity.receiveMessage().replyTo().tell("second");
        assertThat(answer.toCompletableFuture().get(60, TimeUnit.SECONDS)).isEqualTo("second");
    }

    @Test
    void a_late_answer_to_the_first_sending_counts() throws Exception {
        CompletionStage<String> answer = EntityAsk.repeating(reference, Ask::new, Duration.ofSeconds(10));
        Ask first = entity.receiveMessage();
        entity.receiveMessage();
        first.replyTo().tell("first");
        assertThat(answer.toCompletableFuture().get(60, TimeUnit.SECONDS)).isEqualTo("first");
    }

    @Test
    void it_ends_after_the_time_and_a_bounded_number_of_sendings() {
        CompletionStage<String> answer = EntityAsk.repeating(reference, Ask::new, Duration.ofSeconds(3));
        assertThatThrownBy(() -> answer.toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        entity.receiveSeveralMessages(5);
        entity.expectNoMessage();
    }
}
