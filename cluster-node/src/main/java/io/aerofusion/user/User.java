package io.aerofusion.user;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.Recoveries;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One user: roles, API tokens and, at the end, the erasure.
 *
 * <p>An erasure is a saga. {@link UserEvent.ErasureRequested} makes it irrevocable; {@link Erasing#clear} closes what belongs to the
 * user and {@link UserEvent.Erased} notes that; {@link Erasing#destroy} destroys the key, after which none of these events can be
 * read any more. Every step may be repeated: whichever node has the entity next goes on from the last event.
 */
public final class User extends EventSourcedBehaviorWithEnforcedReplies<User.Command, UserEvent, UserState> {
    public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "User");

    /** How long after a failed step the erasure is tried again. */
    static final Duration ERASURE_RETRY = Duration.ofSeconds(5);

    private static final int SNAPSHOT_EVERY = 100;
    private static final int WAITING_MAX = 64;

    /** What can be asked of a user. */
    public sealed interface Command extends Durable {}

    /**
     * Creates the user.
     *
     * @param request {@code <hash of the Idempotency-Key>:<hash of the request>}, or "" without a key
     */
    public record Create(String name, SortedSet<String> roles, String request, String by, ActorRef<Reply> replyTo)
            implements Command {}

    /** Describes the user to somebody who may see it. */
    public record Describe(Principal caller, ActorRef<Reply> replyTo) implements Command {}

    /** Holds a token's hash against the user's tokens. */
    public record Authenticate(String hash, ActorRef<Authentication> replyTo) implements Command {}

    /**
     * Gives the user other roles.
     *
     * @param ifVersion the version that the caller read; null for any
     */
    public record ChangeRoles(
            Principal caller,
            SortedSet<String> roles,
            @Nullable Long ifVersion,
            ActorRef<Reply> replyTo) implements Command {}

    /**
     * Issues a token.
     *
     * @param token its id; repeating the command with the same id replaces a token that nobody used yet
     * @param expiresAt ms since the epoch
     */
    public record IssueToken(
            Principal caller, String token, String name, String hash, long expiresAt, ActorRef<Reply> replyTo)
            implements Command {}

    public record RevokeToken(Principal caller, String token, ActorRef<Reply> replyTo) implements Command {}

    /** Erases the user; answers when it is done. Safe to repeat. */
    public record Erase(Principal caller, ActorRef<Reply> replyTo) implements Command {}

    /** Wakes a user whose erasure may be unfinished. */
    public record ResumeErasure(ActorRef<Reply> replyTo) implements Command {}

    /** What a user tells itself while it is erased. */
    sealed interface Internal extends Command {}

    private record EverythingCleared(Cleared cleared) implements Internal {}

    private record KeyDestroyed() implements Internal {}

    private record ErasureStalled() implements Internal {}

    private record TryAgain() implements Internal {}

    /** What a user answers. */
    public sealed interface Reply extends Durable {}

    public record Described(View user) implements Reply {}

    /**
     * The token is the user's.
     *
     * @param taken whether the hash of the command is the token's now
     */
    public record TokenIssued(View user, String token, boolean taken) implements Reply {}

    /** The user is no more, or never will be again. */
    public record ErasedForGood() implements Reply {}

    public record Refused(ErrorCode code, String detail) implements Reply {}

    /**
     * Whether a token is good.
     *
     * @param roles null when it is not
     */
    public record Authentication(@Nullable Set<Principal.Role> roles) implements Durable {}

    /** A user without secrets. */
    public record View(
            String user,
            String name,
            SortedSet<String> roles,
            UserState.Standing standing,
            long version,
            long createdAt,
            SortedMap<String, TokenView> tokens) {}

    public record TokenView(String name, long issuedAt, long expiresAt, long usedAt) {}

    /** What was closed. */
    public record Cleared(int devices, int spaces) {}

    /** The steps of an erasure; each may be repeated, also after it succeeded. */
    public interface Erasing {
        /** Closes what belongs to the user: devices, sessions, spaces, read models. */
        CompletionStage<Cleared> clear(String tenant, String user, String by);

        /** Destroys the user's key and writes the proof. */
        CompletionStage<?> destroy(String tenant, String user, String by);
    }

    private final ActorContext<Command> context;
    private final String tenant;
    private final String user;
    private final EventAdapter<UserEvent, ?> events;
    private final SnapshotAdapter<UserState> snapshots;
    private final Function<UserEvent, Set<String>> tags;
    private final InstantSource clock;
    private final Erasing erasing;
    private final Runnable tokensVoid;
    private final List<ActorRef<Reply>> waiting = new ArrayList<>();
    private final Runnable recovered = Recoveries.start(KEY.name());
    private boolean erasureRuns;

    /** @param tokensVoid told after the commit that answers about the user's tokens must not be trusted any more */
    User(
            ActorContext<Command> context,
            PersistenceId persistenceId,
            EventAdapter<UserEvent, ?> events,
            SnapshotAdapter<UserState> snapshots,
            Function<UserEvent, Set<String>> tags,
            InstantSource clock,
            Erasing erasing,
            Runnable tokensVoid) {
        super(persistenceId);
        String[] parts = persistenceId.id().split("\\|", 3);
        this.context = context;
        this.tenant = parts[1];
        this.user = parts[2];
        this.events = events;
        this.snapshots = snapshots;
        this.tags = tags;
        this.clock = clock;
        this.erasing = erasing;
        this.tokensVoid = tokensVoid;
    }

    @Override
    public UserState emptyState() {
        return UserState.unknown();
    }

    @Override
    public EventHandler<UserState, UserEvent> eventHandler() {
        return UserState::apply;
    }

    @Override
    public EventAdapter<UserEvent, ?> eventAdapter() {
        return events;
    }

    @Override
    public SnapshotAdapter<UserState> snapshotAdapter() {
        return snapshots;
    }

    @Override
    public Set<String> tagsFor(UserEvent event) {
        return tags.apply(event);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 1);
    }

    @Override
    public SignalHandler<UserState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), state -> {
                    recovered.run();
                    continueErasure(state);
                })
                .build();
    }

    @Override
    public CommandHandlerWithReply<Command, UserEvent, UserState> commandHandler() {
        return (state, command) -> switch (command) {
            case Create create -> onCreate(state, create);
            case Describe describe ->
                Effect()
                        .reply(
                                describe.replyTo(),
                                refusal(
                                                state,
                                                describe.caller(),
                                                describe.caller().operates())
                                        .orElseGet(() -> described(state)));
            case Authenticate authenticate -> onAuthenticate(state, authenticate);
            case ChangeRoles change -> onChangeRoles(state, change);
            case IssueToken issue -> onIssueToken(state, issue);
            case RevokeToken revoke -> onRevokeToken(state, revoke);
            case Erase erase -> onErase(state, erase);
            case ResumeErasure resume -> onResume(state, resume);
            case EverythingCleared everything -> onCleared(everything.cleared());
            case KeyDestroyed done -> onKeyDestroyed();
            case ErasureStalled stalled -> onStalled();
            case TryAgain again -> {
                continueErasure(state);
                yield Effect().noReply();
            }
        };
    }

    private ReplyEffect<UserEvent, UserState> onCreate(UserState state, Create command) {
        return switch (state.standing()) {
            case UNKNOWN ->
                Effect()
                        .persist(new UserEvent.Created(
                                command.name(), command.roles(), command.request(), command.by(), clock.millis()))
                        .thenRun(UserMetrics::created)
                        .thenReply(command.replyTo(), this::described);
            case ACTIVE ->
                Effect()
                        .reply(
                                command.replyTo(),
                                !command.request().isEmpty()
                                                && command.request().equals(state.request())
                                        ? described(state)
                                        : new Refused(ErrorCode.ALREADY_EXISTS, "This user id is taken."));
            case ERASING, CLEARED -> Effect().reply(command.replyTo(), new ErasedForGood());
        };
    }

    private ReplyEffect<UserEvent, UserState> onAuthenticate(UserState state, Authenticate command) {
        long now = clock.millis();
        Optional<String> token = state.tokenOf(command.hash(), now);
        if (token.isEmpty()) {
            UserMetrics.unauthenticated();
            return Effect().reply(command.replyTo(), new Authentication(null));
        }
        Authentication accepted = new Authentication(state.principalRoles());
        return state.useIsDue(token.get(), now)
                ? Effect()
                        .persist(new UserEvent.TokenUsed(token.get(), now))
                        .thenReply(command.replyTo(), used -> accepted)
                : Effect().reply(command.replyTo(), accepted);
    }

    private ReplyEffect<UserEvent, UserState> onChangeRoles(UserState state, ChangeRoles command) {
        Optional<Reply> refusal = refusal(state, command.caller(), isAdmin(command.caller()))
                .or(() -> isAdmin(command.caller())
                        ? Optional.empty()
                        : refused(ErrorCode.FORBIDDEN, "Only an administrator gives roles."))
                .or(() -> UserState.complaintAboutRoles(command.roles())
                        .flatMap(complaint -> refused(ErrorCode.INVALID_REQUEST, complaint)))
                .or(() -> locksOut(command)
                        ? refused(
                                ErrorCode.FORBIDDEN,
                                "Nobody takes the role admin from themselves: ask another administrator.")
                        : Optional.empty())
                .or(() -> command.ifVersion() == null || command.ifVersion() == state.version()
                        ? Optional.empty()
                        : refused(ErrorCode.PRECONDITION_FAILED, "It has version " + state.version() + " now."));
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        if (command.roles().equals(state.roles())) {
            return Effect().reply(command.replyTo(), described(state));
        }
        return Effect()
                .persist(new UserEvent.RolesChanged(
                        command.roles(), command.caller().actor(), clock.millis()))
                .thenRun(tokensVoid::run)
                .thenReply(command.replyTo(), this::described);
    }

    private boolean locksOut(ChangeRoles command) {
        return command.caller().user().equals(user)
                && !command.roles().contains(UserState.wireName(Principal.Role.ADMIN));
    }

    private ReplyEffect<UserEvent, UserState> onIssueToken(UserState state, IssueToken command) {
        long now = clock.millis();
        UserState.ApiToken known = state.tokens().get(command.token());
        Optional<Reply> refusal = refusal(state, command.caller(), isAdmin(command.caller()))
                .or(() -> UserState.complaintAboutName(command.name())
                        .flatMap(complaint -> refused(ErrorCode.INVALID_REQUEST, complaint)))
                .or(() -> known != null && !known.name().equals(command.name())
                        ? refused(
                                ErrorCode.IDEMPOTENCY_MISMATCH, "This Idempotency-Key issued a token of another name.")
                        : Optional.empty());
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        if (known != null && known.usedAt() > 0) {
            return Effect().reply(command.replyTo(), new TokenIssued(view(state), command.token(), false));
        }
        Optional<Refused> limit = state.refusalOfToken(command.token(), command.expiresAt(), now);
        if (limit.isPresent()) {
            return Effect().reply(command.replyTo(), limit.get());
        }
        return Effect()
                .persist(new UserEvent.TokenIssued(
                        command.token(),
                        command.name(),
                        command.hash(),
                        command.expiresAt(),
                        command.caller().actor(),
                        now))
                .thenRun((UserState issued) -> {
                    tokensVoid.run();
                    UserMetrics.tokenIssued();
                })
                .thenReply(command.replyTo(), issued -> new TokenIssued(view(issued), command.token(), true));
    }

    private ReplyEffect<UserEvent, UserState> onRevokeToken(UserState state, RevokeToken command) {
        Optional<Reply> refusal = refusal(state, command.caller(), isAdmin(command.caller()));
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        if (!state.tokens().containsKey(command.token())) {
            return Effect().reply(command.replyTo(), described(state));
        }
        return Effect()
                .persist(new UserEvent.TokenRevoked(
                        command.token(), command.caller().actor(), clock.millis()))
                .thenRun((UserState revoked) -> {
                    tokensVoid.run();
                    UserMetrics.tokenRevoked();
                })
                .thenReply(command.replyTo(), this::described);
    }

    private ReplyEffect<UserEvent, UserState> onErase(UserState state, Erase command) {
        if (isEnding(state)) {
            return await(state, command.replyTo());
        }
        Optional<Reply> refusal = refusal(state, command.caller(), isAdmin(command.caller()))
                .or(() -> state.principalRoles().contains(Principal.Role.ADMIN)
                                && command.caller().user().equals(user)
                        ? refused(ErrorCode.FORBIDDEN, "An administrator is erased by another administrator.")
                        : Optional.empty());
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        waiting.add(command.replyTo());
        return Effect()
                .persist(new UserEvent.ErasureRequested(command.caller().actor(), clock.millis()))
                .thenRun((UserState requested) -> {
                    tokensVoid.run();
                    continueErasure(requested);
                })
                .thenNoReply();
    }

    private ReplyEffect<UserEvent, UserState> onResume(UserState state, ResumeErasure command) {
        return isEnding(state)
                ? await(state, command.replyTo())
                : Effect().reply(command.replyTo(), new Refused(ErrorCode.INVALID_REQUEST, "Nobody is being erased."));
    }

    private ReplyEffect<UserEvent, UserState> await(UserState state, ActorRef<Reply> replyTo) {
        if (waiting.size() >= WAITING_MAX) {
            return Effect().reply(replyTo, new Refused(ErrorCode.UNAVAILABLE, "The erasure is under way."));
        }
        waiting.add(replyTo);
        continueErasure(state);
        return Effect().noReply();
    }

    private ReplyEffect<UserEvent, UserState> onCleared(Cleared cleared) {
        erasureRuns = false;
        return Effect()
                .persist(new UserEvent.Erased(cleared.devices(), cleared.spaces(), clock.millis()))
                .thenRun(this::continueErasure)
                .thenNoReply();
    }

    private ReplyEffect<UserEvent, UserState> onKeyDestroyed() {
        UserMetrics.erased();
        answerWaiting(new ErasedForGood());
        // It stops: in memory it still knows a key that is no more.
        return Effect().none().thenStop().thenNoReply();
    }

    private ReplyEffect<UserEvent, UserState> onStalled() {
        erasureRuns = false;
        UserMetrics.erasureStalled();
        answerWaiting(new Refused(ErrorCode.UNAVAILABLE, "The erasure has begun and goes on by itself."));
        context.scheduleOnce(ERASURE_RETRY, context.getSelf(), new TryAgain());
        return Effect().noReply();
    }

    private void continueErasure(UserState state) {
        if (erasureRuns) {
            return;
        }
        switch (state.standing()) {
            case UNKNOWN, ACTIVE -> {}
            case ERASING -> {
                erasureRuns = true;
                context.pipeToSelf(
                        erasing.clear(tenant, user, state.erasedBy()),
                        (cleared, failure) -> failure == null ? new EverythingCleared(cleared) : stalled(failure));
            }
            case CLEARED -> {
                erasureRuns = true;
                context.pipeToSelf(
                        erasing.destroy(tenant, user, state.erasedBy()),
                        (done, failure) -> failure == null ? new KeyDestroyed() : stalled(failure));
            }
        }
    }

    private Command stalled(Throwable failure) {
        context.getSystem().log().warn("A step of an erasure failed and will be repeated", failure);
        return new ErasureStalled();
    }

    private void answerWaiting(Reply reply) {
        waiting.forEach(replyTo -> replyTo.tell(reply));
        waiting.clear();
    }

    private static boolean isEnding(UserState state) {
        return state.standing() == UserState.Standing.ERASING || state.standing() == UserState.Standing.CLEARED;
    }

    private static boolean isAdmin(Principal caller) {
        return caller.is(Principal.Role.ADMIN);
    }

    /** Why the caller may not do this to the user at all. Others are not told apart from those who do not exist. */
    private Optional<Reply> refusal(UserState state, Principal caller, boolean mayToOthers) {
        return switch (state.standing()) {
            case ERASING, CLEARED -> Optional.of(new ErasedForGood());
            case UNKNOWN -> refused(ErrorCode.NOT_FOUND, "There is no such user, or you may not see it.");
            case ACTIVE ->
                caller.device() == null && (caller.user().equals(user) || mayToOthers)
                        ? Optional.empty()
                        : refused(ErrorCode.NOT_FOUND, "There is no such user, or you may not see it.");
        };
    }

    private static Optional<Reply> refused(ErrorCode code, String detail) {
        return Optional.of(new Refused(code, detail));
    }

    private Reply described(UserState state) {
        return new Described(view(state));
    }

    private View view(UserState state) {
        TreeMap<String, TokenView> tokens = new TreeMap<>();
        state.tokens()
                .forEach((id, token) -> tokens.put(
                        id, new TokenView(token.name(), token.issuedAt(), token.expiresAt(), token.usedAt())));
        return new View(
                user, state.name(), state.roles(), state.standing(), state.version(), state.createdAt(), tokens);
    }
}
