package io.aerofusion.platform.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.pattern.StatusReply;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sealed entity on the real database, through the door its callers use. */
class SealedEntityTest {
    private static final String WORDS = "the quick brown secret";
    /** Long enough to be deflated, so that a snapshot and an event of each format are met. */
    private static final String LONG_WORDS = WORDS.repeat(100);

    @TempDir
    Path temporary;

    private String url;

    @BeforeEach
    void database() {
        url = TestDatabase.migrated();
    }

    @Test
    void remembersOverARestart() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            assertThat(node.write(node.diary("one"), "default|ada", WORDS)).isEqualTo(1);
        }
        try (SealedNode node = new SealedNode(url, temporary)) {
            assertThat(node.read(node.diary("one"))).containsExactly(WORDS);
        }
    }

    @Test
    void recoversFromASealedSnapshotAndTheEventsAfterIt() throws Exception {
        List<String> pages =
                IntStream.range(0, 8).mapToObj(page -> LONG_WORDS + page).toList();
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("one");
            pages.forEach(page -> node.write(diary, "default|ada", page));
            // The snapshot is written beside the answers; the next node must find it.
            org.awaitility.Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> rows("SELECT sequence_number FROM snapshot").contains("6"));
        }
        TestDatabase.execute(url, "DELETE FROM event_journal WHERE sequence_number <= 6");
        try (SealedNode node = new SealedNode(url, temporary)) {
            assertThat(node.read(node.diary("one"))).isEqualTo(pages);
        }
    }

    @Test
    void commandThatNamesNoSubjectFindsItUnborn() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("one");
            assertThatThrownBy(() -> node.read(diary)).hasMessage("unborn");
            assertThat(node.write(diary, "default|ada", WORDS)).isEqualTo(1);
            assertThat(node.read(diary)).containsExactly(WORDS);
        }
    }

    @Test
    void firstCommandsAreHandledInTheOrderOfTheirArrival() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("one");
            TestProbe<StatusReply<Integer>> probe = node.kit.createTestProbe();
            for (int i = 1; i <= 50; i++) { // they arrive while it asks for its key, and while it is bound
                diary.tell(new Diary.Write(
                        "default|ada", "page " + i, JsonNodeFactory.instance.nullNode(), probe.getRef()));
            }
            for (int i = 1; i <= 50; i++) {
                assertThat(probe.receiveMessage().getValue()).isEqualTo(i);
            }
            assertThat(node.read(diary))
                    .startsWith("page 1", "page 2", "page 3")
                    .endsWith("page 50");
        }
    }

    @Test
    void erasedPersonsEntityOnlySaysSo() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            node.write(node.diary("one"), "default|ada", WORDS);
            node.write(node.diary("two"), "default|eve", WORDS);
            node.keys.erase("default|ada");
        }
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> erased = node.diary("one");
            assertThatThrownBy(() -> node.read(erased)).hasMessage("erased");
            assertThatThrownBy(() -> node.write(erased, "default|ada", WORDS)).hasMessage("erased");
            ActorRef<Diary.Command> never = node.diary("three");
            assertThatThrownBy(() -> node.write(never, "default|ada", WORDS)).hasMessage("erased");
            assertThat(node.read(node.diary("two"))).containsExactly(WORDS);
        }
    }

    @Test
    void stopsInEveryPartOfItsLife() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> live = node.diary("one");
            node.write(live, "default|ada", WORDS);
            ActorRef<Diary.Command> unborn = node.diary("two");
            assertThatThrownBy(() -> node.read(unborn)).hasMessage("unborn");
            ActorRef<Diary.Command> asking = node.diary("three");
            TestProbe<Void> probe = node.kit.createTestProbe();
            for (ActorRef<Diary.Command> diary : List.of(live, unborn, asking)) {
                diary.tell(new Diary.Stop());
                probe.expectTerminated(diary);
            }
            node.keys.erase("default|ada");
            ActorRef<Diary.Command> erased = node.diary("one");
            assertThatThrownBy(() -> node.read(erased)).hasMessage("erased");
            erased.tell(new Diary.Stop());
            probe.expectTerminated(erased);
        }
    }

    @Test
    void entityWhoseKeyCannotBeFetchedStops() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            node.database.close();
            ActorRef<Diary.Command> diary = node.diary("one");
            node.kit.createTestProbe().expectTerminated(diary);
        }
    }

    @Test
    void entityStopsWhenTheExecutorTakesNoMoreWork() {
        try (SealedNode node = new SealedNode(url, temporary)) {
            node.blocking.shutdown();
            node.kit.createTestProbe().expectTerminated(node.diary("one"));
        }
    }

    @Test
    void livingEntityOfAnErasedPersonWritesNothingMoreAndComesBackErased() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> living = node.diary("one");
            node.write(living, "default|ada", WORDS);
            node.keys.erase("default|ada");
            living.tell(new Diary.Write(
                    "default|ada",
                    WORDS,
                    JsonNodeFactory.instance.nullNode(),
                    node.kit.system().ignoreRef()));
            node.kit.createTestProbe().expectTerminated(living);
            assertThat(rows("SELECT count(*) FROM event_journal")).containsExactly("1");
            ActorRef<Diary.Command> again = node.diary("one");
            assertThatThrownBy(() -> node.read(again)).hasMessage("erased");
        }
    }

    @Test
    void rowMovedToAnotherEntityOfTheSamePersonDoesNotOpen() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary)) {
            node.write(node.diary("one"), "default|ada", WORDS);
            node.write(node.diary("two"), "default|ada", "nothing");
        }
        TestDatabase.execute(
                url,
                "UPDATE event_journal a SET event_payload = b.event_payload FROM event_journal b"
                        + " WHERE a.persistence_id = 'Diary|default|two' AND b.persistence_id = 'Diary|default|one'");
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("two");
            node.kit.createTestProbe().expectTerminated(diary);
        }
    }

    @Test
    void noTableHoldsPlaintext() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("one");
            for (int i = 0; i < 4; i++) {
                node.write(diary, "default|ada.lovelace", i % 2 == 0 ? WORDS : LONG_WORDS);
            }
            org.awaitility.Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !rows("SELECT 1 FROM snapshot").isEmpty());
            node.keys.keyOf("default|ada.lovelace");
        }
        List<String> tables = rows("SELECT table_schema || '.' || table_name FROM information_schema.tables"
                + " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')");
        assertThat(tables)
                .contains("public.event_journal", "public.snapshot", "aerofusion_keys.subject_key")
                .hasSizeGreaterThan(6);
        int cells = 0;
        for (String table : tables) {
            for (String cell : rows("SELECT * FROM " + table)) {
                cells++;
                assertThat(cell)
                        .as(table)
                        .doesNotContain("quick")
                        .doesNotContain("lovelace")
                        .doesNotContain("written");
            }
        }
        assertThat(cells).isGreaterThan(20);
    }

    @Test
    void tagNamesTheSliceOfTheRegionsStream() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary)) {
            node.write(node.diary("one"), "default|ada", WORDS);
        }
        int slice = Sealing.sliceOf("Diary|default|one");
        assertThat(rows("SELECT tag FROM event_tag")).containsExactlyInAnyOrder("local-" + slice, "model-" + slice);
        // A promise: projections keep an offset per slice.
        assertThat(Sealing.sliceOf("Space|default|home")).isEqualTo(Math.floorMod("Space|default|home".hashCode(), 16));
    }

    @Test
    void storedExampleDecodesForEver() throws Exception {
        SealedCbor<Diary.Event> cbor = SealedCbor.of(Diary.Event.class);
        Diary.Event event = new Diary.Written("hello", JsonNodeFactory.instance.numberNode(7L));
        byte[] stored =
                java.util.HexFormat.of().parseHex("01bf6174677772697474656e65776f7264736568656c6c6f646d6f6f6407ff");
        assertThat(cbor.read(stored)).isEqualTo(event);
        assertThat(cbor.write(event)).isEqualTo(stored);
        assertThat(new SealedSerializer().identifier()).isEqualTo(1_470_201);
        Sealed sealed = new Sealed("x".getBytes(UTF_8));
        assertThat(((Sealed) new SealedSerializer().fromBinary(new SealedSerializer().toBinary(sealed), "S1"))
                        .content())
                .isEqualTo(sealed.content());
        assertThatThrownBy(() -> new SealedSerializer().fromBinary(new byte[0], "S9"))
                .isInstanceOf(java.io.NotSerializableException.class);
    }

    private List<String> rows(String query) throws SQLException {
        return TestDatabase.rows(url, query);
    }
}
