package io.aerofusion.route;

import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Writes what was published into the audit log. */
final class PublicationReadModel implements ReadModel<PublicationEvent> {
    /** Resources that an entry names. */
    private static final int NAMED_MAX = 20;

    private final AuditLog audit;

    PublicationReadModel(AuditLog audit) {
        this.audit = audit;
    }

    @Override
    public String entityType() {
        return Publication.KEY.name();
    }

    @Override
    public Class<PublicationEvent> events() {
        return PublicationEvent.class;
    }

    @Override
    public void apply(ReadModelTransaction transaction, Change<PublicationEvent> change) {
        switch (change.event()) {
            case PublicationEvent.Published published -> {
                SortedMap<String, String> details = new TreeMap<>();
                details.put("generation", Long.toString(published.generation()));
                details.put("changes", Integer.toString(published.changes().size()));
                details.put("note", published.note());
                published.changes().stream()
                        .limit(NAMED_MAX)
                        .forEach(resource -> details.put(
                                ResourceKey.of(resource).toString(), resource.document() == null ? "deleted" : "set"));
                audit.append(
                        transaction,
                        List.of(new AuditLog.Entry(
                                change.tenant(),
                                change.at(),
                                change.persistenceId(this),
                                change.number(),
                                "gateway.published",
                                published.by(),
                                change.subject(),
                                details)));
            }
        }
    }

    @Override
    public void erased(ReadModelTransaction transaction, String tenant, String id) {
        // the audit log is sealed under the same key
    }
}
