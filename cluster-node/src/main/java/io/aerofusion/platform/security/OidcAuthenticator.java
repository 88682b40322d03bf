package io.aerofusion.platform.security;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Accounts.Found;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Authenticates tokens of OpenID providers beside the platform's own, which their beginning tells apart. The signature says who somebody is,
 * and {@link Accounts} whether that is a user here: who was erased is refused however good the token. A user's own roles and those that the
 * token brings along count together.
 *
 * <p>Nothing blocks: a token seen before costs a look-up, a new one a signature check, and keys are fetched on the verifier's threads. What
 * is known of users is remembered for {@link #REMEMBERED_FOR} and forgotten when a user changes.
 */
public final class OidcAuthenticator implements Authenticator {
    /** How long it is believed that a user exists and has these roles on a node that heard of no change. */
    public static final Duration REMEMBERED_FOR = TokenAuthenticator.ACCEPTED_FOR;

    private final Verifier verifier;
    private final Accounts accounts;
    private final Authenticator own;
    private final AsyncCache<User, Found> known;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Checks signatures, times, issuers and audiences. Never throws. */
    @FunctionalInterface
    public interface Verifier {
        CompletionStage<Checked> check(String token);
    }

    /** What a verifier says of a token. */
    public sealed interface Checked {}

    /**
     * It is right.
     *
     * @param user the id here, see {@link OidcProvider#userOf}
     * @param name of the person, for people; may be empty
     * @param roles that it brings along
     * @param until when it ends, in milliseconds of the epoch
     */
    public record Good(OidcProvider provider, String user, String name, Set<Principal.Role> roles, long until)
            implements Checked {}

    /** It is wrong, for a reason that its holder may know. */
    public record Bad(String sentence) implements Checked {}

    /** Nobody can say: the provider's keys cannot be had. */
    public record Unchecked() implements Checked {}

    private record User(String tenant, String id) {}

    /**
     * Knows nobody yet.
     *
     * @param own answers for all that cannot be a token of a provider
     */
    public OidcAuthenticator(Verifier verifier, Accounts accounts, Authenticator own, Ticker ticker) {
        this.verifier = verifier;
        this.accounts = accounts;
        this.own = own;
        this.known = Caffeine.newBuilder()
                .maximumSize(TokenAuthenticator.CACHED_MAX)
                .expireAfterWrite(REMEMBERED_FOR)
                .ticker(ticker)
                .buildAsync();
    }

    @Override
    public CompletionStage<Outcome> authenticate(String token) {
        // A signed token is three parts with dots between and begins with the base64url of a brace: never with our
        // prefix.
        if (token.startsWith(BearerToken.PREFIX) || token.indexOf('.') < 0) {
            return own.authenticate(token);
        }
        return verifier.check(token).thenCompose(checked -> switch (checked) {
            case Good good -> identify(good);
            case Bad bad ->
                CompletableFuture.<Outcome>completedFuture(new Refused(ErrorCode.UNAUTHENTICATED, bad.sentence()));
            case Unchecked nobody ->
                CompletableFuture.failedFuture(new ProblemException(
                        ErrorCode.AUTHENTICATION_UNAVAILABLE, "The keys of the token's issuer cannot be had."));
        });
    }

    private CompletionStage<Outcome> identify(Good good) {
        User user = new User(good.provider().tenant(), good.user());
        return known.get(user, (missing, executor) -> bounded(() -> accounts.find(missing.tenant(), missing.id())))
                .thenCompose(found ->
                        found instanceof Accounts.Absent && good.provider().createUsers()
                                ? create(user, good)
                                : CompletableFuture.completedFuture(found))
                .thenApply(found -> outcome(good, found));
    }

    private CompletionStage<Found> create(User user, Good good) {
        return bounded(() -> accounts.create(
                        user.tenant(),
                        user.id(),
                        good.name(),
                        "oidc:" + good.provider().name()))
                .whenComplete((made, failure) -> known.synchronous().invalidate(user));
    }

    private interface Ask {
        CompletionStage<Found> ask();
    }

    private CompletableFuture<Found> bounded(Ask question) {
        if (underWay.incrementAndGet() > TokenAuthenticator.LOOKUPS_MAX) {
            underWay.decrementAndGet();
            return CompletableFuture.failedFuture(
                    new ProblemException(ErrorCode.UNAVAILABLE, "Too many users are being looked up at once."));
        }
        return question.ask()
                .whenComplete((answer, failure) -> underWay.decrementAndGet())
                .toCompletableFuture();
    }

    private static Outcome outcome(Good good, Found found) {
        return switch (found) {
            case Accounts.Active active -> {
                Set<Principal.Role> roles = EnumSet.noneOf(Principal.Role.class);
                roles.addAll(active.roles());
                roles.addAll(good.roles());
                yield new Accepted(new Principal(good.provider().tenant(), good.user(), roles, null), good.until());
            }
            case Accounts.Absent absent ->
                new Refused(
                        ErrorCode.USER_UNKNOWN,
                        "The token is right, but there is no user " + good.user()
                                + ": an administrator can create it.");
            case Accounts.Erased erased ->
                new Refused(ErrorCode.ERASED, "The token is right, but its user was erased.");
        };
    }

    /** Drops what is known of a user: something about it changed. */
    public void forget(BearerToken.Identity identity) {
        if (identity.kind() == BearerToken.Kind.USER) {
            known.synchronous().invalidate(new User(identity.tenant(), identity.id()));
        }
    }
}
