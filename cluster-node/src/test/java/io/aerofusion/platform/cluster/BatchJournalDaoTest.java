package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.pattern.StatusReply;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.platform.security.Diary;
import io.aerofusion.platform.security.SealedNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches of events on the real database, beside what the plugin's own DAO writes. */
class BatchJournalDaoTest {
    private static final Map<String, Object> PLUGINS_OWN =
            Map.of("jdbc-journal.dao", "akka.persistence.jdbc.journal.dao.DefaultJournalDao");
    /** One insert at a time, so that what arrives meanwhile becomes one batch. */
    private static final Map<String, Object> ONE_BY_ONE = Map.of("jdbc-journal.parallelism", 1);

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DIARIES = 40;
    private static final int PAGES = 5;

    @TempDir
    Path temporary;

    private String url;

    @BeforeEach
    void database() {
        url = TestDatabase.migrated();
    }

    @Test
    void batchOfManyEntitiesKeepsEachOnesOrderAndTags() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary, ONE_BY_ONE)) {
            writeAllAtOnce(node);
        }
        assertThat(rows(
                        "SELECT persistence_id, string_agg(sequence_number::text, ',' ORDER BY ordering) FROM event_journal"
                                + " GROUP BY 1"))
                .hasSize(DIARIES)
                .allSatisfy(row -> assertThat(row).endsWith("|1,2,3,4,5"));
        assertThat(
                        rows(
                                "SELECT DISTINCT count(*), count(DISTINCT substring(tag FROM '[0-9]+$')) FROM event_tag GROUP BY event_id"))
                .as("tags of an event, slices in them")
                .containsExactly("2|1");
        assertThat(
                        rows(
                                "SELECT count(*) FROM event_journal LEFT JOIN event_tag ON event_id = ordering WHERE event_id IS NULL"))
                .containsExactly("0");
        assertThat(rows("SELECT count(DISTINCT xmin::text) < count(*) FROM event_journal"))
                .as("fewer transactions than events")
                .containsExactly("t");
    }

    @Test
    void rowsAreThoseOfThePluginsOwnDaoAndEitherReadsTheOthers() throws Exception {
        List<String> sameEvent = new ArrayList<>();
        for (Map<String, Object> settings : List.of(PLUGINS_OWN, Map.<String, Object>of())) {
            try (SealedNode node = new SealedNode(url, temporary, settings)) {
                ActorRef<Diary.Command> diary = node.diary("one");
                node.write(diary, "default|ada", "page");
                sameEvent.addAll(
                        rows("SELECT persistence_id, deleted, adapter_manifest, event_ser_id, event_ser_manifest,"
                                + " length(event_payload), meta_ser_id, meta_ser_manifest, meta_payload, write_timestamp > 0, writer <> '',"
                                + " (SELECT string_agg(tag, ',' ORDER BY tag) FROM event_tag WHERE event_id = ordering)"
                                + " FROM event_journal ORDER BY sequence_number DESC LIMIT 1"));
            }
        }
        assertThat(sameEvent).hasSize(2);
        assertThat(sameEvent.get(1)).isEqualTo(sameEvent.get(0));
        for (Map<String, Object> settings : List.of(PLUGINS_OWN, Map.<String, Object>of())) {
            try (SealedNode node = new SealedNode(url, temporary, settings)) {
                assertThat(node.read(node.diary("one"))).containsExactly("page", "page");
            }
        }
    }

    @Test
    void secondWriterOfANumberIsRefusedAndLeavesNothing() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary)) {
            ActorRef<Diary.Command> diary = node.diary("one");
            node.write(diary, "default|ada", "page");
            TestDatabase.execute(
                    url,
                    "INSERT INTO event_journal (persistence_id, sequence_number, writer, event_ser_id, event_ser_manifest,"
                            + " event_payload) SELECT persistence_id, 2, 'another node', event_ser_id, event_ser_manifest, event_payload"
                            + " FROM event_journal");
            TestProbe<StatusReply<Integer>> answers = node.kit.createTestProbe();
            diary.tell(write("second", answers));
            answers.expectTerminated(diary, PATIENCE);
            answers.expectNoMessage(Duration.ofMillis(50));
        }
        assertThat(rows("SELECT sequence_number, writer = 'another node' FROM event_journal ORDER BY 1"))
                .containsExactly("1|f", "2|t");
        assertThat(rows("SELECT count(*) FROM event_tag"))
                .as("of the first alone")
                .containsExactly("2");
    }

    private static void writeAllAtOnce(SealedNode node) {
        TestProbe<StatusReply<Integer>> answers = node.kit.createTestProbe();
        List<ActorRef<Diary.Command>> diaries = IntStream.range(0, DIARIES)
                .mapToObj(diary -> node.diary("d-" + diary))
                .toList();
        for (int page = 0; page < PAGES; page++) {
            for (ActorRef<Diary.Command> diary : diaries) {
                diary.tell(write("page " + page, answers));
            }
        }
        for (int i = 0; i < DIARIES * PAGES; i++) {
            assertThat(answers.receiveMessage(PATIENCE).isSuccess()).isTrue();
        }
    }

    private static Diary.Write write(String words, TestProbe<StatusReply<Integer>> answers) {
        return new Diary.Write("default|ada", words, JsonNodeFactory.instance.nullNode(), answers.getRef());
    }

    private List<String> rows(String query) throws SQLException {
        return TestDatabase.rows(url, query);
    }
}
