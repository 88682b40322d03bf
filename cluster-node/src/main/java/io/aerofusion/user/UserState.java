package io.aerofusion.user;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is known of a user, and the rules about it; immutable, without Akka.
 *
 * @param roles {@code admin}, {@code operator}, {@code user}
 * @param request fingerprint of the creation, see {@link User.Create}
 * @param version rises with every change of the user or the user's tokens; the ETag
 * @param tokens by id
 * @param erasedBy the actor who asked for the erasure; "" when nobody did
 */
public record UserState(
        Standing standing,
        String name,
        SortedSet<String> roles,
        String request,
        long version,
        long createdAt,
        SortedMap<String, ApiToken> tokens,
        String erasedBy) {
    /** Tokens of a user; beyond it a new one is refused until an old one is revoked. Expired ones do not count. */
    public static final int TOKENS_MAX = 32;
    /** How long a token lives when nobody says otherwise. */
    public static final Duration TOKEN_LIFETIME = Duration.ofDays(90);
    /** How long a token may live. */
    public static final Duration TOKEN_LIFETIME_MAX = Duration.ofDays(366);
    /** The use of a token is written down at most so often. */
    public static final Duration TOKEN_USED_EVERY = Duration.ofDays(1);
    /** Characters of a user's or a token's name. */
    public static final int TEXT_LENGTH_MAX = 128;

    /** How far a user is. */
    public enum Standing {
        UNKNOWN,
        ACTIVE,
        /** Erasure was asked for and has not gone through everything yet. */
        ERASING,
        /** Everything is closed and cleared; only the key remains to be destroyed. */
        CLEARED
    }

    /**
     * An API token without the token.
     *
     * @param usedAt when it was last used, to the day, ms since the epoch; 0 for never
     */
    public record ApiToken(String name, String hash, long issuedAt, long expiresAt, long usedAt) {}

    public UserState {
        roles = Collections.unmodifiableSortedSet(new TreeSet<>(roles));
        tokens = Collections.unmodifiableSortedMap(new TreeMap<>(tokens));
    }

    /** Before creation. */
    public static UserState unknown() {
        return new UserState(Standing.UNKNOWN, "", new TreeSet<>(), "", 0, 0, new TreeMap<>(), "");
    }

    /** The token that a hash belongs to, if it is still good. Every token is compared, in constant time each. */
    Optional<String> tokenOf(String hash, long now) {
        Optional<String> found = Optional.empty();
        if (standing == Standing.ACTIVE) {
            for (var token : tokens.entrySet()) {
                if (BearerToken.sameHash(token.getValue().hash(), hash)
                        && now < token.getValue().expiresAt()) {
                    found = Optional.of(token.getKey());
                }
            }
        }
        return found;
    }

    boolean useIsDue(String token, long now) {
        ApiToken known = tokens.get(token);
        return known != null && now - known.usedAt() >= TOKEN_USED_EVERY.toMillis();
    }

    Set<Principal.Role> principalRoles() {
        Set<Principal.Role> result = new java.util.HashSet<>();
        for (Principal.Role role : Principal.Role.values()) {
            if (roles.contains(wireName(role))) {
                result.add(role);
            }
        }
        return result;
    }

    /** A role as events and JSON name it. */
    static String wireName(Principal.Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    /** What is wrong with a set of role names, in a sentence; empty when nothing is. */
    static Optional<String> complaintAboutRoles(Set<String> names) {
        for (String name : names) {
            boolean known = false;
            for (Principal.Role role : Principal.Role.values()) {
                known |= wireName(role).equals(name);
            }
            if (!known) {
                return Optional.of("roles are admin, operator and user.");
            }
        }
        return names.isEmpty() ? Optional.of("A user has at least one role.") : Optional.empty();
    }

    /** What is wrong with a name, in a sentence; empty when nothing is. */
    static Optional<String> complaintAboutName(String name) {
        boolean printable = name.codePoints()
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
        return printable && name.length() <= TEXT_LENGTH_MAX
                ? Optional.empty()
                : Optional.of("name has at most " + TEXT_LENGTH_MAX + " printable characters.");
    }

    /** Why a token may not be issued; empty when it may. */
    Optional<User.Refused> refusalOfToken(String token, long expiresAt, long now) {
        if (expiresAt <= now || expiresAt - now > TOKEN_LIFETIME_MAX.toMillis()) {
            return Optional.of(new User.Refused(
                    ErrorCode.INVALID_REQUEST,
                    "A token lives from one second to " + TOKEN_LIFETIME_MAX.toDays() + " days."));
        }
        long living = tokens.entrySet().stream()
                .filter(known ->
                        !known.getKey().equals(token) && now < known.getValue().expiresAt())
                .count();
        return living < TOKENS_MAX
                ? Optional.empty()
                : Optional.of(new User.Refused(
                        ErrorCode.INVALID_REQUEST, "There are " + TOKENS_MAX + " tokens already: revoke one first."));
    }

    /** The state after an event. */
    UserState apply(UserEvent event) {
        return switch (event) {
            case UserEvent.Created e ->
                new UserState(Standing.ACTIVE, e.name(), e.roles(), e.request(), version + 1, e.at(), tokens, erasedBy);
            case UserEvent.RolesChanged e -> changed(standing, name, e.roles(), tokens);
            case UserEvent.TokenIssued e -> changed(standing, name, roles, tokensAfter(e));
            case UserEvent.TokenUsed e ->
                new UserState(standing, name, roles, request, version, createdAt, tokensAfter(e), erasedBy);
            case UserEvent.TokenRevoked e -> changed(standing, name, roles, tokensWithout(e.token()));
            case UserEvent.ErasureRequested e ->
                new UserState(
                        Standing.ERASING,
                        name,
                        new TreeSet<>(),
                        request,
                        version + 1,
                        createdAt,
                        new TreeMap<>(),
                        e.by());
            case UserEvent.Erased e -> changed(Standing.CLEARED, "", new TreeSet<>(), new TreeMap<>());
        };
    }

    private UserState changed(
            Standing newStanding, String newName, SortedSet<String> newRoles, SortedMap<String, ApiToken> newTokens) {
        return new UserState(newStanding, newName, newRoles, request, version + 1, createdAt, newTokens, erasedBy);
    }

    private SortedMap<String, ApiToken> tokensAfter(UserEvent.TokenIssued event) {
        TreeMap<String, ApiToken> all = new TreeMap<>(tokens);
        all.values().removeIf(token -> token.expiresAt() <= event.at());
        all.put(event.token(), new ApiToken(event.name(), event.hash(), event.at(), event.expiresAt(), 0));
        return all;
    }

    private SortedMap<String, ApiToken> tokensAfter(UserEvent.TokenUsed event) {
        TreeMap<String, ApiToken> all = new TreeMap<>(tokens);
        all.computeIfPresent(
                event.token(),
                (id, token) ->
                        new ApiToken(token.name(), token.hash(), token.issuedAt(), token.expiresAt(), event.at()));
        return all;
    }

    private SortedMap<String, ApiToken> tokensWithout(String token) {
        TreeMap<String, ApiToken> all = new TreeMap<>(tokens);
        all.remove(token);
        return all;
    }
}
