package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.platform.security.SealedNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The publication on a real database, with checks that take as long as a test wants. */
class PublicationTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    private List<Problem> check(Generation generation) {
        begun.countDown();
        try {
            assertThat(over.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return List.of();
    }

    @Test
    void more_changes_than_may_wait_are_refused_and_may_come_again(@TempDir Path directory) throws Exception {
        try (SealedNode node = new SealedNode(TestDatabase.migrated(), directory)) {
            Function<Generation, List<Problem>> check = this::check;
            ActorRef<Publication.Command> publication = node.kit.spawn(PublicationLife.create(
                    new PublicationLife.Surroundings(node.context(), check, announced -> {}, published -> {}),
                    "default|gateway"));
            TestProbe<Publication.Reply> patient = node.kit.createTestProbe();
            publication.tell(put("first", patient));
            assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < Publication.WAITING_MAX; i++) {
                publication.tell(put("waiting-" + i, patient));
            }
            TestProbe<Publication.Reply> late = node.kit.createTestProbe();
            publication.tell(put("late", late));
            Publication.Refused refused = late.expectMessageClass(Publication.Refused.class, LIMIT);
            assertThat(refused.code()).isEqualTo(ErrorCode.UNAVAILABLE);
            over.countDown();
            for (int generation = 1; generation <= 101; generation++) {
                assertThat(patient.expectMessageClass(Publication.Published.class, LIMIT)
                                .generation())
                        .isEqualTo(generation);
            }
            publication.tell(put("late", late));
            assertThat(late.expectMessageClass(Publication.Published.class, LIMIT)
                            .generation())
                    .isEqualTo(102);
        }
    }

    @Test
    void a_reading_of_the_history_that_cannot_begin_takes_no_place(@TempDir Path directory) throws Exception {
        try (SealedNode node = new SealedNode(TestDatabase.migrated(), directory)) {
            NodeContext context = node.context();
            AtomicBoolean full = new AtomicBoolean(true);
            Executor blocking = work -> {
                if (full.get()) {
                    throw new ProblemException(ErrorCode.UNAVAILABLE, "Too much work is waiting.");
                }
                context.blocking().execute(work);
            };
            PublicationHistory history = new PublicationHistory(new NodeContext(
                    context.system(), context.database(), context.keys(), blocking, context.clock(), context.epoch()));
            Supplier<CompletionStage<List<PublicationEvent.Published>>> read =
                    () -> CompletableFuture.completedFuture("Publication|default|gateway")
                            .thenCompose(id -> history.between(id, 1, 1));
            for (int i = 0; i < 10; i++) {
                assertThat(read.get()).isCompletedExceptionally();
            }
            full.set(false);
            assertThat(read.get().toCompletableFuture().get(60, TimeUnit.SECONDS))
                    .isEmpty();
        }
    }

    private static Publication.Publish put(String name, TestProbe<Publication.Reply> probe) throws Exception {
        JsonNode upstream = new ObjectMapper().readTree("""
                {"kind": "Upstream", "metadata": {"name": "%s"}, "spec": {"endpoints": [{"address": "h", "port": 1}]}}
                """.formatted(name));
        return new Publication.Publish(ChangeSet.put(upstream, null, "").write(), false, "user:a", probe.getRef());
    }
}
