package io.aerofusion.user;

import io.aerofusion.platform.cluster.AuditedReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.persistence.UserIndex;
import java.util.Map;

/** Writes the list of users and what was done to them into the audit log. */
final class UserReadModel extends AuditedReadModel<UserEvent> {
    private final UserIndex users;

    UserReadModel(UserIndex users, AuditLog audit) {
        super(User.KEY.name(), UserEvent.class, audit);
        this.users = users;
    }

    /** Whether anything here depends on the event; the others need not be read by projections. */
    static boolean follows(UserEvent event) {
        return switch (event) {
            case UserEvent.Created e -> true;
            case UserEvent.RolesChanged e -> true;
            case UserEvent.TokenIssued e -> true;
            case UserEvent.TokenRevoked e -> true;
            case UserEvent.ErasureRequested e -> true;
            case UserEvent.TokenUsed e -> false;
            case UserEvent.Erased e -> false;
        };
    }

    @Override
    public void apply(ReadModelTransaction transaction, Change<UserEvent> change) {
        switch (change.event()) {
            case UserEvent.Created e -> {
                users.put(transaction, new UserIndex.Row(change.tenant(), change.id(), e.name(), e.roles(), e.at()));
                record(
                        transaction,
                        change,
                        "user.created",
                        e.by(),
                        e.at(),
                        Map.of("roles", String.join(" ", e.roles())));
            }
            case UserEvent.RolesChanged e -> {
                users.find(transaction, change.tenant(), change.id())
                        .ifPresent(row -> users.put(
                                transaction,
                                new UserIndex.Row(row.tenant(), row.user(), row.name(), e.roles(), row.createdAt())));
                record(
                        transaction,
                        change,
                        "user.roles-changed",
                        e.by(),
                        e.at(),
                        Map.of("roles", String.join(" ", e.roles())));
            }
            case UserEvent.TokenIssued e ->
                record(
                        transaction,
                        change,
                        "user.token-issued",
                        e.by(),
                        e.at(),
                        Map.of("token", e.token(), "name", e.name()));
            case UserEvent.TokenRevoked e ->
                record(transaction, change, "user.token-revoked", e.by(), e.at(), Map.of("token", e.token()));
            // The steps of the erasure write their entries themselves: this one may come when the key is gone.
            // Should the node have died before the first step, the mark lets the erasure be found.
            case UserEvent.ErasureRequested e -> users.markErasing(transaction, change.tenant(), change.id());
            case UserEvent.TokenUsed e -> {}
            case UserEvent.Erased e -> {}
        }
    }

    @Override
    public void erased(ReadModelTransaction transaction, String tenant, String id) {
        // The erasure itself removes the row, when its last step is done: the row is how it would be found again.
    }
}
