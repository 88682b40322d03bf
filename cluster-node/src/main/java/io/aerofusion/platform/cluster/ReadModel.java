package io.aerofusion.platform.cluster;

import io.aerofusion.platform.persistence.ReadModelTransaction;

/**
 * What a domain derives from the events of its entities, for lists and searches. Called on a thread that may block; an exception rolls
 * the transaction back and the events come again.
 */
public interface ReadModel<E> {
    /** The first part of the persistence ids, such as {@code Device}. */
    String entityType();

    /** The events' sealed interface. */
    Class<E> events();

    /** Writes what the event changes; counts exactly once. Events of one entity come in their order. */
    void apply(ReadModelTransaction transaction, Change<E> change);

    /** Removes what is known of an entity whose data subject was erased; its events cannot be opened any more. Idempotent. */
    void erased(ReadModelTransaction transaction, String tenant, String id);

    /**
     * An event with where it comes from.
     *
     * @param id the entity's, without its tenant
     * @param number the event's number in the entity's journal
     * @param at when it was persisted, ms since the epoch
     * @param subject the data subject, {@code tenant|user}
     */
    record Change<E>(String tenant, String id, long number, long at, String subject, E event) {
        /** The entity's persistence id. */
        public String persistenceId(ReadModel<E> model) {
            return model.entityType() + "|" + tenant + "|" + id;
        }
    }
}
