package io.aerofusion.user;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What happened to a user. Stored for ever: names and fields are promises; add, do not rename or retype.
 *
 * <p>{@code at} is in milliseconds since the epoch; {@code by} is the actor, such as {@code user:alice}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
    @JsonSubTypes.Type(value = UserEvent.Created.class, name = "created"),
    @JsonSubTypes.Type(value = UserEvent.RolesChanged.class, name = "roles"),
    @JsonSubTypes.Type(value = UserEvent.TokenIssued.class, name = "token-issued"),
    @JsonSubTypes.Type(value = UserEvent.TokenUsed.class, name = "token-used"),
    @JsonSubTypes.Type(value = UserEvent.TokenRevoked.class, name = "token-revoked"),
    @JsonSubTypes.Type(value = UserEvent.ErasureRequested.class, name = "erasure-requested"),
    @JsonSubTypes.Type(value = UserEvent.Erased.class, name = "erased")
})
public sealed interface UserEvent {
    /** When it happened, in milliseconds since the epoch. */
    long at();

    /**
     * The user exists.
     *
     * @param name what people call the user; may be empty
     * @param roles {@code admin}, {@code operator}, {@code user}
     * @param request fingerprint of the creation, by which a repeat is recognised; empty when the caller gave no key
     */
    record Created(String name, SortedSet<String> roles, String request, String by, long at) implements UserEvent {
        public Created {
            roles = sorted(roles);
        }
    }

    /** The user has these roles from now on. */
    record RolesChanged(SortedSet<String> roles, String by, long at) implements UserEvent {
        public RolesChanged {
            roles = sorted(roles);
        }
    }

    /**
     * A token was issued.
     *
     * @param token its id, not the token itself
     * @param hash SHA-256 of the token, hex
     * @param expiresAt ms since the epoch
     */
    record TokenIssued(String token, String name, String hash, long expiresAt, String by, long at)
            implements UserEvent {}

    /** The token was used; written at most once a day per token. */
    record TokenUsed(String token, long at) implements UserEvent {}

    record TokenRevoked(String token, String by, long at) implements UserEvent {}

    /** The user is to be erased; from here on the user is refused everywhere, and the erasure goes on until it is done. */
    record ErasureRequested(String by, long at) implements UserEvent {}

    /** Devices and spaces are closed and read models cleared; what remains is to destroy the key under which this is sealed. */
    record Erased(int devices, int spaces, long at) implements UserEvent {}

    private static SortedSet<String> sorted(Set<String> roles) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(roles));
    }
}
