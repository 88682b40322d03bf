package io.aerofusion.platform.persistence;

import java.sql.PreparedStatement;
import javax.sql.DataSource;

/** Removes snapshots that a newer one has replaced: Akka does that only for snapshots it takes by count. Blocks. */
public final class Snapshots {
    private final DataSource source;

    public Snapshots(DataSource source) {
        this.source = source;
    }

    /** Deletes the snapshots of an entity that are older than one event of its journal. */
    public int deleteBefore(String persistenceId, long sequenceNumber) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement delete = connection.prepareStatement(
                    "DELETE FROM snapshot WHERE persistence_id = ? AND sequence_number < ?")) {
                delete.setString(1, persistenceId);
                delete.setLong(2, sequenceNumber);
                return delete.executeUpdate();
            }
        });
    }
}
