package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSource;
import io.aerofusion.platform.security.Sealing;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one place where the gateway of a tenant changes: takes change sets one after the other, has the whole that would come of each checked,
 * and commits it as one event, the next generation. The nodes learn of it after the commit; so does the history of each resource.
 */
public final class Publication
        extends EventSourcedBehaviorWithEnforcedReplies<Publication.Command, PublicationEvent, PublicationState> {
    public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Publication");

    /** What the follower of {@link ResourceHistory} reads. */
    static final String TAG = "publication";

    /** Change sets that wait while another one is being checked; more are refused and may come again. */
    static final int WAITING_MAX = 100;

    private static final int SNAPSHOT_EVERY = 100;

    /** What can be asked of a publication. */
    public sealed interface Command extends Durable {}

    /**
     * Publishes a change set, or with {@code dryRun} says what it would do.
     *
     * @param changes as {@link ChangeSet#write} wrote it
     */
    @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
    public record Publish(byte[] changes, boolean dryRun, String by, ActorRef<Reply> replyTo) implements Command {}

    /** A node asks for what it missed. */
    public record Since(RevisionedMessage.Question question, ActorRef<RevisionedMessage.Answer> replyTo)
            implements Command {}

    /** A change set was checked, on this node. */
    private record Checked(Publish publish, ChangeSet set, Proposal proposal) implements Command {}

    /** The check of a change set failed by a defect, on this node. */
    private record Unchecked(Publish publish, Throwable cause) implements Command {}

    /** What a publication answers. */
    public sealed interface Reply extends Durable {}

    /**
     * It is published, or would be.
     *
     * @param generation the newest one now
     * @param changed resources that differ; 0 when everything was as wanted already and nothing was published
     * @param differences the first of them
     */
    public record Published(long generation, int changed, List<Difference> differences) implements Reply {}

    /** Nothing was changed. */
    public record Refused(ErrorCode code, String detail, List<Problem> problems) implements Reply {}

    /** Nothing was begun. */
    static final Refused UNAVAILABLE = new Refused(
            ErrorCode.UNAVAILABLE,
            "The change cannot be written right now, because the database or the node that writes is away; nothing was changed.",
            List.of());

    private static final Refused UNKNOWN = new Refused(
            ErrorCode.TIMEOUT,
            "The database did not say in time that it took the change. Whether it did, the newest generation tells once it is back.",
            List.of());

    private final ActorContext<Command> context;
    private final Sealing sealing;
    private final Executor blocking;
    private final InstantSource clock;
    private final Function<Generation, List<Problem>> check;
    private final Consumer<RevisionedMessage.Announced> announce;
    private final Consumer<PublicationEvent.Published> record;
    private final RevisionedSource<Configuration, PublicationEvent.Published> source =
            new RevisionedSource<>(ConfigurationContent.INSTANCE);
    private final SecureRandom random = new SecureRandom();
    private final Deque<Publish> waiting = new ArrayDeque<>();
    private @Nullable Publish checking;
    private boolean committing;

    /**
     * A publication.
     *
     * @param check what is wrong with a generation as a whole; called on {@code blocking}
     * @param announce tells the nodes of a commit
     * @param record tells the resources of a commit
     */
    Publication(
            ActorContext<Command> context,
            Sealing sealing,
            Executor blocking,
            InstantSource clock,
            Function<Generation, List<Problem>> check,
            Consumer<RevisionedMessage.Announced> announce,
            Consumer<PublicationEvent.Published> record) {
        super(sealing.id());
        this.context = context;
        this.sealing = sealing;
        this.blocking = blocking;
        this.clock = clock;
        this.check = check;
        this.announce = announce;
        this.record = record;
    }

    @Override
    public PublicationState emptyState() {
        return PublicationState.EMPTY;
    }

    @Override
    public EventHandler<PublicationState, PublicationEvent> eventHandler() {
        return PublicationState::apply;
    }

    @Override
    public EventAdapter<PublicationEvent, ?> eventAdapter() {
        return sealing.events(PublicationEvent.class);
    }

    @Override
    public SnapshotAdapter<PublicationState> snapshotAdapter() {
        return sealing.snapshots(PublicationState::write, PublicationState::read);
    }

    @Override
    public Set<String> tagsFor(PublicationEvent event) {
        Set<String> tags = new HashSet<>(sealing.localTags());
        tags.add(TAG);
        return tags;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 1);
    }

    @Override
    public CommandHandlerWithReply<Command, PublicationEvent, PublicationState> commandHandler() {
        return (state, command) -> switch (command) {
            case Publish publish -> onPublish(state, publish);
            case Since since ->
                Effect()
                        .reply(
                                since.replyTo(),
                                source.answer(since.question(), state.revision(), state.configuration()));
            case Checked checked -> onChecked(state, checked);
            case Unchecked unchecked -> onUnchecked(state, unchecked);
        };
    }

    @Override
    public SignalHandler<PublicationState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(PostStop.instance(), state -> stopped())
                .build();
    }

    /** A write that failed ends it, and so does a move to another node: whoever waits is told, and comes again. */
    private void stopped() {
        if (checking != null) {
            checking.replyTo().tell(committing ? UNKNOWN : UNAVAILABLE);
        }
        waiting.forEach(publish -> publish.replyTo().tell(UNAVAILABLE));
    }

    private ReplyEffect<PublicationEvent, PublicationState> onPublish(PublicationState state, Publish publish) {
        if (checking == null) {
            begin(state, publish);
            return Effect().noReply();
        }
        if (waiting.size() >= WAITING_MAX) {
            return Effect()
                    .reply(
                            publish.replyTo(),
                            new Refused(ErrorCode.UNAVAILABLE, "Too many changes wait to be published.", List.of()));
        }
        waiting.addLast(publish);
        return Effect().noReply();
    }

    private void begin(PublicationState state, Publish publish) {
        checking = publish;
        Configuration before = state.configuration();
        context.pipeToSelf(
                checked(publish, before),
                (checked, failure) -> failure == null ? checked : new Unchecked(publish, failure));
    }

    /** Compiling a large gateway takes a while: the entity stays open for questions meanwhile. */
    private CompletionStage<Command> checked(Publish publish, Configuration before) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        ChangeSet set = ChangeSet.read(publish.changes());
                        return new Checked(publish, set, Proposal.of(before, set, clock.instant(), check));
                    },
                    blocking);
        } catch (RuntimeException full) { // the executor takes no more work
            return CompletableFuture.failedFuture(full);
        }
    }

    private ReplyEffect<PublicationEvent, PublicationState> onChecked(PublicationState state, Checked checked) {
        Publish publish = checked.publish();
        return switch (checked.proposal()) {
            case Proposal.Refused refused -> {
                GatewayMetrics.refused();
                next(state);
                yield Effect()
                        .reply(publish.replyTo(), new Refused(refused.code(), refused.detail(), refused.problems()));
            }
            case Proposal.Valid valid -> {
                if (!publish.dryRun() && !valid.changes().isEmpty()) {
                    yield commit(state, checked, valid);
                }
                next(state);
                yield Effect().reply(publish.replyTo(), published(state, valid));
            }
        };
    }

    private ReplyEffect<PublicationEvent, PublicationState> commit(
            PublicationState state, Checked checked, Proposal.Valid valid) {
        Revision previous = state.revision();
        Revision revision = previous.next(random);
        PublicationEvent.Published event = new PublicationEvent.Published(
                revision.number(),
                revision.tag(),
                valid.changes(),
                checked.set().note(),
                checked.set().restored(),
                checked.publish().by(),
                clock.millis());
        committing = true;
        return Effect()
                .persist(event)
                .thenRun((PublicationState committed) -> {
                    announce.accept(source.committed(previous, revision, event));
                    record.accept(event);
                    GatewayMetrics.published(valid.changes().size());
                    next(committed);
                })
                .thenReply(checked.publish().replyTo(), committed -> published(committed, valid));
    }

    private ReplyEffect<PublicationEvent, PublicationState> onUnchecked(PublicationState state, Unchecked unchecked) {
        context.getLog()
                .error("A change of {} could not be checked", sealing.id().id(), unchecked.cause());
        next(state);
        return Effect()
                .reply(
                        unchecked.publish().replyTo(),
                        new Refused(ErrorCode.INTERNAL, "The change could not be checked; see the log.", List.of()));
    }

    private void next(PublicationState state) {
        checking = null;
        committing = false;
        Publish publish = waiting.pollFirst();
        if (publish != null) {
            begin(state, publish);
        }
    }

    private static Published published(PublicationState state, Proposal.Valid valid) {
        return new Published(
                state.revision().number(),
                valid.changes().size(),
                Difference.bounded(new ArrayList<>(valid.differences())));
    }
}
