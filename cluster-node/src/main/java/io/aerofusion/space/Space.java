package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.SnapshotCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.SignalHandler;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.security.Sealing;
import io.aerofusion.platform.telemetry.Recoveries;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One shared space of documents. A push is one journal event; after the commit its delta goes straight to everybody who follows.
 * Followers, presence and waiting requests are soft state: whoever follows watches this actor and follows again when it stops.
 */
public final class Space extends EventSourcedBehaviorWithEnforcedReplies<Space.Command, SpaceEvent, HostedSpace> {
    public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Space");

    /** What can be asked of a space. All commands are safe to repeat. */
    public sealed interface Command extends Durable {}

    /** What the API asks; every one is answered with a {@link Reply}. */
    public sealed interface Request extends Command {
        ActorRef<Reply> replyTo();
    }

    /** What needs no answer. */
    public sealed interface Told extends Command {}

    // --- sessions

    /** Merges a device's mutations; replies once they are committed. */
    public record Push(
            Principal by,
            io.aerofusion.space.Push push,
            @Nullable String traceparent,
            ActorRef<SpaceNotice.PushReply> replyTo)
            implements Command {}

    /**
     * Asks for what comes after the cursor, and for every commit once there is no more.
     *
     * @param cursor null for the whole space
     * @param snapping whether the page is a part of a snapshot
     * @param turn repeated in the answer
     */
    public record Follow(
            Principal by,
            String device,
            List<String> collections,
            @Nullable String cursor,
            boolean snapping,
            int turn,
            ActorRef<SpaceNotice> follower)
            implements Command {}

    public record Unfollow(ActorRef<SpaceNotice> follower) implements Told {}

    /** The device has stored everything up to the cursor. */
    public record Seen(Principal by, String device, Cursor cursor) implements Told {}

    /** Shows soft state of a follower's device to the others; null takes it back. */
    public record Announce(@Nullable JsonNode state, ActorRef<SpaceNotice> follower) implements Told {}

    // --- the API

    /**
     * Makes the space.
     *
     * @param request digest of the request, by which its repetition is known
     */
    public record Create(Principal by, String title, boolean declared, String request, ActorRef<Reply> replyTo)
            implements Request {}

    public record Describe(Principal by, ActorRef<Reply> replyTo) implements Request {}

    /**
     * Answers with a page of changes, or when there are none, once there are or the time is over.
     *
     * @param device who asks, so that what it has not seen is kept for it; null for nobody in particular
     * @param waitMillis 0 answers at once
     */
    public record Changes(
            Principal by,
            @Nullable String device,
            @Nullable String since,
            List<String> collections,
            int documentsMax,
            long waitMillis,
            ActorRef<Reply> replyTo)
            implements Request {}

    public record ReadDocument(Principal by, String collection, String id, ActorRef<Reply> replyTo)
            implements Request {}

    public record ReadHash(Principal by, ActorRef<Reply> replyTo) implements Request {}

    public record ReadSchema(Principal by, String collection, ActorRef<Reply> replyTo) implements Request {}

    /**
     * Sets the schema of a collection.
     *
     * @param version of the schema that was read; null for any, 0 for none yet
     */
    public record SetSchema(
            Principal by,
            String collection,
            JsonNode schema,
            @Nullable Long version,
            ActorRef<Reply> replyTo) implements Request {}

    /**
     * Gives or (with null) takes a right.
     *
     * @param version of the space that was read; null for any
     */
    public record SetMember(
            Principal by,
            String user,
            @Nullable SpaceRight right,
            @Nullable Long version,
            ActorRef<Reply> replyTo) implements Request {}

    /** A member is being erased: takes the right, whoever may give rights here. */
    public record Dismiss(String user, String by, ActorRef<Reply> replyTo) implements Request {}

    public record SetQuota(
            Principal by,
            long documents,
            long bytes,
            @Nullable Long version,
            ActorRef<Reply> replyTo) implements Request {}

    /** Lists the paths where somebody has to choose. Looks at no more than {@code max} documents after the one named. */
    public record ListConflicts(Principal by, @Nullable DocumentKey after, int max, ActorRef<Reply> replyTo)
            implements Request {}

    /** Settles a path: what it shall be replaces all that waits there. The value null unsets it. */
    public record ResolveConflict(
            Principal by,
            String collection,
            String id,
            String path,
            @Nullable JsonNode value,
            ActorRef<Reply> replyTo) implements Request {}

    /** Lists what is in quarantine in the order in which it came. */
    public record ListQuarantine(Principal by, @Nullable Held after, int max, ActorRef<Reply> replyTo)
            implements Request {}

    /** A mutation's place among those in quarantine. */
    public record Held(long at, String device, long seq) {}

    /** Applies a mutation in quarantine on what is there now, or drops it. */
    public record DecideQuarantine(Principal by, String device, long seq, boolean accept, ActorRef<Reply> replyTo)
            implements Request {}

    /** The owner is being erased: ends the space for everybody. */
    public record Forget(String by, ActorRef<Reply> replyTo) implements Request {}

    public record ListPresence(Principal by, ActorRef<Reply> replyTo) implements Request {}

    /** May this user look at the space? For what is read beside the entity: the history. */
    public record Admit(Principal by, ActorRef<Reply> replyTo) implements Request {}

    // --- its own

    private record FollowerGone(ActorRef<SpaceNotice> follower) implements Told {}

    private record WaitOver(Followers.Waiter waiter) implements Told {}

    enum Upkeep implements Told {
        /** Nobody asked for a while. */
        IDLE,
        /** Time to look whether tombstones can go. */
        PURGE
    }

    /** Ends the entity whatever it is doing: sharding waits for that without a limit. */
    public enum Stop implements Told {
        STOP
    }

    // --- replies

    /** What the API's commands are answered with. */
    public sealed interface Reply extends Durable {}

    public record Refused(ErrorCode code, String detail) implements Reply {}

    public record Described(View space, boolean created) implements Reply {}

    public record Changed(List<DocumentChange> changes, String cursor, boolean more, boolean reset) implements Reply {}

    /** A document; null when there is none. */
    public record Document(@Nullable JsonNode document) implements Reply {}

    public record Hash(String hash, String cursor, int documents) implements Reply {}

    public record Schema(JsonNode schema, long version) implements Reply {}

    public record Conflicts(List<QueuedConflict> conflicts) implements Reply {}

    public record Quarantine(List<Quarantined> held) implements Reply {}

    public record Presence(List<SpaceNotice.Present> present) implements Reply {}

    public record Done(String cursor) implements Reply {}

    /** A space without its documents. */
    public record View(
            String space,
            String owner,
            String title,
            boolean declared,
            Map<String, SpaceRight> members,
            Map<String, Long> collections,
            long quotaDocuments,
            long quotaBytes,
            int documents,
            long bytes,
            int deletedDocuments,
            long deletedBytes,
            int devices,
            String cursor,
            long version,
            long createdAt) {}

    private final ActorContext<Command> context;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final HostedSpace.Identity identity;
    private final EventAdapter<SpaceEvent, ?> events;
    private final SnapshotAdapter<HostedSpace> snapshots;
    private final Set<String> tags;
    private final Set<String> listedTags;
    private final EntityLimits limits;
    private final SpaceMetrics metrics;
    private final InstantSource clock;
    private final JournalWeight weight;
    private final LongConsumer snapshotTaken;
    private final Followers followers;
    private final Runnable recovered = Recoveries.start(KEY.name());

    /** A space that recovers; {@code snapshotTaken} learns the number of the event a new snapshot stands for. */
    Space(
            ActorContext<Command> context,
            ActorRef<ClusterSharding.ShardCommand> shard,
            Sealing sealing,
            HostedSpace.Identity identity,
            EntityLimits limits,
            SpaceMetrics metrics,
            InstantSource clock,
            LongConsumer snapshotTaken) {
        super(sealing.id());
        this.context = context;
        this.shard = shard;
        this.identity = identity;
        this.weight = new JournalWeight(limits.snapshotBytesMin());
        this.events = weight.weighed(sealing.events(SpaceEvent.class));
        this.snapshots = sealing.snapshots(
                weight.snapshotWriter(HostedSpaceCodec::write),
                weight.snapshotReader(bytes -> HostedSpaceCodec.read(bytes, identity, limits)));
        this.tags = sealing.streamTags();
        this.listedTags = sealing.localTags();
        this.limits = limits;
        this.metrics = metrics;
        this.clock = clock;
        this.snapshotTaken = snapshotTaken;
        this.followers = new Followers(identity.space(), limits, metrics);
        context.scheduleOnce(limits.purgeInterval(), context.getSelf(), Upkeep.PURGE);
    }

    @Override
    public HostedSpace emptyState() {
        return new HostedSpace(identity, limits);
    }

    @Override
    public EventHandler<HostedSpace, SpaceEvent> eventHandler() {
        return HostedSpace::apply;
    }

    @Override
    public EventAdapter<SpaceEvent, ?> eventAdapter() {
        return events;
    }

    @Override
    public SnapshotAdapter<HostedSpace> snapshotAdapter() {
        return snapshots;
    }

    @Override
    public Set<String> tagsFor(SpaceEvent event) {
        return SpaceReadModel.follows(event) ? listedTags : tags;
    }

    @Override
    public boolean shouldSnapshot(HostedSpace state, SpaceEvent event, long sequenceNumber) {
        return weight.snapshotIsDue();
    }

    @Override
    public SignalHandler<HostedSpace> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(akka.persistence.typed.RecoveryCompleted.instance(), state -> recovered.run())
                .onSignal(SnapshotCompleted.class, (state, saved) -> {
                    metrics.snapshotTaken();
                    snapshotTaken.accept(saved.getSnapshotMetadata().sequenceNr());
                })
                .build();
    }

    @Override
    public CommandHandlerWithReply<Command, SpaceEvent, HostedSpace> commandHandler() {
        return (state, command) -> switch (command) {
            case Push push -> onPush(state, push);
            case Follow follow -> onFollow(state, follow);
            case Unfollow unfollow -> onUnfollow(unfollow.follower());
            case FollowerGone gone -> onUnfollow(gone.follower());
            case Seen seen -> onSeen(state, seen);
            case Announce announce -> onAnnounce(announce);
            case Create create -> onCreate(state, create);
            case Describe ask -> read(state, ask.by(), ask.replyTo(), s -> new Described(s.view(), false));
            case Changes ask -> onChanges(state, ask);
            case WaitOver over -> onWaitOver(state, over.waiter());
            case ReadDocument ask ->
                read(state, ask.by(), ask.replyTo(), s -> s.readDocument(ask.collection(), ask.id()));
            case ReadHash ask -> read(state, ask.by(), ask.replyTo(), HostedSpace::readHash);
            case ReadSchema ask -> read(state, ask.by(), ask.replyTo(), s -> s.readSchema(ask.collection()));
            case SetSchema set -> change(set.replyTo(), state.setSchema(set, now()));
            case SetMember set -> onMembersChange(set.replyTo(), state.charter().setMember(set, now()));
            case Dismiss dismiss ->
                onMembersChange(dismiss.replyTo(), state.charter().dismiss(dismiss, now()));
            case SetQuota set -> change(set.replyTo(), state.charter().setQuota(set, now()));
            case ListConflicts ask ->
                read(
                        state,
                        ask.by(),
                        ask.replyTo(),
                        s -> new Conflicts(s.documents().queue(null, ask.after(), ask.max())));
            case ResolveConflict resolve -> onDecision(state, resolve.replyTo(), state.resolve(resolve, now()));
            case ListQuarantine ask ->
                read(state, ask.by(), ask.replyTo(), s -> new Quarantine(s.quarantine(ask.after(), ask.max())));
            case DecideQuarantine decide -> onDecision(state, decide.replyTo(), state.decide(decide, now()));
            case Forget forget -> onForget(state, forget);
            case ListPresence ask -> read(state, ask.by(), ask.replyTo(), s -> new Presence(followers.present()));
            case Admit ask -> read(state, ask.by(), ask.replyTo(), HostedSpace::done);
            case Upkeep upkeep ->
                switch (upkeep) {
                    case IDLE -> onIdle(state);
                    case PURGE -> onPurge(state);
                };
            case Stop stop -> onStop(state);
        };
    }

    // --- push

    private ReplyEffect<SpaceEvent, HostedSpace> onPush(HostedSpace state, Push command) {
        long started = System.nanoTime();
        long now = now();
        return switch (state.judge(command, now)) {
            case HostedSpace.Verdict.Refuse refuse -> Effect().reply(command.replyTo(), refuse.reply());
            case HostedSpace.Verdict.Merge merge -> {
                Decision decision = merge.decision();
                List<SpaceEvent> facts = merge.facts();
                Cursor before = state.documents().cursor();
                if (facts.isEmpty()) {
                    metrics.decided(decision);
                    yield Effect().reply(command.replyTo(), state.pushed(merge.push(), decision, before));
                }
                yield Effect()
                        .persist(facts)
                        .thenRun((HostedSpace merged) -> {
                            metrics.merged(decision, System.nanoTime() - started);
                            String trace = metrics.committed(command.traceparent(), started);
                            announce(merged, facts, before, trace, command.replyTo());
                        })
                        .thenReply(command.replyTo(), merged -> merged.pushed(merge.push(), decision, before));
            }
        };
    }

    /** Tells everybody but the pusher, who learns it from the reply. */
    private void announce(
            HostedSpace state,
            List<SpaceEvent> facts,
            Cursor before,
            @Nullable String traceparent,
            @Nullable ActorRef<?> pusher) {
        for (SpaceEvent fact : facts) {
            if (fact instanceof Merged merged && !merged.operations().isEmpty()) {
                followers.tellCommit(state, merged, before, traceparent, pusher);
                followers.answerWaiting(waiter -> changes(state, waiter));
            }
        }
    }

    // --- following

    private ReplyEffect<SpaceEvent, HostedSpace> onFollow(HostedSpace state, Follow command) {
        Optional<Refused> refusal =
                state.refusalToFollow(command.by(), command.device()).or(() -> followers.refusal(command.follower()));
        if (refusal.isPresent()) {
            followers.remove(command.follower());
            Refused refused = refusal.get();
            return Effect()
                    .reply(
                            command.follower(),
                            new SpaceNotice.FollowRefused(
                                    identity.space(), command.turn(), refused.code(), refused.detail()));
        }
        if (followers.add(command)) {
            context.watchWith(command.follower(), new FollowerGone(command.follower()));
        }
        List<SpaceEvent> sighting = state.told(command.by(), command.device(), command.cursor(), now());
        return Effect()
                .persist(sighting)
                .thenRun((HostedSpace seen) -> catchUp(seen, command))
                .thenNoReply();
    }

    /** Sends what the follower misses, and only then who is there: a session that still waits for the first passes over the second. */
    private void catchUp(HostedSpace state, Follow command) {
        HostedSpace.Start start = state.start(command.cursor(), command.device());
        Page page = state.documents()
                .changes(
                        start.since(),
                        Set.copyOf(command.collections()),
                        limits.pageDocumentsMax(),
                        limits.pageBytesMax());
        String to = page.to().encode();
        boolean snap = command.snapping() || start.reset() != null;
        byte[] frame = FrameCodec.encode(
                snap
                        ? new Frame.Snap(identity.space(), to, page.changes(), !page.more())
                        : new Frame.Delta(
                                identity.space(),
                                String.valueOf(command.cursor()),
                                to,
                                page.changes(),
                                page.more(),
                                null));
        command.follower()
                .tell(new SpaceNotice.Caught(
                        identity.space(), command.turn(), start.reset(), frame, to, page.more(), context.getSelf()));
        followers.caughtUp(command.follower(), !page.more());
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onUnfollow(ActorRef<SpaceNotice> follower) {
        if (followers.remove(follower)) {
            context.unwatch(follower);
        }
        return Effect().noReply();
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onSeen(HostedSpace state, Seen command) {
        List<SpaceEvent> sighting = state.seen(command, now());
        return sighting.isEmpty()
                ? Effect().noReply()
                : Effect().persist(sighting).thenNoReply();
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onAnnounce(Announce command) {
        followers.announce(command.follower(), command.state());
        return Effect().noReply();
    }

    // --- the API

    private ReplyEffect<SpaceEvent, HostedSpace> read(
            HostedSpace state, Principal by, ActorRef<Reply> replyTo, Function<HostedSpace, Reply> answer) {
        Optional<Refused> refusal = state.charter().refusal(by, SpaceRight.READ);
        return Effect().reply(replyTo, refusal.isPresent() ? refusal.get() : answer.apply(state));
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onCreate(HostedSpace state, Create command) {
        return switch (state.charter().create(command, now())) {
            case SpaceOutcome.Refuse refuse -> Effect().reply(command.replyTo(), refuse.refused());
            case SpaceOutcome.Persist changes ->
                Effect()
                        .persist(changes.facts())
                        .thenReply(command.replyTo(), created -> new Described(created.view(), true));
        };
    }

    private ReplyEffect<SpaceEvent, HostedSpace> change(ActorRef<Reply> replyTo, SpaceOutcome outcome) {
        return switch (outcome) {
            case SpaceOutcome.Refuse refuse -> Effect().reply(replyTo, refuse.refused());
            case SpaceOutcome.Persist changes ->
                Effect().persist(changes.facts()).thenReply(replyTo, changed -> new Described(changed.view(), false));
        };
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onMembersChange(ActorRef<Reply> replyTo, SpaceOutcome outcome) {
        return switch (outcome) {
            case SpaceOutcome.Refuse refuse -> Effect().reply(replyTo, refuse.refused());
            case SpaceOutcome.Persist changes ->
                Effect()
                        .persist(changes.facts())
                        .thenRun((HostedSpace changed) -> dropThoseWithoutAccess(changed))
                        .thenReply(replyTo, changed -> new Described(changed.view(), false));
        };
    }

    /** A resolved conflict or a decided quarantine: an operation of the space's own, told to all followers. */
    private ReplyEffect<SpaceEvent, HostedSpace> onDecision(
            HostedSpace state, ActorRef<Reply> replyTo, SpaceOutcome outcome) {
        return switch (outcome) {
            case SpaceOutcome.Refuse refuse -> Effect().reply(replyTo, refuse.refused());
            case SpaceOutcome.Persist decided -> {
                Cursor before = state.documents().cursor();
                yield Effect()
                        .persist(decided.facts())
                        .thenRun((HostedSpace merged) -> announce(merged, decided.facts(), before, null, null))
                        .thenReply(replyTo, HostedSpace::done);
            }
        };
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onForget(HostedSpace state, Forget command) {
        return Effect()
                .persist(state.charter().erase(command.by(), now()))
                .thenRun((HostedSpace erased) -> {
                    dropThoseWithoutAccess(erased);
                    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
                })
                .thenReply(command.replyTo(), erased -> new Done(""));
    }

    private void dropThoseWithoutAccess(HostedSpace state) {
        followers.dropThoseWithoutAccess(state);
        followers.answerWaiting(waiter -> changes(state, waiter));
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onChanges(HostedSpace state, Changes command) {
        String device = command.device();
        if (device == null) {
            return tellChanges(state, command, List.of());
        }
        Optional<Refused> refusal = state.refusalToFollow(command.by(), device);
        return refusal.isPresent()
                ? Effect().reply(command.replyTo(), refusal.get())
                : tellChanges(state, command, state.told(command.by(), device, command.since(), now()));
    }

    private ReplyEffect<SpaceEvent, HostedSpace> tellChanges(
            HostedSpace state, Changes command, List<SpaceEvent> sighting) {
        Reply answer = changes(state, command);
        if (command.waitMillis() > 0 && Followers.isNothingNew(answer)) {
            Optional<Followers.Waiter> waiter = followers.waitFor(command);
            if (waiter.isEmpty()) { // not an empty answer: whoever got it would ask again at once
                return Effect()
                        .reply(
                                command.replyTo(),
                                new Refused(
                                        ErrorCode.RATE_LIMITED,
                                        "At most " + limits.waitingMax() + " requests wait for a change of a space."));
            }
            waiter.get()
                    .limit(context.scheduleOnce(
                            java.time.Duration.ofMillis(Math.min(
                                    command.waitMillis(), limits.waitMax().toMillis())),
                            context.getSelf(),
                            new WaitOver(waiter.get())));
            return sighting.isEmpty()
                    ? Effect().noReply()
                    : Effect().persist(sighting).thenNoReply();
        }
        return Effect().persist(sighting).thenReply(command.replyTo(), seen -> answer);
    }

    /** Requests that wait do not watch the space: they are answered, and come again where it is next, instead of waiting in vain. */
    private ReplyEffect<SpaceEvent, HostedSpace> onStop(HostedSpace state) {
        followers.answerAllWaiting(waiter -> changes(state, waiter));
        return Effect().stop().thenNoReply();
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onWaitOver(HostedSpace state, Followers.Waiter waiter) {
        return followers.giveUp(waiter)
                ? Effect().reply(waiter.ask().replyTo(), changes(state, waiter.ask()))
                : Effect().noReply();
    }

    private Reply changes(HostedSpace state, Changes command) {
        Optional<Refused> refusal = state.charter().refusal(command.by(), SpaceRight.READ);
        return refusal.isPresent()
                ? refusal.get()
                : state.readChanges(command.since(), command.collections(), command.documentsMax());
    }

    // --- upkeep

    private ReplyEffect<SpaceEvent, HostedSpace> onIdle(HostedSpace state) {
        if (!followers.nobody()) {
            return Effect().noReply();
        }
        // Soon it has forgotten who has seen what, and a space that is seldom used is never awake when its timer is
        // due.
        return Effect()
                .persist(state.purgeAtRest(now()))
                .thenRun((HostedSpace resting) -> shard.tell(new ClusterSharding.Passivate<>(context.getSelf())))
                .thenNoReply();
    }

    private ReplyEffect<SpaceEvent, HostedSpace> onPurge(HostedSpace state) {
        context.scheduleOnce(limits.purgeInterval(), context.getSelf(), Upkeep.PURGE);
        List<SpaceEvent> purge = state.purge(now());
        return purge.isEmpty() ? Effect().noReply() : Effect().persist(purge).thenNoReply();
    }

    private long now() {
        return clock.millis();
    }
}
