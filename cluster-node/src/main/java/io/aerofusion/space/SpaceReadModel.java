package io.aerofusion.space;

import io.aerofusion.platform.cluster.AuditedReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.persistence.SpaceIndex;
import java.util.Map;

/** Writes the list of spaces that a user may see, and what was done to spaces into the audit log. */
final class SpaceReadModel extends AuditedReadModel<SpaceEvent> {
    private final SpaceIndex spaces;

    SpaceReadModel(SpaceIndex spaces, AuditLog audit) {
        super(Space.KEY.name(), SpaceEvent.class, audit);
        this.spaces = spaces;
    }

    /** Whether anything here depends on the event; the others need not be read by projections. */
    static boolean follows(SpaceEvent event) {
        return switch (event) {
            case SpaceEvent.Created created -> true;
            case SpaceEvent.MemberSet set -> true;
            case SpaceEvent.MemberRemoved removed -> true;
            case SpaceEvent.SchemaSet set -> true;
            case SpaceEvent.QuotaSet set -> true;
            case SpaceEvent.QuarantineDecided decided -> true;
            case SpaceEvent.ConflictResolved resolved -> true;
            case SpaceEvent.Erased erased -> true;
            case SpaceEvent.DeviceSeen seen -> false;
            case Merged merged -> false;
            case Purged purged -> false;
        };
    }

    @Override
    public void apply(ReadModelTransaction transaction, Change<SpaceEvent> change) {
        String tenant = change.tenant();
        String space = change.id();
        switch (change.event()) {
            case SpaceEvent.Created e -> {
                spaces.put(
                        transaction,
                        new SpaceIndex.Row(tenant, space, e.owner(), e.title(), e.at()),
                        SpaceRoutes.text(SpaceRight.MANAGE));
                record(transaction, change, "space.created", e.by(), e.at(), Map.of("owner", e.owner()));
            }
            case SpaceEvent.MemberSet e -> {
                String right = SpaceRoutes.text(e.right());
                spaces.putMember(transaction, tenant, space, e.user(), right);
                record(
                        transaction,
                        change,
                        "space.member-set",
                        e.by(),
                        e.at(),
                        Map.of("user", e.user(), "right", right));
            }
            case SpaceEvent.MemberRemoved e -> {
                spaces.removeMember(transaction, tenant, space, e.user());
                record(transaction, change, "space.member-removed", e.by(), e.at(), Map.of("user", e.user()));
            }
            case SpaceEvent.SchemaSet e ->
                record(transaction, change, "space.schema-set", e.by(), e.at(), Map.of("collection", e.collection()));
            case SpaceEvent.QuotaSet e ->
                record(
                        transaction,
                        change,
                        "space.quota-set",
                        e.by(),
                        e.at(),
                        Map.of("documents", Long.toString(e.documents()), "bytes", Long.toString(e.bytes())));
            case SpaceEvent.QuarantineDecided e ->
                record(
                        transaction,
                        change,
                        "space.quarantine-decided",
                        e.by(),
                        e.at(),
                        Map.of("device", e.device(), "accepted", Boolean.toString(e.accepted())));
            case SpaceEvent.ConflictResolved e ->
                record(
                        transaction,
                        change,
                        "space.conflict-resolved",
                        e.by(),
                        e.at(),
                        Map.of("collection", e.collection(), "document", e.document(), "path", e.path()));
            case SpaceEvent.Erased e -> {
                spaces.remove(transaction, tenant, space);
                record(transaction, change, "space.erased", e.by(), e.at(), Map.of());
            }
            case SpaceEvent.DeviceSeen e -> {}
            case Merged e -> {}
            case Purged e -> {}
        }
    }

    @Override
    public void erased(ReadModelTransaction transaction, String tenant, String id) {
        spaces.remove(transaction, tenant, id);
    }
}
