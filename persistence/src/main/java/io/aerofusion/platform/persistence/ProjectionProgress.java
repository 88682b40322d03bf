package io.aerofusion.platform.persistence;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;

/** How far a projection has read the journal. Reading blocks. */
public final class ProjectionProgress {
    private static final String UNREAD = " FROM event_tag t LEFT JOIN akka_projection_offset_store o"
            + " ON o.projection_name = ? AND o.projection_key = t.tag"
            + " WHERE t.tag = ANY (?) AND t.event_id > coalesce(o.current_offset::bigint, 0)";

    private final DataSource source;
    private final String projection;
    private final List<String> tags;

    /**
     * Of one projection.
     *
     * @param projection its name in the offset store
     * @param tags that it follows; each is the key of a slice
     */
    public ProjectionProgress(DataSource source, String projection, List<String> tags) {
        this.source = source;
        this.projection = projection;
        this.tags = List.copyOf(tags);
    }

    /** The place of the newest event of all in the journal; 0 when there is none. */
    public long newest() {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("SELECT coalesce(max(ordering), 0) FROM event_journal")) {
                return number(select);
            }
        });
    }

    /** How many events up to a place in the journal are for the projection and not read yet. */
    public long unreadUpTo(long place) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("SELECT count(*)" + UNREAD + " AND t.event_id <= ?")) {
                select.setString(1, projection);
                select.setArray(2, connection.createArrayOf("varchar", tags.toArray()));
                select.setLong(3, place);
                return number(select);
            }
        });
    }

    /** How many events of some entities are for the projection and not read yet. */
    public long unreadOf(List<String> persistenceIds) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement("SELECT count(*)" + UNREAD
                    + " AND t.event_id IN (SELECT ordering FROM event_journal WHERE persistence_id = ANY (?))")) {
                select.setString(1, projection);
                select.setArray(2, connection.createArrayOf("varchar", tags.toArray()));
                select.setArray(3, connection.createArrayOf("varchar", persistenceIds.toArray()));
                return number(select);
            }
        });
    }

    private static long number(PreparedStatement select) throws SQLException {
        try (ResultSet rows = select.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
