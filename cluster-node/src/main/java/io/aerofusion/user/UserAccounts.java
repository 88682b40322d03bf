package io.aerofusion.user;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Accounts;
import io.aerofusion.platform.security.Principal;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The users, for those who learn of a person from an OpenID provider. */
final class UserAccounts implements Accounts {
    private static final SortedSet<String> LEAST = new TreeSet<>(Set.of(UserState.wireName(Principal.Role.USER)));

    private final Users users;

    UserAccounts(Users users) {
        this.users = users;
    }

    @Override
    public CompletionStage<Found> find(String tenant, String user) {
        Principal node = new Principal(tenant, "", Set.of(Principal.Role.OPERATOR), null);
        return users.read(tenant, user, replyTo -> new User.Describe(node, replyTo))
                .thenApply(UserAccounts::found);
    }

    @Override
    public CompletionStage<Found> create(String tenant, String user, String name, String by) {
        String shown = UserState.complaintAboutName(name).isEmpty() ? name : "";
        return users.ask(tenant, user, replyTo -> new User.Create(shown, LEAST, "", by, replyTo))
                // Somebody may have been faster.
                .thenCompose(
                        reply -> reply instanceof User.Refused refused && refused.code() == ErrorCode.ALREADY_EXISTS
                                ? find(tenant, user)
                                : CompletableFuture.completedFuture(found(reply)));
    }

    private static Found found(User.Reply reply) {
        return switch (reply) {
            case User.Described described -> new Active(roles(described.user().roles()));
            case User.ErasedForGood erased -> new Erased();
            case User.Refused refused -> {
                if (refused.code() != ErrorCode.NOT_FOUND) {
                    throw new ProblemException(refused.code(), refused.detail());
                }
                yield new Absent();
            }
            case User.TokenIssued issued -> throw new IllegalStateException("nobody asked for a token");
        };
    }

    private static Set<Principal.Role> roles(Set<String> names) {
        Set<Principal.Role> roles = EnumSet.noneOf(Principal.Role.class);
        for (String name : names) {
            roles.add(Principal.Role.valueOf(name.toUpperCase(Locale.ROOT)));
        }
        return roles;
    }
}
