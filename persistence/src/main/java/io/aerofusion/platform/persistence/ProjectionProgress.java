package io.aerofusion.platform.persistence;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import javax.sql.DataSource;

/** How far a projection has read the events of some entities. Reading blocks. */
public final class ProjectionProgress {
    private final DataSource source;
    private final String projection;
    private final String tagPrefix;

    /**
     * Of one projection.
     *
     * @param projection its name in the offset store
     * @param tagPrefix with which the tags begin that it follows; each is the key of a slice
     */
    public ProjectionProgress(DataSource source, String projection, String tagPrefix) {
        this.source = source;
        this.projection = projection;
        this.tagPrefix = tagPrefix;
    }

    /** The number of events that are for the projection and that it has not read yet. */
    public long unread(List<String> persistenceIds) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement(
                    "SELECT count(*) FROM event_journal j JOIN event_tag t ON t.event_id = j.ordering"
                            + " LEFT JOIN akka_projection_offset_store o"
                            + " ON o.projection_name = ? AND o.projection_key = t.tag"
                            + " WHERE j.persistence_id = ANY (?) AND starts_with(t.tag, ?)"
                            + " AND (o.current_offset IS NULL OR j.ordering > o.current_offset::bigint)")) {
                select.setString(1, projection);
                select.setArray(2, connection.createArrayOf("varchar", persistenceIds.toArray()));
                select.setString(3, tagPrefix);
                try (ResultSet rows = select.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }
}
