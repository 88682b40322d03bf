package io.aerofusion.platform.cluster;

import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A read model that also writes into the audit log what was done. */
public abstract class AuditedReadModel<E> implements ReadModel<E> {
    private final String entityType;
    private final Class<E> events;
    private final AuditLog audit;

    protected AuditedReadModel(String entityType, Class<E> events, AuditLog audit) {
        this.entityType = entityType;
        this.events = events;
        this.audit = audit;
    }

    @Override
    public final String entityType() {
        return entityType;
    }

    @Override
    public final Class<E> events() {
        return events;
    }

    /**
     * Writes an entry about an event.
     *
     * @param action such as {@code device.revoked}; not sealed
     * @param by such as {@code user:alice}
     * @param at when it was done, ms since the epoch
     * @param details for people; small
     */
    protected final void record(
            ReadModelTransaction transaction,
            Change<E> change,
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
