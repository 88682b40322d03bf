package io.aerofusion.platform.persistence;

import io.aerofusion.platform.persistence.JournalEvent.Serialized;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A look for the events of a tag in the tables of akka-persistence-jdbc. It goes along the index of tags, so that it costs what it finds,
 * and not what was written under other tags meanwhile.
 *
 * @param after the place in the order of all events after which to begin
 * @param upTo the last place to look at
 * @param most so many events at most
 */
public record TaggedEvents(String tag, long after, long upTo, long most) {
    private static final String SELECT = """
            SELECT ordering, persistence_id, sequence_number, writer, write_timestamp, adapter_manifest,
                event_ser_id, event_ser_manifest, event_payload, meta_ser_id, meta_ser_manifest, meta_payload
            FROM event_tag JOIN event_journal ON ordering = event_id
            WHERE tag = ? AND event_id > ? AND event_id <= ? AND NOT deleted
            ORDER BY event_id
            LIMIT ?""";

    /** An event and its place in the order of all events. */
    public record Ordered(long ordering, JournalEvent event) {}

    /**
     * The events in their order.
     *
     * @throws DatabaseException when the database did not answer
     */
    public List<Ordered> read(Connection connection) {
        try (PreparedStatement select = connection.prepareStatement(SELECT)) {
            select.setString(1, tag);
            select.setLong(2, after);
            select.setLong(3, upTo);
            select.setLong(4, most);
            List<Ordered> found = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    found.add(new Ordered(rows.getLong(1), event(rows)));
                }
            }
            return found;
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    private static JournalEvent event(ResultSet row) throws SQLException {
        byte[] metadata = row.getBytes(12);
        return new JournalEvent(
                row.getString(2),
                row.getLong(3),
                row.getString(4),
                row.getLong(5),
                row.getString(6),
                new Serialized(row.getInt(7), row.getString(8), row.getBytes(9)),
                metadata == null ? null : new Serialized(row.getInt(10), row.getString(11), metadata));
    }
}
