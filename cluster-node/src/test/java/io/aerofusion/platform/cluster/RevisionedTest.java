package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.cluster.RevisionedMessage.Announced;
import io.aerofusion.platform.cluster.RevisionedMessage.Answer;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import io.aerofusion.platform.cluster.RevisionedMessage.Question;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas on three nodes of a cluster in one JVM, and a writer that loses announcements, answers late, or is gone. */
final class RevisionedTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RevisionedLimits QUICK =
            new RevisionedLimits(Duration.ofMillis(100), Duration.ofSeconds(2), Duration.ofSeconds(1));
    /** Checks so seldom that only announcements can have been the way. */
    private static final RevisionedLimits SELDOM =
            new RevisionedLimits(Duration.ofHours(1), Duration.ofHours(1), Duration.ofSeconds(5));

    private static final RevisionedContent<List<String>, String> WORDS = new RevisionedContent<>() {
        @Override
        public List<String> empty() {
            return List.of();
        }

        @Override
        public List<String> apply(List<String> before, String change, Revision revision) {
            List<String> words = new ArrayList<>(before);
            words.add(change);
            return List.copyOf(words);
        }

        @Override
        public byte[] write(List<String> whole) {
            return String.join("\n", whole).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public List<String> read(byte[] whole) {
            return whole.length == 0 ? List.of() : List.of(new String(whole, StandardCharsets.UTF_8).split("\n"));
        }

        @Override
        public byte[] writeChange(String change) {
            return change.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String readChange(byte[] change) {
            return new String(change, StandardCharsets.UTF_8);
        }
    };

    /** What the sharded entity is in production. */
    private static final class Writer {
        private final SecureRandom random = new SecureRandom();
        private RevisionedSource<List<String>, String> source = new RevisionedSource<>(WORDS);
        private List<String> words = List.of();
        private Revision revision = Revision.NONE;
        private boolean gone;

        synchronized Announced write(String word) {
            Revision next = revision.next(random);
            Announced announced = source.committed(revision, next, word);
            words = WORDS.apply(words, word, next);
            revision = next;
            return announced;
        }

        synchronized CompletionStage<Answer> answer(Question question) {
            return gone
                    ? CompletableFuture.failedFuture(new IllegalStateException("gone"))
                    : CompletableFuture.completedFuture(source.answer(question, revision, words));
        }

        synchronized void gone(boolean isGone) {
            gone = isGone;
        }

        /** As a restart of the entity, possibly on a database that was restored from a backup. */
        synchronized void restart(List<String> as, Revision at) {
            source = new RevisionedSource<>(WORDS);
            words = as;
            revision = at;
        }

        synchronized Revision revision() {
            return revision;
        }
    }

    @TempDir
    private Path directory;

    private final List<ActorSystem<?>> systems = new ArrayList<>();
    private final ExecutorService blocking = Executors.newFixedThreadPool(2);
    private final Writer writer = new Writer();
    /** Number of the node whose domain fails to say anything. */
    private final AtomicInteger mute = new AtomicInteger(-1);

    private final AtomicLong millis = new AtomicLong(System.currentTimeMillis());
    private final InstantSource clock = () -> java.time.Instant.ofEpochMilli(millis.get());

    /** The system of that number, started with those before it. */
    private ActorSystem<?> system(int number) {
        while (systems.size() <= number) {
            ActorSystem<?> system =
                    ActorSystem.create(Behaviors.empty(), "words", NodeConfig.load(ConfigFactory.parseString("""
                            akka.persistence.journal.auto-start-journals = []
                            akka.persistence.snapshot-store.auto-start-snapshot-stores = []
                            akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                            akka.coordinated-shutdown.run-by-actor-system-terminate = off
                            """)));
            systems.add(system);
            Cluster.get(system)
                    .manager()
                    .tell(Join.create(
                            Cluster.get(systems.getFirst()).selfMember().address()));
        }
        return systems.get(number);
    }

    @AfterEach
    void stop() throws Exception {
        systems.forEach(ActorSystem::terminate);
        for (ActorSystem<?> system : systems) {
            system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
        blocking.shutdownNow();
    }

    private Revisioned<List<String>> replica(int system, RevisionedLimits limits, Optional<Path> file) {
        return Revisioned.start(
                system(system),
                blocking,
                clock,
                new Revisioned.Setup<>(
                        "words",
                        WORDS,
                        limits,
                        file.map(path -> new RevisionedFile(path, RevisionedFile.Seal.none())),
                        writer::answer,
                        () -> {
                            if (mute.get() == system) throw new IllegalStateException("it cannot say");
                            return JsonNodeFactory.instance.textNode("node " + system);
                        }));
    }

    private List<Revisioned<List<String>>> replicas(RevisionedLimits limits) {
        return List.of(
                replica(0, limits, Optional.empty()),
                replica(1, limits, Optional.empty()),
                replica(2, limits, Optional.empty()));
    }

    private static void awaitWords(Revisioned<List<String>> replica, String... words) {
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(replica.snapshot().get().whole()).containsExactly(words));
    }

    private static Revisioned.Holdings holdings(Revisioned<?> replica) throws Exception {
        return replica.holdings().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static void awaitPeers(List<Revisioned<List<String>>> replicas) {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (Revisioned<List<String>> replica : replicas) {
                assertThat(holdings(replica).told()).hasSize(3);
            }
        });
    }

    @Test
    void a_node_that_has_just_started_says_what_itself_holds() throws Exception {
        assertThat(holdings(replica(0, SELDOM, Optional.empty())).told()).hasSize(1);
    }

    @Test
    void a_node_that_does_not_say_what_it_holds_is_named() throws Exception {
        List<Revisioned<List<String>>> replicas = replicas(SELDOM);
        awaitPeers(replicas);
        assertThat(holdings(replicas.getFirst()).silent()).isEmpty();
        mute.set(2);
        Revisioned.Holdings holdings = holdings(replicas.getFirst());
        assertThat(holdings.told()).hasSize(2);
        assertThat(holdings.silent())
                .containsExactly(Cluster.get(system(2)).selfMember().address().hostPort());
        replicas.getFirst().announce(writer.write("one"));
        awaitWords(replicas.get(2), "one");
    }

    @Test
    void a_change_is_announced_to_every_node_and_each_says_what_it_holds() throws Exception {
        List<Revisioned<List<String>>> replicas = replicas(SELDOM);
        awaitPeers(replicas);
        replicas.get(1).announce(writer.write("one"));
        for (Revisioned<List<String>> replica : replicas) {
            awaitWords(replica, "one");
        }
        List<Holding> holdings = holdings(replicas.get(2)).told();
        assertThat(holdings).extracting(Holding::revision).containsOnly(writer.revision());
        assertThat(holdings)
                .extracting(holding -> holding.detail().asText())
                .containsExactlyInAnyOrder("node 0", "node 1", "node 2");
        assertThat(holdings).extracting(Holding::stale).containsOnly(false);
    }

    @Test
    void an_announcement_that_got_lost_is_made_up_by_the_next_one() {
        List<Revisioned<List<String>>> replicas = replicas(SELDOM);
        awaitPeers(replicas);
        writer.write("lost");
        replicas.getFirst().announce(writer.write("heard"));
        for (Revisioned<List<String>> replica : replicas) {
            awaitWords(replica, "lost", "heard");
        }
    }

    @Test
    void announcements_that_got_lost_are_healed_by_the_check() {
        Revisioned<List<String>> replica = replica(0, QUICK, Optional.empty());
        writer.write("one");
        writer.write("two");
        awaitWords(replica, "one", "two");
        writer.write("three");
        awaitWords(replica, "one", "two", "three");
    }

    @Test
    void late_and_doubled_announcements_change_nothing() {
        Revisioned<List<String>> replica = replica(0, QUICK, Optional.empty());
        Announced one = writer.write("one");
        Announced two = writer.write("two");
        replica.announce(two);
        replica.announce(one);
        replica.announce(two);
        replica.announce(one);
        awaitWords(replica, "one", "two");
        replica.announce(writer.write("three"));
        awaitWords(replica, "one", "two", "three");
    }

    @Test
    void a_whole_and_a_change_that_fit_into_no_message_arrive_in_parts() {
        // Seeded: what it is does not matter, only that it does not compress.
        byte[] noise = new byte[RevisionedLimits.ANSWER_BYTES_MAX * 2];
        new Random(7).nextBytes(noise);
        String long1 = HexFormat.of().formatHex(noise);
        writer.write(long1);
        List<Revisioned<List<String>>> replicas = replicas(QUICK);
        awaitWords(replicas.get(2), long1);
        new Random(8).nextBytes(noise);
        String long2 = HexFormat.of().formatHex(noise);
        Announced announced = writer.write(long2);
        assertThat(announced.change()).isNull();
        replicas.getFirst().announce(announced);
        awaitWords(replicas.get(1), long1, long2);
    }

    @Test
    void a_node_goes_on_without_the_writer_and_says_how_old_its_state_is() {
        Revisioned<List<String>> replica = replica(0, QUICK, Optional.empty());
        writer.write("one");
        awaitWords(replica, "one");
        assertThat(replica.snapshot().stale()).isFalse();
        writer.gone(true);
        await().atMost(LIMIT).until(() -> {
            millis.addAndGet(1_000);
            return replica.snapshot().stale();
        });
        assertThat(replica.snapshot().get().whole()).containsExactly("one");
        writer.gone(false);
        await().atMost(LIMIT).until(() -> !replica.snapshot().stale());
    }

    @Test
    void a_writer_that_was_restored_from_a_backup_is_followed_back() {
        Revisioned<List<String>> replica = replica(0, QUICK, Optional.empty());
        writer.write("kept");
        Revision backup = writer.revision();
        writer.write("lost");
        awaitWords(replica, "kept", "lost");
        writer.restart(List.of("kept"), backup);
        awaitWords(replica, "kept");
        writer.write("other"); // has the number of the lost one, but not its tag
        awaitWords(replica, "kept", "other");
    }

    @Test
    void the_last_good_state_is_loaded_from_the_disk_before_anything_is_asked() throws Exception {
        Path file = directory.resolve("words.snapshot");
        writer.write("one");
        writer.write("two");
        awaitWords(replica(0, QUICK, Optional.of(file)), "one", "two");
        RevisionedFile saved = new RevisionedFile(file, RevisionedFile.Seal.none());
        await().atMost(LIMIT)
                .until(() ->
                        saved.load(WORDS).map(RevisionedFile.Saved::whole).equals(Optional.of(List.of("one", "two"))));
        writer.gone(true);
        Path copy = Files.copy(file, directory.resolve("copy.snapshot"));
        Revisioned<List<String>> second = replica(1, QUICK, Optional.of(copy));
        assertThat(second.snapshot().get().whole()).containsExactly("one", "two");
        assertThat(second.snapshot().get().revision()).isEqualTo(writer.revision());
        writer.gone(false);
        writer.write("three");
        awaitWords(second, "one", "two", "three");
    }

    @Test
    void a_damaged_file_is_passed_over() throws Exception {
        Path file = directory.resolve("words.snapshot");
        writer.write("one");
        awaitWords(replica(0, QUICK, Optional.of(file)), "one");
        await().atMost(LIMIT).until(() -> Files.exists(file));
        byte[] good = Files.readAllBytes(file);
        Path damaged = directory.resolve("damaged.snapshot");
        for (byte[] bad : List.of(
                new byte[0],
                "nonsense".getBytes(StandardCharsets.UTF_8),
                java.util.Arrays.copyOf(good, good.length - 1),
                flipped(good, good.length - 3),
                flipped(good, 30))) {
            Files.write(damaged, bad);
            assertThat(new RevisionedFile(damaged, RevisionedFile.Seal.none()).load(WORDS))
                    .isEmpty();
        }
        Revisioned<List<String>> second = replica(1, QUICK, Optional.of(damaged));
        awaitWords(second, "one");
    }

    @Test
    void who_watches_sees_every_state_in_order_and_who_waits_gets_the_next() throws Exception {
        Revisioned<List<String>> replica = replica(0, QUICK, Optional.empty());
        ConcurrentLinkedQueue<Integer> seen = new ConcurrentLinkedQueue<>();
        replica.snapshot().watch(held -> seen.add(held.whole().size()));
        replica.snapshot().watch(held -> {
            throw new IllegalStateException("a watcher with a defect");
        });
        CompletionStage<RevisionedSnapshot.Held<List<String>>> next =
                replica.snapshot().after(Revision.NONE);
        for (int i = 0; i < 5; i++) {
            replica.announce(writer.write("word " + i));
        }
        // who watches is told right after the state is there
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(List.copyOf(seen)).isSorted().startsWith(0).endsWith(5));
        assertThat(replica.snapshot().get().whole()).hasSize(5);
        assertThat(next.toCompletableFuture().get(60, TimeUnit.SECONDS).whole()).isNotEmpty();
        assertThat(replica.snapshot().after(Revision.NONE).toCompletableFuture().isDone())
                .isTrue();
    }

    private static byte[] flipped(byte[] bytes, int at) {
        byte[] changed = bytes.clone();
        changed[at] ^= 1;
        return changed;
    }
}
