package io.aerofusion.platform.persistence;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * The read model of users, and the durable note of which of them are being erased: what finds an erasure again whose node died.
 * Reading blocks.
 */
public final class UserIndex {
    private final DataSource source;
    private final DataKeys keys;
    private final SealedColumn<Content> column;

    public UserIndex(DataSource source, DataKeys keys) {
        this.source = source;
        this.keys = keys;
        this.column = new SealedColumn<>(keys, "user_account", Content.class);
    }

    /**
     * A user as lists show it.
     *
     * @param createdAt ms since the epoch
     */
    public record Row(String tenant, String user, String name, SortedSet<String> roles, long createdAt) {
        public Row {
            roles = new TreeSet<>(roles);
        }
    }

    /** A user who is being erased. */
    public record Erasing(String tenant, String user) {}

    private record Content(String name, SortedSet<String> roles, long createdAt) {}

    /** Writes the user as it is now. One who is being erased stays so; one who was erased is removed. */
    public void put(ReadModelTransaction transaction, Row row) {
        Optional<byte[]> sealed = column.seal(
                subject(row.tenant(), row.user()),
                place(row.tenant(), row.user()),
                new Content(row.name(), row.roles(), row.createdAt()));
        if (sealed.isEmpty()) {
            remove(transaction, row.tenant(), row.user());
            return;
        }
        transaction.update(
                "INSERT INTO user_account (tenant, user_id, state, sealed) VALUES (?, ?, 'active', ?)"
                        + " ON CONFLICT (tenant, user_id) DO UPDATE SET sealed = EXCLUDED.sealed"
                        + " WHERE user_account.state = 'active'",
                row.tenant(),
                row.user(),
                sealed.get());
    }

    /** Notes that the user is being erased: lists pass over it, {@link #erasing} finds it, until {@link #remove}. */
    public void markErasing(ReadModelTransaction transaction, String tenant, String user) {
        transaction.update(
                "INSERT INTO user_account (tenant, user_id, state, sealed) VALUES (?, ?, 'erasing', ''::bytea)"
                        + " ON CONFLICT (tenant, user_id) DO UPDATE SET state = 'erasing', sealed = ''::bytea",
                tenant,
                user);
    }

    public void remove(ReadModelTransaction transaction, String tenant, String user) {
        transaction.update("DELETE FROM user_account WHERE tenant = ? AND user_id = ?", tenant, user);
    }

    /** The user as the transaction sees it, for an event that changes a part of it. */
    public Optional<Row> find(ReadModelTransaction transaction, String tenant, String user) {
        try (PreparedStatement select = transaction
                .connection()
                .prepareStatement("SELECT user_id, sealed FROM user_account"
                        + " WHERE tenant = ? AND user_id = ? AND state = 'active'")) {
            select.setString(1, tenant);
            select.setString(2, user);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? row(tenant, rows) : Optional.empty();
            }
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /**
     * A page of users in the order of their ids.
     *
     * @param after the {@code next} of the page before; "" to begin
     */
    public Slice<Row> list(String tenant, String after, int limit) {
        Slice.checkLimit(limit);
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement("SELECT user_id, sealed FROM user_account"
                    + " WHERE tenant = ? AND user_id > ? AND state = 'active' ORDER BY user_id LIMIT ?")) {
                select.setString(1, tenant);
                select.setString(2, after);
                select.setInt(3, limit + 1);
                try (ResultSet rows = select.executeQuery()) {
                    return Slice.of(rows, limit, "user_id", row -> row(tenant, row));
                }
            }
        });
    }

    /** Users who are being erased, in any order. */
    public List<Erasing> erasing(int limit) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement(
                    "SELECT tenant, user_id FROM user_account WHERE state = 'erasing' LIMIT ?")) {
                select.setInt(1, limit);
                try (ResultSet rows = select.executeQuery()) {
                    List<Erasing> found = new ArrayList<>();
                    while (rows.next()) {
                        found.add(new Erasing(rows.getString(1), rows.getString(2)));
                    }
                    return found;
                }
            }
        });
    }

    private Optional<Row> row(String tenant, ResultSet rows) throws SQLException {
        String user = rows.getString("user_id");
        return column.open(keys.indexOf(subject(tenant, user)), place(tenant, user), rows.getBytes("sealed"))
                .map(content -> new Row(tenant, user, content.name(), content.roles(), content.createdAt()));
    }

    private static String subject(String tenant, String user) {
        return tenant + "|" + user;
    }

    private static String place(String tenant, String user) {
        return tenant + "|" + user;
    }
}
