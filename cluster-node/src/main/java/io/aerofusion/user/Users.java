package io.aerofusion.user;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.http.javadsl.model.HttpResponse;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.EntityAsk;
import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.Slice;
import io.aerofusion.platform.persistence.UserIndex;
import io.aerofusion.platform.security.Accounts;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.security.TokenAuthenticator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The domain of users on one node: starts its part of the sharding and gives out endpoints and authentication. */
public final class Users {
    /** How long a user may take to answer; then the caller gets {@code timeout} and may repeat. */
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    /** How long a caller waits for an erasure; it goes on when nobody waits any more. */
    static final Duration ERASURE_TIMEOUT = Duration.ofSeconds(50);

    /** Erasures that are woken at one look; the others wait for the next. */
    static final int RESUMED_MAX = 100;

    private static final Logger LOG = LoggerFactory.getLogger(Users.class);

    private final NodeContext node;
    private final TokenAuthenticator tokens;
    private final ClusterSharding sharding;
    private final UserIndex index;
    private final AuditLog audit;
    private final Erasure erasure;
    private final Consumer<BearerToken.Identity> changed;

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
     * @param changed tells all nodes that the tokens of a user may not stand for what they stood for
     * @param closers by entity type, such as {@code Device}
     * @param leaving takes the user of that name out of what belongs to others
     */
    public Users(
            NodeContext node,
            TokenAuthenticator tokens,
            Consumer<BearerToken.Identity> changed,
            Map<String, Closer> closers,
            Closer leaving) {
        this.changed = changed;
        this.node = node;
        this.tokens = tokens;
        this.sharding = ClusterSharding.get(node.system());
        this.index = new UserIndex(node.database(), node.keys());
        this.audit = new AuditLog(node.database(), node.keys());
        this.erasure = new Erasure(node, closers, leaving, index, audit);
        sharding.init(Entity.of(User.KEY, entity -> {
            String id = entity.getEntityId();
            int bar = id.indexOf('|');
            return UserLife.create(node, id, erasure, () -> forgetTokens(id.substring(0, bar), id.substring(bar + 1)));
        }));
        tokens.answers(BearerToken.Kind.USER, this::authenticate);
        Duration resumedEvery = node.system().settings().config().getDuration("aerofusion.user.erasures-resumed-every");
        node.system()
                .scheduler()
                .scheduleWithFixedDelay(
                        resumedEvery,
                        resumedEvery,
                        this::resumeErasures,
                        node.system().executionContext());
    }

    /** The API of users and of the audit log. */
    public List<Endpoint> endpoints(Listing devicesOf, Listing spacesOf) {
        List<Endpoint> endpoints = new ArrayList<>(new UserRoutes(this, node.clock(), devicesOf, spacesOf).endpoints());
        endpoints.add(new AuditRoutes(audit, node.blocking()).endpoint());
        return endpoints;
    }

    /** The users, for those who learn of a person from elsewhere. */
    public Accounts accounts() {
        return new UserAccounts(this);
    }

    /** What the projection of this domain writes. */
    public ReadModel<?> readModel() {
        return new UserReadModel(index, audit);
    }

    CompletionStage<Slice<UserIndex.Row>> list(String tenant, String after, int limit) {
        return CompletableFuture.supplyAsync(() -> index.list(tenant, after, limit), node.blocking());
    }

    /**
     * Wakes users whose erasure was begun and is not done: their node may have died. Every node looks; a user that is already at it
     * takes no harm from being asked again.
     */
    private void resumeErasures() {
        // Never throws, also when the executor takes no more work: a task that throws is not scheduled again.
        CompletableFuture.completedFuture(RESUMED_MAX)
                .thenApplyAsync(index::erasing, node.blocking())
                .thenAccept(all -> all.forEach(this::resume))
                .exceptionally(failure -> {
                    LOG.warn("Erasures that may be unfinished could not be looked up; the next look is soon", failure);
                    return null;
                });
    }

    private void resume(UserIndex.Erasing erasing) {
        ask(erasing.tenant(), erasing.user(), User.ResumeErasure::new, ERASURE_TIMEOUT)
                .thenCompose(reply -> reply instanceof User.ErasedForGood
                        // The key is gone and yet the mark is there: only the end of the last step is missing.
                        ? erasure.destroy(erasing.tenant(), erasing.user(), "system")
                                .thenApply(done -> reply)
                        : CompletableFuture.completedFuture(reply))
                .exceptionally(failure -> {
                    LOG.warn("An erasure could not be resumed; it will be tried again", failure);
                    return null;
                });
    }

    /** Whether there is such a user, not erased and not being erased. */
    public CompletionStage<Boolean> exists(String tenant, String user) {
        Principal node = new Principal(tenant, "", Set.of(Principal.Role.OPERATOR), null);
        return read(tenant, user, replyTo -> new User.Describe(node, replyTo))
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
        return EntityAsk.<User.Command, User.Authentication>repeating(
                        entity(tenant, user), replyTo -> new User.Authenticate(hash, replyTo), ANSWER_TIMEOUT)
                .thenApply(answer ->
                        Optional.ofNullable(answer.roles()).map(roles -> new Principal(tenant, user, roles, null)));
    }

    CompletionStage<User.Reply> ask(String tenant, String user, Function<ActorRef<User.Reply>, User.Command> command) {
        return ask(tenant, user, command, ANSWER_TIMEOUT);
    }

    CompletionStage<User.Reply> ask(
            String tenant, String user, Function<ActorRef<User.Reply>, User.Command> command, Duration timeout) {
        return entity(tenant, user).ask(command::apply, timeout);
    }

    /** Asks what changes nothing: again, when a hand-over swallowed it. */
    CompletionStage<User.Reply> read(String tenant, String user, Function<ActorRef<User.Reply>, User.Command> command) {
        return EntityAsk.repeating(entity(tenant, user), command, ANSWER_TIMEOUT);
    }

    private EntityRef<User.Command> entity(String tenant, String user) {
        return sharding.entityRefFor(User.KEY, tenant + "|" + user);
    }

    /** This node forgets what it knew of the user's tokens at once, the others a moment later. */
    void forgetTokens(String tenant, String user) {
        BearerToken.Identity identity = new BearerToken.Identity(BearerToken.Kind.USER, tenant, user);
        tokens.forget(identity);
        changed.accept(identity);
    }
}
