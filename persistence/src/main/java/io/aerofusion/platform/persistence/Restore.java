package io.aerofusion.platform.persistence;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Brings the database back from a {@link Backup} without bringing back who was erased since: the ledger is replayed, what lists still
 * show of erased users is marked to be removed, and a new epoch begins, so that devices send again what the backup does not hold.
 */
public final class Restore {
    /** Name of the file with the data keys, in the directory that a backup writes them to. */
    public static final String KEYS_FILE = "keys.backup";
    /** Name of the copy of the erasure ledger beside it. */
    public static final String LEDGER_FILE = "erasures.ledger";

    /**
     * What a restore did.
     *
     * @param keysDestroyed keys of erased subjects that the backup had brought back
     * @param usersErased users whom the backup's lists still knew; the node removes what is left of them
     * @param epoch the epoch that begins
     */
    public record Result(int keysDestroyed, int usersErased, long epoch) {}

    private Restore() {}

    /**
     * Restores while no node runs.
     *
     * @param url JDBC URL of an empty database; of the restored one when {@code journal} is null
     * @param journal null when the database was restored by other means, such as PostgreSQL's own base backup and WAL
     * @param keys directory with {@link #KEYS_FILE} and {@link #LEDGER_FILE}, as the last backup left it
     * @throws StartException when something is missing or does not fit, with what to do
     */
    public static Result run(
            DataDirectory directory,
            String url,
            @Nullable Path journal,
            Path keys,
            Path regionalKey,
            InstantSource clock) {
        refuseUnlessThere(regionalKey, "The regional key file");
        Path copy = keys.resolve(LEDGER_FILE);
        if (!Files.exists(directory.erasureLedger())) {
            refuseUnlessThere(copy, "The erasure ledger");
        }
        if (journal != null) {
            refuseUnlessThere(journal, "The backup");
            refuseUnlessThere(keys.resolve(KEYS_FILE), "The backup of the data keys");
            Backup.read(url, Backup.Part.KEYS, keys.resolve(KEYS_FILE));
            Backup.read(url, Backup.Part.JOURNAL, journal);
        }
        try (Database database = Database.open(url);
                DataKeyStore store =
                        DataKeyStore.open(database.pool(), regionalKey, directory.erasureLedger(), clock)) {
            int destroyed = store.replayedAtOpening() + (Files.exists(copy) ? store.replayLedger(copy) : 0);
            Set<String> erased = store.erasedSubjects();
            return Transaction.commit(
                    database.pool(),
                    connection -> new Result(
                            destroyed,
                            erased.isEmpty() ? 0 : markErased(connection, store, erased),
                            beginEpoch(connection, clock.millis() / 1_000)));
        }
    }

    /** The epoch that the last restore began; empty when there was none. */
    public static Optional<Long> epoch(DataSource source) {
        return Transaction.single(source, connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT epoch FROM aerofusion_keys.space_epoch")) {
                return rows.next() ? Optional.of(rows.getLong(1)) : Optional.empty();
            }
        });
    }

    /** The epoch is the time in seconds: no two restores begin the same one, whichever backup they start from. */
    private static long beginEpoch(Connection connection, long now) throws SQLException {
        try (PreparedStatement put = connection.prepareStatement(
                "INSERT INTO aerofusion_keys.space_epoch (epoch) VALUES (?) ON CONFLICT (only_row)"
                        + " DO UPDATE SET epoch = greatest(space_epoch.epoch + 1, EXCLUDED.epoch) RETURNING epoch")) {
            put.setLong(1, now);
            try (ResultSet rows = put.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    /** Notes erased users as being erased, so that a node finishes it: their devices, spaces and rows go, the proof is written. */
    private static int markErased(Connection connection, DataKeys keys, Set<String> erased) throws SQLException {
        int marked = 0;
        try (Statement select = connection.createStatement();
                PreparedStatement mark = connection.prepareStatement("UPDATE user_account SET state = 'erasing',"
                        + " sealed = ''::bytea WHERE tenant = ? AND user_id = ?")) {
            select.setFetchSize(1_000);
            try (ResultSet rows =
                    select.executeQuery("SELECT tenant, user_id FROM user_account WHERE state = 'active'")) {
                while (rows.next()) {
                    if (erased.contains(keys.indexOf(rows.getString(1) + "|" + rows.getString(2)))) {
                        mark.setString(1, rows.getString(1));
                        mark.setString(2, rows.getString(2));
                        marked += mark.executeUpdate();
                    }
                }
            }
        }
        return marked;
    }

    private static void refuseUnlessThere(Path file, String what) {
        if (!Files.isRegularFile(file)) {
            throw new StartException(what + " " + file + " is missing: bring it there first, see docs/guide.md.");
        }
    }
}
