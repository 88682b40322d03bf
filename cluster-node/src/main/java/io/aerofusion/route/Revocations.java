package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSource;
import io.aerofusion.platform.security.Sealing;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The one place where tokens of a tenant's gateway are revoked. The nodes learn of it after the commit, in the way they learn of a
 * generation; it is apart from the {@link Publication} because a revocation must not wait for configuration to be checked, nor be rolled back with it.
 */
public final class Revocations
        extends EventSourcedBehaviorWithEnforcedReplies<Revocations.Command, RevocationEvent, RevocationsState> {
    public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Revocations");

    private static final int SNAPSHOT_EVERY = 100;

    /** What can be asked of the revocations. */
    public sealed interface Command extends Durable {}

    /** Revokes; the same again replaces what was revoked before. */
    public record Revoke(Revocation revocation, ActorRef<Reply> replyTo) implements Command {}

    /** Takes a revocation back. */
    public record Lift(String id, String by, ActorRef<Reply> replyTo) implements Command {}

    /** A node asks for what it missed. */
    public record Since(RevisionedMessage.Question question, ActorRef<RevisionedMessage.Answer> replyTo)
            implements Command {}

    /** What they answer. */
    public sealed interface Reply extends Durable {}

    /**
     * They are revoked.
     *
     * @param replaced whether there was one of that id before
     */
    public record Revoked(long revision, boolean replaced) implements Reply {}

    /**
     * They count again.
     *
     * @param revision 0: there was nothing to lift
     */
    public record Lifted(long revision) implements Reply {}

    /** Nothing was changed. */
    public record Refused(ErrorCode code, String detail) implements Reply {}

    private final Sealing sealing;
    private final InstantSource clock;
    private final Consumer<RevisionedMessage.Announced> announce;
    private final int revocationsMax;
    private final RevisionedSource<RevocationsState, RevocationEvent> source =
            new RevisionedSource<>(RevocationsContent.INSTANCE);
    private final SecureRandom random = new SecureRandom();

    /**
     * @param announce tells the nodes of a commit
     * @param revocationsMax how many are kept at once; more are refused
     */
    Revocations(
            Sealing sealing, InstantSource clock, Consumer<RevisionedMessage.Announced> announce, int revocationsMax) {
        super(sealing.id());
        this.sealing = sealing;
        this.clock = clock;
        this.announce = announce;
        this.revocationsMax = revocationsMax;
    }

    @Override
    public RevocationsState emptyState() {
        return RevocationsState.EMPTY;
    }

    @Override
    public EventHandler<RevocationsState, RevocationEvent> eventHandler() {
        return RevocationsState::apply;
    }

    @Override
    public EventAdapter<RevocationEvent, ?> eventAdapter() {
        return sealing.events(RevocationEvent.class);
    }

    @Override
    public SnapshotAdapter<RevocationsState> snapshotAdapter() {
        return sealing.snapshots(RevocationsContent.INSTANCE::write, RevocationsContent.INSTANCE::read);
    }

    @Override
    public Set<String> tagsFor(RevocationEvent event) {
        return sealing.localTags();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 1);
    }

    @Override
    public CommandHandlerWithReply<Command, RevocationEvent, RevocationsState> commandHandler() {
        return (state, command) -> switch (command) {
            case Revoke revoke -> onRevoke(state, revoke);
            case Lift lift -> onLift(state, lift);
            case Since since ->
                Effect().reply(since.replyTo(), source.answer(since.question(), state.revision(), state));
        };
    }

    private ReplyEffect<RevocationEvent, RevocationsState> onRevoke(RevocationsState state, Revoke revoke) {
        long now = clock.millis();
        if (!state.hasRoomFor(revoke.revocation(), now, revocationsMax)) {
            return Effect()
                    .reply(
                            revoke.replyTo(),
                            new Refused(
                                    ErrorCode.REVOCATIONS_FULL,
                                    "There are " + revocationsMax + " revocations already, as many as are kept."));
        }
        Revision revision = state.revision().next(random);
        boolean replaced = state.all().containsKey(revoke.revocation().id());
        RevocationEvent event =
                new RevocationEvent.Revoked(revision.number(), revision.tag(), revoke.revocation(), now);
        return commit(state, revision, event, revoke.replyTo(), new Revoked(revision.number(), replaced));
    }

    private ReplyEffect<RevocationEvent, RevocationsState> onLift(RevocationsState state, Lift lift) {
        if (!state.all().containsKey(lift.id())) {
            return Effect().reply(lift.replyTo(), new Lifted(0));
        }
        Revision revision = state.revision().next(random);
        RevocationEvent event =
                new RevocationEvent.Lifted(revision.number(), revision.tag(), lift.id(), lift.by(), clock.millis());
        return commit(state, revision, event, lift.replyTo(), new Lifted(revision.number()));
    }

    private ReplyEffect<RevocationEvent, RevocationsState> commit(
            RevocationsState before, Revision revision, RevocationEvent event, ActorRef<Reply> replyTo, Reply reply) {
        Revision previous = before.revision();
        return Effect()
                .persist(event)
                .thenRun(() -> announce.accept(source.committed(previous, revision, event)))
                .thenReply(replyTo, committed -> reply);
    }
}
