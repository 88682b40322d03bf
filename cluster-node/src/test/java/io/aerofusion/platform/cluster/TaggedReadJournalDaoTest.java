package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.jdbc.query.javadsl.JdbcReadJournal;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.query.Sequence;
import akka.stream.javadsl.Sink;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.platform.security.Sealed;
import io.aerofusion.platform.security.SealedNode;
import io.aerofusion.platform.security.Sealing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events by their tag on the real database, beside what the plugin's own DAO finds. */
class TaggedReadJournalDaoTest {
    /** Small pages, so that a slice takes more than one. */
    private static final Map<String, Object> OURS =
            Map.of("jdbc-read-journal.max-buffer-size", 2, "jdbc-read-journal.refresh-interval", "20ms");

    private static final Map<String, Object> PLUGINS_OWN = Map.of(
            "jdbc-read-journal.max-buffer-size",
            2,
            "jdbc-read-journal.dao",
            "akka.persistence.jdbc.query.dao.DefaultReadJournalDao");
    private static final int DIARIES = 20;
    private static final int PAGES = 4;

    @TempDir
    Path temporary;

    private String url;

    @BeforeEach
    void database() {
        url = TestDatabase.migrated();
    }

    @Test
    void findsWhatThePluginsOwnDaoFindsFromAnyPlace() {
        List<List<String>> found = new ArrayList<>();
        for (Map<String, Object> settings : List.of(OURS, PLUGINS_OWN)) {
            try (SealedNode node = new SealedNode(url, temporary, settings)) {
                if (found.isEmpty()) {
                    for (int page = 0; page < PAGES; page++) {
                        for (int diary = 0; diary < DIARIES; diary++) {
                            node.write(node.diary("d-" + diary + "-" + page), "default|ada", "page " + page);
                        }
                    }
                }
                found.add(List.of(0L, 7L, 79L, 80L, 1000L).stream()
                        .flatMap(after -> IntStream.range(0, Sealing.SLICES)
                                .boxed()
                                .flatMap(slice ->
                                        current(node, slice, after).stream().map(event -> after + ": " + event)))
                        .toList());
            }
        }
        assertThat(found.get(0)).isEqualTo(found.get(1)).hasSize(80 + 73 + 1);
    }

    @Test
    void whoFollowsGetsWhatComesLater() throws Exception {
        try (SealedNode node = new SealedNode(url, temporary, OURS)) {
            BlockingQueue<String> arrived = new LinkedBlockingQueue<>();
            for (int slice = 0; slice < Sealing.SLICES; slice++) {
                journal(node)
                        .eventsByTag(Sealing.modelTag(slice), Offset.noOffset())
                        .runWith(
                                Sink.foreach(event -> arrived.add(event.persistenceId() + event.sequenceNr())),
                                node.kit.system());
            }
            for (int i = 1; i <= 3; i++) {
                // each after the look that found the one before, and after looks that found nothing
                assertThat(arrived.poll(100, TimeUnit.MILLISECONDS)).isNull();
                node.write(node.diary("diary-" + i), "default|ada", "page");
                assertThat(arrived.poll(60, TimeUnit.SECONDS)).isEqualTo("Diary|default|diary-" + i + "1");
            }
        }
    }

    private static List<String> current(SealedNode node, int slice, long after) {
        return SealedNode.await(journal(node)
                        .currentEventsByTag(Sealing.modelTag(slice), Offset.sequence(after))
                        .runWith(Sink.seq(), node.kit.system()))
                .stream()
                .map(TaggedReadJournalDaoTest::text)
                .toList();
    }

    private static String text(EventEnvelope event) {
        return ((Sequence) event.offset()).value() + " " + event.persistenceId() + " " + event.sequenceNr() + " "
                + event.timestamp() + " " + Arrays.hashCode(((Sealed) event.event()).content());
    }

    private static JdbcReadJournal journal(SealedNode node) {
        return PersistenceQuery.get(node.kit.system())
                .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
    }
}
