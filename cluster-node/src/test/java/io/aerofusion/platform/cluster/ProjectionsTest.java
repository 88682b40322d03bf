package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.actor.typed.ActorRef;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.platform.security.Diary;
import io.aerofusion.platform.security.SealedNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Projections of a cluster of one on the real database. */
class ProjectionsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path temporary;

    private String url;

    @BeforeEach
    void database() {
        url = TestDatabase.migrated();
    }

    @Test
    void readModelSeesEveryEventOnceInOrderOverARestart() {
        try (SealedNode node = clusterOfOne()) {
            Pages pages = new Pages(node);
            Projections.start(node.context(), "models", List.of(pages));
            for (String diary : List.of("one", "two", "three")) {
                ActorRef<Diary.Command> reference = node.diary(diary);
                for (int i = 1; i <= 5; i++) {
                    node.write(reference, "default|ada", "page " + i);
                }
            }
            await().atMost(PATIENCE).until(() -> pages.recorded().size() == 15);
        }
        try (SealedNode node = clusterOfOne()) {
            Pages pages = new Pages(node);
            Projections.start(node.context(), "models", List.of(pages));
            node.write(node.diary("one"), "default|ada", "page 6");
            await().atMost(PATIENCE).until(() -> pages.recorded().size() >= 16);
            assertThat(pages.applied).containsExactly("one 6 page 6");
            assertThat(pages.recorded().stream()
                            .filter(recorded -> recorded.entity().equals("Diary|default|one"))
                            .map(recorded -> recorded.details().get("words")))
                    .containsExactly("page 6", "page 5", "page 4", "page 3", "page 2", "page 1");
        }
    }

    @Test
    void groupThatFailsIsRolledBackAndComesAgain() {
        try (SealedNode node = clusterOfOne()) {
            Pages pages = new Pages(node);
            pages.failures.set(2);
            Projections.start(node.context(), "models", List.of(pages));
            node.write(node.diary("one"), "default|ada", "page 1");
            await().atMost(PATIENCE).until(() -> pages.recorded().size() == 1);
            assertThat(pages.failures).hasValue(0);
        }
    }

    @Test
    void erasedPersonsEventsAreNotOpenedButTheirRowsRemoved() {
        try (SealedNode node = clusterOfOne()) {
            ActorRef<Diary.Command> diary = node.diary("one");
            node.write(diary, "default|ada", "page 1");
            node.keys.erase("default|ada");
            Pages pages = new Pages(node);
            Projections.start(node.context(), "models", List.of(pages));
            await().atMost(PATIENCE).until(() -> pages.erased.contains("default one"));
            assertThat(pages.applied).isEmpty();
        }
    }

    private SealedNode clusterOfOne() {
        SealedNode node = new SealedNode(
                url,
                temporary,
                Map.of(
                        "akka.actor.provider", "cluster",
                        "akka.remote.artery.canonical.hostname", "127.0.0.1",
                        "akka.remote.artery.canonical.port", 0));
        Cluster cluster = Cluster.get(node.kit.system());
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        return node;
    }

    /** Records the pages of diaries in the audit log. */
    private static final class Pages implements ReadModel<Diary.Event> {
        private final AuditLog audit;
        private final Queue<String> applied = new ConcurrentLinkedQueue<>();
        private final Queue<String> erased = new ConcurrentLinkedQueue<>();
        private final AtomicInteger failures = new AtomicInteger();

        Pages(SealedNode node) {
            this.audit = new AuditLog(node.database.pool(), node.keys);
        }

        List<AuditLog.Recorded> recorded() {
            return audit.search(AuditLog.Query.all("default", "", 100)).items();
        }

        @Override
        public String entityType() {
            return "Diary";
        }

        @Override
        public Class<Diary.Event> events() {
            return Diary.Event.class;
        }

        @Override
        public void apply(ReadModelTransaction transaction, Change<Diary.Event> change) {
            String words = ((Diary.Written) change.event()).words();
            audit.append(
                    transaction,
                    List.of(new AuditLog.Entry(
                            change.tenant(),
                            change.at(),
                            change.persistenceId(this),
                            change.number(),
                            "diary.written",
                            "user:ada",
                            change.subject(),
                            new TreeMap<>(Map.of("words", words)))));
            if (failures.get() > 0) {
                failures.decrementAndGet();
                throw new IllegalStateException("told to fail after it wrote");
            }
            applied.add(change.id() + " " + change.number() + " " + words);
        }

        @Override
        public void erased(ReadModelTransaction transaction, String tenant, String id) {
            erased.add(tenant + " " + id);
        }
    }
}
