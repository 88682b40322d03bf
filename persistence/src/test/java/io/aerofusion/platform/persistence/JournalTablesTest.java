package io.aerofusion.platform.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aerofusion.platform.persistence.JournalEvent.Serialized;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is written into the journal plugin's tables and found there by tag. */
class JournalTablesTest {
    private static final Serialized METADATA = new Serialized(8, "metadata", "about".getBytes(UTF_8));

    private String url;
    private Database database;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        url = TestDatabase.migrated();
        database = Database.open(url);
        connection = database.pool().getConnection();
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
        database.close();
    }

    @Test
    void eventsAreFoundAsTheyWereWrittenWithTheirMetadataOrWithout() {
        JournalEvent with = event("a", 1, METADATA);
        JournalEvent without = event("b", 1, null);
        write(new JournalBatch(), with, without);
        assertThat(found("red", 0, 100, 10))
                .usingRecursiveComparison()
                .isEqualTo(List.of(new TaggedEvents.Ordered(1, with), new TaggedEvents.Ordered(2, without)));
    }

    @Test
    void tagIsReadFromAPlaceToAPlaceSoManyAtATimeWithoutTheDeleted() throws SQLException {
        for (int i = 1; i <= 6; i++) {
            JournalBatch batch = new JournalBatch();
            batch.add(event("a", i, null), i == 2 ? Set.of() : i == 3 ? Set.of("blue") : Set.of("blue", "red"));
            batch.write(connection);
        }
        TestDatabase.execute(url, "UPDATE event_journal SET deleted = true WHERE sequence_number = 4");
        assertThat(places("red", 0, 100, 10)).containsExactly(1L, 5L, 6L);
        assertThat(places("red", 1, 100, 10)).containsExactly(5L, 6L);
        assertThat(places("red", 0, 5, 10)).containsExactly(1L, 5L);
        assertThat(places("red", 0, 100, 2)).containsExactly(1L, 5L);
        assertThat(places("blue", 2, 3, 10)).containsExactly(3L);
        assertThat(places("green", 0, 100, 10)).isEmpty();
    }

    @Test
    void batchWithANumberThatIsTakenLeavesNothingOfItself() throws SQLException {
        write(new JournalBatch(), event("a", 1, null));
        assertThatThrownBy(() ->
                        write(new JournalBatch(), event("b", 1, null), event("a", 1, METADATA), event("c", 1, null)))
                .isInstanceOf(DatabaseException.class)
                .cause()
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));
        assertThat(TestDatabase.rows(url, "SELECT persistence_id, meta_payload FROM event_journal"))
                .containsExactly("a|null");
        assertThat(TestDatabase.rows(url, "SELECT event_id, tag FROM event_tag ORDER BY tag"))
                .containsExactly("1|blue", "1|red");
    }

    @Test
    void lostConnectionIsTold() throws SQLException {
        connection.close();
        assertThatThrownBy(() -> found("red", 0, 100, 10)).isInstanceOf(DatabaseException.class);
    }

    private void write(JournalBatch batch, JournalEvent... events) {
        for (JournalEvent event : events) {
            batch.add(event, Set.of("red", "blue"));
        }
        batch.write(connection);
    }

    private static JournalEvent event(String entity, long number, Serialized metadata) {
        return new JournalEvent(
                entity,
                number,
                "writer",
                1_700_000_000_000L,
                "",
                new Serialized(7, "event", new byte[] {0, (byte) number}),
                metadata);
    }

    private List<TaggedEvents.Ordered> found(String tag, long after, long upTo, long most) {
        return new TaggedEvents(tag, after, upTo, most).read(connection);
    }

    private List<Long> places(String tag, long after, long upTo, long most) {
        return found(tag, after, upTo, most).stream()
                .map(TaggedEvents.Ordered::ordering)
                .toList();
    }
}
