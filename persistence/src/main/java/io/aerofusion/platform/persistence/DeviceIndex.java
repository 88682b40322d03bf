package io.aerofusion.platform.persistence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The read model of devices: found by owner, label, state and last seen. Reading blocks. */
public final class DeviceIndex {
    private final DataSource source;
    private final DataKeys keys;
    private final SealedColumn<Content> column;

    public DeviceIndex(DataSource source, DataKeys keys) {
        this.source = source;
        this.keys = keys;
        this.column = new SealedColumn<>(keys, "device", Content.class);
    }

    /**
     * A device as lists show it.
     *
     * @param owner the user it belongs to
     * @param state such as {@code active} or {@code revoked}; not sealed
     * @param registeredAt ms since the epoch
     * @param seenAt ms since the epoch; 0 for never
     */
    public record Row(
            String tenant,
            String device,
            String owner,
            String name,
            SortedMap<String, String> labels,
            String state,
            long registeredAt,
            long seenAt) {
        public Row {
            labels = new TreeMap<>(labels);
        }
    }

    /**
     * What to look for; every part that is given must hold.
     *
     * @param owner "" for any
     * @param labels all of these, with these values
     * @param state "" for any
     * @param seenSince ms since the epoch; 0 for any
     * @param seenBefore ms since the epoch; devices never seen count as seen before everything; 0 for any
     * @param after the {@code next} of the page before; "" to begin
     */
    public record Query(
            String tenant,
            String owner,
            Map<String, String> labels,
            String state,
            long seenSince,
            long seenBefore,
            String after,
            int limit) {
        public Query {
            labels = Map.copyOf(labels);
            Slice.checkLimit(limit);
        }
    }

    private record Content(String owner, String name, SortedMap<String, String> labels, long registeredAt) {}

    /** Writes the device as it is now. An erased owner's is removed instead. */
    public void put(ReadModelTransaction transaction, Row row) {
        Content content = new Content(row.owner(), row.name(), row.labels(), row.registeredAt());
        Optional<byte[]> sealed =
                column.seal(row.tenant() + "|" + row.owner(), row.tenant() + "|" + row.device(), content);
        if (sealed.isEmpty()) {
            remove(transaction, row.tenant(), row.device());
            return;
        }
        transaction.update(
                "INSERT INTO device (tenant, device, owner_index, label_indexes, state, seen_at, sealed)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, device) DO UPDATE SET"
                        + " owner_index = EXCLUDED.owner_index, label_indexes = EXCLUDED.label_indexes,"
                        + " state = EXCLUDED.state, seen_at = EXCLUDED.seen_at, sealed = EXCLUDED.sealed",
                row.tenant(),
                row.device(),
                keys.indexOf(row.tenant() + "|" + row.owner()),
                labelIndexes(row.tenant(), row.labels()),
                row.state(),
                time(row.seenAt()),
                sealed.get());
    }

    /** Only moves the time the device was last seen, which happens most often. */
    public void seen(ReadModelTransaction transaction, String tenant, String device, long at) {
        transaction.update(
                "UPDATE device SET seen_at = greatest(seen_at, ?) WHERE tenant = ? AND device = ?",
                time(at),
                tenant,
                device);
    }

    public void remove(ReadModelTransaction transaction, String tenant, String device) {
        transaction.update("DELETE FROM device WHERE tenant = ? AND device = ?", tenant, device);
    }

    /** Removes every device of a user who is erased. */
    public void removeOf(ReadModelTransaction transaction, String tenant, String owner) {
        transaction.update(
                "DELETE FROM device WHERE tenant = ? AND owner_index = ?", tenant, keys.indexOf(tenant + "|" + owner));
    }

    /** The device as the transaction sees it, for an event that changes a part of it. */
    public Optional<Row> find(ReadModelTransaction transaction, String tenant, String device) {
        try (PreparedStatement select = transaction
                .connection()
                .prepareStatement("SELECT device, owner_index, state, seen_at, sealed FROM device"
                        + " WHERE tenant = ? AND device = ?")) {
            select.setString(1, tenant);
            select.setString(2, device);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? row(tenant, rows) : Optional.empty();
            }
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** A page of devices in the order of their ids. */
    public Slice<Row> search(Query query) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = prepare(connection, query);
                    ResultSet rows = select.executeQuery()) {
                return Slice.of(rows, query.limit(), "device", row -> row(query.tenant(), row));
            }
        });
    }

    private PreparedStatement prepare(Connection connection, Query query) throws SQLException {
        StringBuilder sql = new StringBuilder(
                "SELECT device, owner_index, state, seen_at, sealed FROM device WHERE tenant = ? AND device > ?");
        List<Object> values = new ArrayList<>(List.of(query.tenant(), query.after()));
        if (!query.owner().isEmpty()) {
            sql.append(" AND owner_index = ?");
            values.add(keys.indexOf(query.tenant() + "|" + query.owner()));
        }
        if (!query.labels().isEmpty()) {
            sql.append(" AND label_indexes @> ?");
            values.add(connection.createArrayOf("text", labelIndexes(query.tenant(), query.labels())));
        }
        if (!query.state().isEmpty()) {
            sql.append(" AND state = ?");
            values.add(query.state());
        }
        if (query.seenSince() > 0) {
            sql.append(" AND seen_at >= ?");
            values.add(Timestamp.from(Instant.ofEpochMilli(query.seenSince())));
        }
        if (query.seenBefore() > 0) {
            sql.append(" AND (seen_at < ? OR seen_at IS NULL)");
            values.add(Timestamp.from(Instant.ofEpochMilli(query.seenBefore())));
        }
        sql.append(" ORDER BY device LIMIT ?");
        values.add(query.limit() + 1);
        PreparedStatement select = connection.prepareStatement(sql.toString());
        for (int i = 0; i < values.size(); i++) {
            select.setObject(i + 1, values.get(i));
        }
        return select;
    }

    private Optional<Row> row(String tenant, ResultSet rows) throws SQLException {
        String device = rows.getString("device");
        String state = rows.getString("state");
        @Nullable Timestamp seenAt = rows.getTimestamp("seen_at");
        return column.open(rows.getString("owner_index"), tenant + "|" + device, rows.getBytes("sealed"))
                .map(content -> new Row(
                        tenant,
                        device,
                        content.owner(),
                        content.name(),
                        content.labels(),
                        state,
                        content.registeredAt(),
                        seenAt == null ? 0 : seenAt.toInstant().toEpochMilli()));
    }

    private String[] labelIndexes(String tenant, Map<String, String> labels) {
        return labels.entrySet().stream()
                .map(label -> keys.blindIndex("label\n" + tenant + "\n" + label.getKey() + "\n" + label.getValue()))
                .toArray(String[]::new);
    }

    private static @Nullable Timestamp time(long millis) {
        return millis == 0 ? null : Timestamp.from(Instant.ofEpochMilli(millis));
    }
}
