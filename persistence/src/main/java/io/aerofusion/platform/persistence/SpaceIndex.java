package io.aerofusion.platform.persistence;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;

/** The read model of spaces: which a user may see. Who the members of one space are, the space itself knows. Reading blocks. */
public final class SpaceIndex {
    private final DataSource source;
    private final DataKeys keys;
    private final SealedColumn<Content> column;

    public SpaceIndex(DataSource source, DataKeys keys) {
        this.source = source;
        this.keys = keys;
        this.column = new SealedColumn<>(keys, "space", Content.class);
    }

    /**
     * A space as lists show it.
     *
     * @param owner the user whose space it is
     * @param createdAt ms since the epoch
     */
    public record Row(String tenant, String space, String owner, String title, long createdAt) {}

    /** A space and what the user may do in it. */
    public record Membership(Row space, String right) {}

    private record Content(String owner, String title, long createdAt) {}

    /** Writes the space as it is now, with its owner's right. An erased owner's is removed instead. */
    public void put(ReadModelTransaction transaction, Row row, String ownersRight) {
        Optional<byte[]> sealed = column.seal(
                row.tenant() + "|" + row.owner(),
                row.tenant() + "|" + row.space(),
                new Content(row.owner(), row.title(), row.createdAt()));
        if (sealed.isEmpty()) {
            remove(transaction, row.tenant(), row.space());
            return;
        }
        transaction.update(
                "INSERT INTO space (tenant, space, owner_index, sealed) VALUES (?, ?, ?, ?)"
                        + " ON CONFLICT (tenant, space) DO UPDATE SET owner_index = EXCLUDED.owner_index,"
                        + " sealed = EXCLUDED.sealed",
                row.tenant(),
                row.space(),
                keys.indexOf(row.tenant() + "|" + row.owner()),
                sealed.get());
        putMember(transaction, row.tenant(), row.space(), row.owner(), ownersRight);
    }

    /** Gives a user a right in a space, or another one. Without effect when the space was removed. */
    public void putMember(ReadModelTransaction transaction, String tenant, String space, String user, String right) {
        transaction.update(
                "INSERT INTO space_member (tenant, space, user_index, access_right)"
                        + " SELECT tenant, space, ?, ? FROM space WHERE tenant = ? AND space = ?"
                        + " ON CONFLICT (tenant, space, user_index) DO UPDATE SET access_right = EXCLUDED.access_right",
                keys.indexOf(tenant + "|" + user),
                right,
                tenant,
                space);
    }

    public void removeMember(ReadModelTransaction transaction, String tenant, String space, String user) {
        transaction.update(
                "DELETE FROM space_member WHERE tenant = ? AND space = ? AND user_index = ?",
                tenant,
                space,
                keys.indexOf(tenant + "|" + user));
    }

    public void remove(ReadModelTransaction transaction, String tenant, String space) {
        transaction.update("DELETE FROM space WHERE tenant = ? AND space = ?", tenant, space);
    }

    /** Removes the spaces and the memberships of a user who is erased. */
    public void removeOf(ReadModelTransaction transaction, String tenant, String user) {
        String index = keys.indexOf(tenant + "|" + user);
        transaction.update("DELETE FROM space WHERE tenant = ? AND owner_index = ?", tenant, index);
        transaction.update("DELETE FROM space_member WHERE tenant = ? AND user_index = ?", tenant, index);
    }

    /**
     * A page of the spaces that a user may see, in the order of their ids.
     *
     * @param after the {@code next} of the page before; "" to begin
     */
    public Slice<Membership> of(String tenant, String user, String after, int limit) {
        Slice.checkLimit(limit);
        return Transaction.single(source, connection -> {
            try (PreparedStatement select = connection.prepareStatement(
                    "SELECT space, owner_index, sealed, access_right FROM space_member JOIN space USING (tenant, space)"
                            + " WHERE tenant = ? AND user_index = ? AND space > ? ORDER BY space LIMIT ?")) {
                select.setString(1, tenant);
                select.setString(2, keys.indexOf(tenant + "|" + user));
                select.setString(3, after);
                select.setInt(4, limit + 1);
                try (ResultSet rows = select.executeQuery()) {
                    return Slice.of(rows, limit, "space", row -> membership(tenant, row));
                }
            }
        });
    }

    private Optional<Membership> membership(String tenant, ResultSet rows) throws SQLException {
        String space = rows.getString("space");
        String right = rows.getString("access_right");
        return column.open(rows.getString("owner_index"), tenant + "|" + space, rows.getBytes("sealed"))
                .map(content -> new Membership(
                        new Row(tenant, space, content.owner(), content.title(), content.createdAt()), right));
    }
}
