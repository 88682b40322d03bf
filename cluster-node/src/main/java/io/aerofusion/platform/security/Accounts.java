package io.aerofusion.platform.security;

import java.util.Set;
import java.util.concurrent.CompletionStage;

/** The platform's users, as those see them who learn of a person from elsewhere. */
public interface Accounts {
    /** What there is under a user's id. */
    sealed interface Found {}

    /** A user. */
    record Active(Set<Principal.Role> roles) implements Found {
        public Active {
            roles = Set.copyOf(roles);
        }
    }

    /** Nobody yet. */
    record Absent() implements Found {}

    /** A user that was erased, or is being erased: there will never be one again. */
    record Erased() implements Found {}

    CompletionStage<Found> find(String tenant, String user);

    /**
     * Makes a user with the least role, unless there is one. Safe to repeat.
     *
     * @param name for people; may be empty
     * @param by the actor, as the audit log has it
     */
    CompletionStage<Found> create(String tenant, String user, String name, String by);
}
