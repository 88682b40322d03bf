package io.aerofusion.space;

import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.persistence.SpaceIndex;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes the list of spaces that a user may see, and what was done to spaces into the audit log. */
final class SpaceReadModel implements ReadModel<SpaceEvent> {
    private final SpaceIndex spaces;
    private final AuditLog audit;

    SpaceReadModel(SpaceIndex spaces, AuditLog audit) {
        this.spaces = spaces;
        this.audit = audit;
    }

    @Override
    public String entityType() {
        return Space.KEY.name();
    }

    @Override
    public Class<SpaceEvent> events() {
        return SpaceEvent.class;
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

    private void record(
            ReadModelTransaction transaction,
            Change<SpaceEvent> change,
            String action,
            String by,
            long at,
            Map<String, String> details) {
        audit.append(
                transaction,
                List.of(new AuditLog.Entry(
                        change.tenant(),
                        at,
                        change.persistenceId(this),
                        change.number(),
                        action,
                        by,
                        change.subject(),
                        new TreeMap<>(details))));
    }
}
