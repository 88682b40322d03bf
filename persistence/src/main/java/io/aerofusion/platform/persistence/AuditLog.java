package io.aerofusion.platform.persistence;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.sql.DataSource;

/**
 * Who did what when: rows that are only ever added, chained by SHA-256. Who it was and the details are sealed under the key of
 * the person it is about; after an erasure there remains that something was done to an entity, when, and the chain. Reading blocks.
 */
public final class AuditLog {
    /** Rows of one step of {@link #verify}. */
    private static final int VERIFIED_AT_ONCE = 1_000;
    /** Chains writers one after the other; held until the transaction ends. */
    private static final long WRITERS_LOCK = 0x6175646974L;

    private static final String COLUMNS =
            "number, at, tenant, entity, event_number, action, actor_index, subject_index, sealed, hash";

    private final DataSource source;
    private final DataKeys keys;
    private final SealedColumn<Content> column;

    public AuditLog(DataSource source, DataKeys keys) {
        this.source = source;
        this.keys = keys;
        this.column = new SealedColumn<>(keys, "audit_log", Content.class);
    }

    /**
     * Something that was done.
     *
     * @param at ms since the epoch
     * @param entity persistence id of what it was done to
     * @param eventNumber the event's number in that entity's journal; with the action it makes repeats harmless
     * @param action such as {@code device.revoked}; not sealed
     * @param actor such as {@code user:alice}
     * @param subject whose key seals it: {@code tenant|user}
     * @param details for people; small
     */
    public record Entry(
            String tenant,
            long at,
            String entity,
            long eventNumber,
            String action,
            String actor,
            String subject,
            SortedMap<String, String> details) {
        public Entry {
            details = new TreeMap<>(details);
        }
    }

    /**
     * An entry as it was recorded.
     *
     * @param actor empty when the person it is about was erased
     */
    public record Recorded(
            long number,
            long at,
            String tenant,
            String entity,
            String action,
            Optional<String> actor,
            Map<String, String> details) {}

    /**
     * What to look for; every part that is given must hold. The newest come first.
     *
     * @param entity persistence id; "" for any
     * @param actor such as {@code user:alice}; "" for any
     * @param subject whom it is about, {@code tenant|user}; "" for any
     * @param since ms since the epoch
     * @param until ms since the epoch, exclusive
     * @param before the {@code next} of the page before; "" to begin
     */
    public record Query(
            String tenant,
            String entity,
            String actor,
            String subject,
            long since,
            long until,
            String before,
            int limit) {
        public Query {
            Slice.checkLimit(limit);
        }

        /** Everything of a tenant. */
        public static Query all(String tenant, String before, int limit) {
            return new Query(tenant, "", "", "", 0, Long.MAX_VALUE, before, limit);
        }
    }

    private record Content(String actor, SortedMap<String, String> details) {}

    @SuppressWarnings("ArrayRecordComponent") // between statement and hash; nothing compares it
    private record Row(
            long number,
            long at,
            String tenant,
            String entity,
            long eventNumber,
            String action,
            String actorIndex,
            String subjectIndex,
            byte[] sealed) {
        byte[] hash(byte[] previous) {
            try {
                MessageDigest sha = MessageDigest.getInstance("SHA-256");
                sha.update(previous);
                sha.update(ByteBuffer.allocate(24)
                        .putLong(number)
                        .putLong(at)
                        .putLong(eventNumber)
                        .array());
                for (String text : List.of(tenant, entity, action, actorIndex, subjectIndex)) {
                    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                    sha.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
                    sha.update(bytes);
                }
                return sha.digest(sealed);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }
    }

    /** Adds entries in their order; those that stand there already are passed over. */
    public void append(ReadModelTransaction transaction, List<Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        Connection connection = transaction.connection();
        try {
            try (PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(?)")) {
                lock.setLong(1, WRITERS_LOCK);
                lock.execute();
            }
            for (Entry entry : entries) {
                if (!stands(connection, entry)) {
                    insert(connection, entry);
                }
            }
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** A page of entries, the newest first. */
    public Slice<Recorded> search(Query query) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement("SELECT " + COLUMNS + " FROM audit_log"
                    + " WHERE tenant = ? AND number < ? AND (? = '' OR entity = ?) AND (? = '' OR actor_index = ?)"
                    + " AND (? = '' OR subject_index = ?) AND at >= ? AND at < ?"
                    + " ORDER BY number DESC LIMIT ?")) {
                String actor = query.actor().isEmpty() ? "" : actorIndex(query.tenant(), query.actor());
                select.setString(1, query.tenant());
                select.setLong(2, query.before().isEmpty() ? Long.MAX_VALUE : Long.parseLong(query.before()));
                select.setString(3, query.entity());
                select.setString(4, query.entity());
                select.setString(5, actor);
                select.setString(6, actor);
                String subject = query.subject().isEmpty() ? "" : keys.indexOf(query.subject());
                select.setString(7, subject);
                select.setString(8, subject);
                select.setLong(9, query.since());
                select.setLong(10, query.until());
                select.setInt(11, query.limit() + 1);
                try (ResultSet rows = select.executeQuery()) {
                    List<Recorded> found = new ArrayList<>();
                    while (rows.next()) {
                        if (found.size() == query.limit()) {
                            return new Slice<>(
                                    found,
                                    Optional.of(Long.toString(found.getLast().number())));
                        }
                        found.add(recorded(row(rows)));
                    }
                    return new Slice<>(found, Optional.empty());
                }
            }
        });
    }

    /** Number of the first entry that was changed, or that follows one that was taken out; empty when the chain is whole. */
    public Optional<Long> verify() {
        byte[] previous = new byte[0];
        long next = 1;
        while (true) {
            long from = next;
            byte[] before = previous;
            List<byte[]> hashes = new ArrayList<>();
            Optional<Long> broken = Transaction.single(source, connection -> {
                try (PreparedStatement select = connection.prepareStatement(
                        "SELECT " + COLUMNS + " FROM audit_log WHERE number >= ? ORDER BY number LIMIT ?")) {
                    select.setLong(1, from);
                    select.setInt(2, VERIFIED_AT_ONCE);
                    try (ResultSet rows = select.executeQuery()) {
                        return firstBroken(rows, from, before, hashes);
                    }
                }
            });
            if (broken.isPresent() || hashes.isEmpty()) {
                return broken;
            }
            next += hashes.size();
            previous = hashes.getLast();
        }
    }

    private static Optional<Long> firstBroken(ResultSet rows, long from, byte[] before, List<byte[]> hashes)
            throws SQLException {
        byte[] previous = before;
        while (rows.next()) {
            Row row = row(rows);
            byte[] hash = row.hash(previous);
            if (row.number() != from + hashes.size() || !MessageDigest.isEqual(hash, rows.getBytes("hash"))) {
                return Optional.of(row.number());
            }
            hashes.add(hash);
            previous = hash;
        }
        return Optional.empty();
    }

    private static boolean stands(Connection connection, Entry entry) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT 1 FROM audit_log WHERE entity = ? AND event_number = ? AND action = ?")) {
            select.setString(1, entry.entity());
            select.setLong(2, entry.eventNumber());
            select.setString(3, entry.action());
            try (ResultSet rows = select.executeQuery()) {
                return rows.next();
            }
        }
    }

    private void insert(Connection connection, Entry entry) throws SQLException {
        long number = 1;
        byte[] previous = new byte[0];
        try (PreparedStatement select =
                        connection.prepareStatement("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1");
                ResultSet rows = select.executeQuery()) {
            if (rows.next()) {
                number = rows.getLong(1) + 1;
                previous = rows.getBytes(2);
            }
        }
        Row row = new Row(
                number,
                entry.at(),
                entry.tenant(),
                entry.entity(),
                entry.eventNumber(),
                entry.action(),
                actorIndex(entry.tenant(), entry.actor()),
                keys.indexOf(entry.subject()),
                column.seal(
                                entry.subject(),
                                place(entry.entity(), entry.eventNumber(), entry.action()),
                                new Content(entry.actor(), entry.details()))
                        .orElse(new byte[0]));
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO audit_log (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            insert.setLong(1, row.number());
            insert.setLong(2, row.at());
            insert.setString(3, row.tenant());
            insert.setString(4, row.entity());
            insert.setLong(5, row.eventNumber());
            insert.setString(6, row.action());
            insert.setString(7, row.actorIndex());
            insert.setString(8, row.subjectIndex());
            insert.setBytes(9, row.sealed());
            insert.setBytes(10, row.hash(previous));
            insert.executeUpdate();
        }
    }

    private Recorded recorded(Row row) {
        Optional<Content> content = row.sealed().length == 0
                ? Optional.empty()
                : column.open(row.subjectIndex(), place(row.entity(), row.eventNumber(), row.action()), row.sealed());
        return new Recorded(
                row.number(),
                row.at(),
                row.tenant(),
                row.entity(),
                row.action(),
                content.map(Content::actor),
                content.<Map<String, String>>map(Content::details).orElse(Map.of()));
    }

    private static Row row(ResultSet rows) throws SQLException {
        return new Row(
                rows.getLong("number"),
                rows.getLong("at"),
                rows.getString("tenant"),
                rows.getString("entity"),
                rows.getLong("event_number"),
                rows.getString("action"),
                rows.getString("actor_index"),
                rows.getString("subject_index"),
                rows.getBytes("sealed"));
    }

    private String actorIndex(String tenant, String actor) {
        return keys.blindIndex("actor\n" + tenant + "\n" + actor);
    }

    private static String place(String entity, long eventNumber, String action) {
        return entity + "\n" + eventNumber + "\n" + action;
    }
}
