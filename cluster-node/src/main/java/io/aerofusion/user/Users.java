package io.aerofusion.user;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.http.javadsl.model.HttpResponse;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.security.TokenAuthenticator;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The domain of users on one node: starts its part of the sharding and gives out endpoints and authentication. */
public final class Users {
    /** How long a user may take to answer; then the caller gets {@code timeout} and may repeat. */
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    /** How long a caller waits for an erasure; it goes on when nobody waits any more. */
    static final Duration ERASURE_TIMEOUT = Duration.ofSeconds(50);

    private final NodeContext node;
    private final TokenAuthenticator tokens;
    private final ClusterSharding sharding;

    /** A page of what belongs to a user; another domain's. */
    @FunctionalInterface
    public interface Listing {
        CompletionStage<HttpResponse> of(ApiRequest request, String user);
    }

    /**
     * Ends an entity of another domain whose data subject is being erased. Safe to repeat, also after the erasure.
     *
     * <p>{@code id} is the entity's name in its tenant; {@code by} the actor who erases.
     */
    @FunctionalInterface
    public interface Closer {
        CompletionStage<Void> close(String tenant, String id, String by);
    }

    /**
     * Starts the domain.
     *
     * @param closers by entity type, such as {@code Device}
     */
    public Users(NodeContext node, TokenAuthenticator tokens, Map<String, Closer> closers) {
        this.node = node;
        this.tokens = tokens;
        this.sharding = ClusterSharding.get(node.system());
        Erasure erasure = new Erasure(node, closers);
        sharding.init(Entity.of(User.KEY, entity -> {
            String id = entity.getEntityId();
            int bar = id.indexOf('|');
            return UserLife.create(node, id, erasure, () -> forgetTokens(id.substring(0, bar), id.substring(bar + 1)));
        }));
        tokens.answers(BearerToken.Kind.USER, this::authenticate);
    }

    /** The API of users. */
    public List<Endpoint> endpoints(Listing devicesOf, Listing spacesOf) {
        return new UserRoutes(this, node.clock(), devicesOf, spacesOf).endpoints();
    }

    /** Whether there is such a user, not erased and not being erased. */
    public CompletionStage<Boolean> exists(String tenant, String user) {
        Principal node = new Principal(tenant, "", Set.of(Principal.Role.OPERATOR), null);
        return ask(tenant, user, replyTo -> new User.Describe(node, replyTo))
                .thenApply(User.Described.class::isInstance);
    }

    /**
     * Makes sure that a tenant's built-in administrator exists, so that it can own things like anybody. Safe to repeat at every
     * start; its token is the node's affair.
     */
    public CompletionStage<Void> bootstrap(String tenant, String admin) {
        TreeSet<String> roles = new TreeSet<>(Set.of(UserState.wireName(Principal.Role.ADMIN)));
        return ask(tenant, admin, replyTo -> new User.Create("Administrator", roles, "bootstrap:", "system", replyTo))
                .thenAccept(reply -> {});
    }

    private CompletionStage<Optional<Principal>> authenticate(String tenant, String user, String hash) {
        return sharding.entityRefFor(User.KEY, tenant + "|" + user)
                .ask((ActorRef<User.Authentication> replyTo) -> new User.Authenticate(hash, replyTo), ANSWER_TIMEOUT)
                .thenApply(answer ->
                        Optional.ofNullable(answer.roles()).map(roles -> new Principal(tenant, user, roles, null)));
    }

    CompletionStage<User.Reply> ask(String tenant, String user, Function<ActorRef<User.Reply>, User.Command> command) {
        return ask(tenant, user, command, ANSWER_TIMEOUT);
    }

    CompletionStage<User.Reply> ask(
            String tenant, String user, Function<ActorRef<User.Reply>, User.Command> command, Duration timeout) {
        return sharding.entityRefFor(User.KEY, tenant + "|" + user).ask(command::apply, timeout);
    }

    /** This node forgets what it knew of the user's tokens; others do when their answers expire. */
    void forgetTokens(String tenant, String user) {
        tokens.forget(new BearerToken.Identity(BearerToken.Kind.USER, tenant, user));
    }
}
