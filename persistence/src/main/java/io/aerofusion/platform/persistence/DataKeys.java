package io.aerofusion.platform.persistence;

import java.util.List;
import java.util.Optional;

/**
 * The data keys, kept outside of the journal's database backup and wrapped by the regional key. Every method blocks on the
 * database; callers run them on the blocking executor. Results are cached within a bound.
 */
public interface DataKeys {
    /** What is known of an entity's key. */
    sealed interface Binding {
        /** The entity never persisted anything. */
        record None() implements Binding {}

        record Sealed(DataKey key) implements Binding {}

        /** The subject's key was destroyed. */
        record Erased(String subject) implements Binding {}
    }

    /** The key under which the entity's events are sealed. */
    Binding bindingOf(String persistenceId);

    /**
     * Binds an entity to a data subject before its first event, creating the subject's key if needed. Repeating it with the same
     * subject is harmless.
     *
     * @throws IllegalStateException when it is bound to another subject
     */
    Binding bind(String persistenceId, String subject);

    /** The subject's key for read models; creates it if needed; empty when it was destroyed. */
    Optional<DataKey> keyOf(String subject);

    /**
     * The persistence ids bound to a subject, in order; complete at any moment, also after the erasure.
     *
     * @param after the last one of the page before; "" to begin
     * @param limit of the page
     */
    List<String> entitiesOf(String subject, String after, int limit);

    /** Destroys the subject's key for good and enters it in the erasure ledger. Idempotent. */
    void erase(String subject);

    /** Whether the subject's key was destroyed, as the database knows it now. Creates nothing. */
    boolean isErased(String subject);

    /** Keyed digest (HMAC-SHA256, hex) by which read models find a value without holding it. */
    String blindIndex(String value);

    /** Blind index of a subject: what read models hold of a person. */
    String indexOf(String subject);

    /** The key of the subject with that {@link #indexOf index}; empty when it was destroyed or there is none. Creates nothing. */
    Optional<DataKey> keyByIndex(String subjectIndex);
}
