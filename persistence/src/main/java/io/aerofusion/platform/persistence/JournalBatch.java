package io.aerofusion.platform.persistence;

import io.aerofusion.platform.persistence.JournalEvent.Serialized;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Events of several entities that are written together: one statement takes them and their tags as arrays and is its own transaction, so
 * they cost one round trip and one commit. Into the tables of akka-persistence-jdbc.
 */
public final class JournalBatch {
    /** {@code ordering} is assigned in the order of the arrays, so the events of an entity keep theirs. */
    private static final String INSERT = """
            WITH written AS (
                INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp, adapter_manifest, event_payload,
                    event_ser_id, event_ser_manifest, meta_payload, meta_ser_id, meta_ser_manifest)
                SELECT * FROM unnest(?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bytea[],
                    ?::int[], ?::text[], ?::bytea[], ?::int[], ?::text[])
                RETURNING ordering, persistence_id, sequence_number)
            INSERT INTO event_tag (event_id, tag)
            SELECT ordering, tag
            FROM written JOIN unnest(?::text[], ?::bigint[], ?::text[]) AS tagged (persistence_id, sequence_number, tag)
                USING (persistence_id, sequence_number)""";

    private final List<JournalEvent> events = new ArrayList<>();
    private final List<Tag> tags = new ArrayList<>();

    private record Tag(String persistenceId, long sequenceNumber, String tag) {}

    public void add(JournalEvent event, Collection<String> itsTags) {
        events.add(event);
        itsTags.forEach(tag -> tags.add(new Tag(event.persistenceId(), event.sequenceNumber(), tag)));
    }

    /**
     * Writes all or nothing, on a connection that commits by itself.
     *
     * @throws DatabaseException when it failed, for instance because an event of that number is there already (SQLSTATE 23505)
     */
    public void write(Connection connection) {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            Columns columns = new Columns(connection, insert);
            columns.add("text", events, JournalEvent::persistenceId, String[]::new);
            columns.add("int8", events, JournalEvent::sequenceNumber, Long[]::new);
            columns.add("text", events, JournalEvent::writer, String[]::new);
            columns.add("int8", events, JournalEvent::timestamp, Long[]::new);
            columns.add("text", events, JournalEvent::adapterManifest, String[]::new);
            columns.addSerialized(events, JournalEvent::payload);
            columns.addSerialized(events, JournalEvent::metadata);
            columns.add("text", tags, Tag::persistenceId, String[]::new);
            columns.add("int8", tags, Tag::sequenceNumber, Long[]::new);
            columns.add("text", tags, Tag::tag, String[]::new);
            insert.executeUpdate();
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** Sets the parameters of the statement one after the other, each an array with a value per row. */
    private static final class Columns {
        private final Connection connection;
        private final PreparedStatement statement;
        private int last;

        Columns(Connection connection, PreparedStatement statement) {
            this.connection = connection;
            this.statement = statement;
        }

        <R> void add(String type, List<R> rows, Function<R, @Nullable Object> value, IntFunction<Object[]> array)
                throws SQLException {
            statement.setArray(
                    ++last,
                    connection.createArrayOf(type, rows.stream().map(value).toArray(array)));
        }

        <R> void addSerialized(List<R> rows, Function<R, @Nullable Serialized> serialized) throws SQLException {
            List<Optional<Serialized>> all = rows.stream()
                    .map(row -> Optional.ofNullable(serialized.apply(row)))
                    .toList();
            add("bytea", all, value -> value.map(Serialized::bytes).orElse(null), byte[][]::new);
            add("int4", all, value -> value.map(Serialized::serializer).orElse(null), Integer[]::new);
            add("text", all, value -> value.map(Serialized::manifest).orElse(null), String[]::new);
        }
    }
}
