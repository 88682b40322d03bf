package io.aerofusion.platform.cluster;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import akka.cluster.typed.Cluster;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.cluster.RevisionedMessage.Announced;
import io.aerofusion.platform.cluster.RevisionedMessage.Answer;
import io.aerofusion.platform.cluster.RevisionedMessage.Change;
import io.aerofusion.platform.cluster.RevisionedMessage.Changes;
import io.aerofusion.platform.cluster.RevisionedMessage.Current;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import io.aerofusion.platform.cluster.RevisionedMessage.HoldingAsked;
import io.aerofusion.platform.cluster.RevisionedMessage.Part;
import io.aerofusion.platform.cluster.RevisionedMessage.Question;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a node's {@link RevisionedSnapshot} up to date: takes announcements, asks the writer for what it missed and every few seconds
 * anyway, and writes what it has to the disk. At most one question and one write to the disk are under way.
 */
final class RevisionedReplica<S, C> extends AbstractBehavior<Object> {
    /** To be told to all nodes. */
    record Spread(Announced announced) {}

    /** Time to ask. */
    enum Check {
        INSTANCE
    }

    private record Peers(Set<ActorRef<RevisionedMessage>> all) {}

    /** @param known what was held when it was asked */
    private record Answered(Revision known, Answer answer) {}

    private record Unanswered(Throwable cause) {}

    private record Saved(Revision revision, @Nullable Throwable failure) {}

    /** A whole that arrives in parts. */
    private static final class Transfer {
        private final Revision known;
        private final Revision revision;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private int parts;

        Transfer(Revision known, Revision revision) {
            this.known = known;
            this.revision = revision;
        }
    }

    private final Revisioned.Setup<S, C> setup;
    private final RevisionedSnapshot<S> snapshot;
    private final Executor blocking;
    private final AtomicReference<Set<ActorRef<RevisionedMessage>>> peers;
    private final TimerScheduler<Object> timers;
    private boolean asking;
    private int failures;
    /** The newest that was announced since the question under way was asked. */
    private long announced;

    private @Nullable Transfer transfer;
    private @Nullable Revision saving;
    private Revision saved;

    static <S, C> Behavior<Object> create(
            Revisioned.Setup<S, C> setup,
            RevisionedSnapshot<S> snapshot,
            Executor blocking,
            AtomicReference<Set<ActorRef<RevisionedMessage>>> peers) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new RevisionedReplica<>(context, timers, setup, snapshot, blocking, peers)));
    }

    private RevisionedReplica(
            ActorContext<Object> context,
            TimerScheduler<Object> timers,
            Revisioned.Setup<S, C> setup,
            RevisionedSnapshot<S> snapshot,
            Executor blocking,
            AtomicReference<Set<ActorRef<RevisionedMessage>>> peers) {
        super(context);
        this.timers = timers;
        this.setup = setup;
        this.snapshot = snapshot;
        this.blocking = blocking;
        this.peers = peers;
        this.saved = snapshot.get().revision();
        ServiceKey<RevisionedMessage> key = ServiceKey.create(RevisionedMessage.class, "revisioned-" + setup.name());
        context.getSystem()
                .receptionist()
                .tell(Receptionist.register(key, context.getSelf().unsafeUpcast()));
        // Unreachable nodes are told too: they may only seem so.
        context.getSystem()
                .receptionist()
                .tell(Receptionist.subscribe(
                        key,
                        context.messageAdapter(
                                Receptionist.Listing.class,
                                listing -> new Peers(listing.getAllServiceInstances(key)))));
        context.getSelf().tell(Check.INSTANCE);
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(Announced.class, this::onAnnounced)
                .onMessage(Spread.class, this::onSpread)
                .onMessage(Check.class, check -> onCheck())
                .onMessage(Answered.class, this::onAnswered)
                .onMessage(Unanswered.class, this::onUnanswered)
                .onMessage(Saved.class, this::onSaved)
                .onMessage(HoldingAsked.class, this::onHoldingAsked)
                .onMessage(Peers.class, this::onPeers)
                .build();
    }

    private Behavior<Object> onSpread(Spread spread) {
        ActorRef<Object> self = getContext().getSelf();
        self.tell(spread.announced());
        for (ActorRef<RevisionedMessage> peer : peers.get()) {
            if (!peer.path().equals(self.path())) {
                peer.tell(spread.announced());
            }
        }
        return this;
    }

    private Behavior<Object> onPeers(Peers message) {
        peers.set(Set.copyOf(message.all()));
        return this;
    }

    private Behavior<Object> onAnnounced(Announced news) {
        announced = Math.max(announced, news.revision().number());
        Revision held = snapshot.get().revision();
        Change change = news.change();
        if (held.equals(news.revision())) {
            snapshot.confirm();
        } else if (held.equals(news.previous()) && change != null) {
            try {
                take(change);
            } catch (RuntimeException e) {
                getContext().getLog().warn("{} of {} could not be taken", news.revision(), setup.name(), e);
                ask();
            }
        } else if (news.revision().number() > held.number()) {
            ask();
        } // else it is late: what follows it is held already
        return this;
    }

    private Behavior<Object> onCheck() {
        ask();
        return this;
    }

    private void ask() {
        if (!asking) {
            Transfer running = transfer;
            Revision held = snapshot.get().revision();
            ask(running == null ? Question.since(held) : new Question(held, running.revision, running.parts));
        }
    }

    private void ask(Question question) {
        asking = true;
        announced = 0;
        timers.cancel(Check.INSTANCE);
        getContext()
                .pipeToSelf(
                        answer(question),
                        (answer, failure) ->
                                failure == null ? new Answered(question.known(), answer) : new Unanswered(failure));
    }

    private CompletionStage<Answer> answer(Question question) {
        try {
            return setup.writer()
                    .apply(question)
                    .thenApply(answer -> answer) // a stage of our own: the limit must not complete the writer's
                    .toCompletableFuture()
                    .orTimeout(setup.limits().answerTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (RuntimeException e) { // such as a system that shuts down
            return CompletableFuture.failedFuture(e);
        }
    }

    private Behavior<Object> onAnswered(Answered message) {
        asking = false;
        if (failures > 0) {
            getContext().getLog().info("The writer of {} answers again", setup.name());
            failures = 0;
        }
        try {
            switch (message.answer()) {
                case Current current -> {
                    transfer = null;
                    if (current.revision().equals(snapshot.get().revision())) {
                        snapshot.confirm();
                    }
                }
                case Changes changes -> {
                    transfer = null;
                    if (changes.from().equals(snapshot.get().revision())) {
                        changes.changes().forEach(this::take);
                    }
                }
                case Part part -> onPart(message.known(), part);
            }
        } catch (RuntimeException e) {
            transfer = null;
            return onUnanswered(new Unanswered(e));
        }
        if (transfer != null || announced > snapshot.get().revision().number()) {
            ask();
        } else {
            timers.startSingleTimer(Check.INSTANCE, setup.limits().checkEvery());
        }
        return this;
    }

    private void onPart(Revision known, Part part) {
        Transfer running = transfer;
        if (running == null || !running.revision.equals(part.revision()) || running.parts != part.part()) {
            running = new Transfer(known, part.revision());
            transfer = running;
            if (part.part() != 0) {
                return; // of a whole that was given up: begin again
            }
        }
        running.content.writeBytes(part.content());
        running.parts++;
        if (running.content.size() > RevisionedLimits.WHOLE_BYTES_MAX) {
            throw new IllegalStateException("the whole is larger than " + RevisionedLimits.WHOLE_BYTES_MAX + " bytes");
        }
        if (running.parts < part.parts()) {
            return;
        }
        transfer = null;
        Revision held = snapshot.get().revision();
        if (!held.equals(running.known)) {
            return; // announcements were faster
        }
        if (part.revision().number() < held.number()) {
            getContext()
                    .getLog()
                    .warn(
                            "The writer of {} went back from revision {} to {}: its database was restored from a backup",
                            setup.name(),
                            held,
                            part.revision());
        }
        byte[] whole = Deflated.inflate(running.content.toByteArray(), RevisionedLimits.WHOLE_BYTES_MAX);
        swap(part.revision(), setup.content().read(whole));
    }

    private void take(Change change) {
        C content;
        try {
            byte[] bytes = Deflated.inflate(change.content(), RevisionedLimits.WHOLE_BYTES_MAX);
            content = setup.content().readChange(bytes);
        } catch (RuntimeException e) { // the next question gets it again, or fails and says so
            throw new IllegalStateException("change " + change.revision() + " cannot be read", e);
        }
        swap(change.revision(), setup.content().apply(snapshot.get().whole(), content, change.revision()));
    }

    private void swap(Revision revision, S whole) {
        snapshot.swap(revision, whole);
        getContext().getLog().debug("{} is at revision {}", setup.name(), revision);
        save();
    }

    /** Whether this node is leaving: then nobody answering is what is to be expected. */
    private boolean stopping() {
        return CoordinatedShutdown.get(getContext().getSystem())
                .getShutdownReason()
                .isPresent();
    }

    private Behavior<Object> onUnanswered(Unanswered message) {
        asking = false;
        long retry = RevisionedLimits.RETRY_MIN.toMillis() << Math.min(failures, 10);
        if (failures++ == 0 && !stopping()) {
            getContext()
                    .getLog()
                    .warn(
                            "The writer of {} does not answer; this node goes on with revision {}, confirmed {} s ago",
                            setup.name(),
                            snapshot.get().revision(),
                            snapshot.age().toSeconds(),
                            message.cause());
        }
        Duration checkEvery = setup.limits().checkEvery();
        timers.startSingleTimer(Check.INSTANCE, Duration.ofMillis(Math.min(retry, checkEvery.toMillis())));
        return this;
    }

    private void save() {
        Revision revision = snapshot.get().revision();
        if (saving == null && !revision.equals(saved) && setup.file().isPresent()) {
            saving = revision;
            S whole = snapshot.get().whole();
            long confirmedAt = snapshot.confirmedAt();
            RevisionedFile file = setup.file().get();
            getContext()
                    .pipeToSelf(
                            written(() -> file.save(setup.content(), revision, whole, confirmedAt)),
                            (done, failure) -> new Saved(revision, failure));
        }
    }

    private interface Write {
        void run() throws IOException;
    }

    private CompletionStage<Void> written(Write write) {
        try {
            return CompletableFuture.runAsync(
                    () -> {
                        try {
                            write.run();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    blocking);
        } catch (RuntimeException full) { // the executor takes no more work: the next swap tries again
            return CompletableFuture.failedFuture(full);
        }
    }

    private Behavior<Object> onSaved(Saved message) {
        saving = null;
        if (message.failure() != null) {
            getContext()
                    .getLog()
                    .warn(
                            "Revision {} of {} could not be written to the disk; a restart begins with an older one",
                            message.revision(),
                            setup.name(),
                            message.failure());
            return this;
        }
        saved = message.revision();
        save();
        return this;
    }

    private Behavior<Object> onHoldingAsked(HoldingAsked message) {
        JsonNode detail;
        try {
            detail = setup.detail().get();
        } catch (RuntimeException e) { // this node counts as silent, and goes on
            getContext().getLog().error("What this node holds of {} could not be told", setup.name(), e);
            return this;
        }
        message.replyTo()
                .tell(new Holding(
                        Cluster.get(getContext().getSystem())
                                .selfMember()
                                .address()
                                .hostPort(),
                        snapshot.get().revision(),
                        snapshot.age().toMillis(),
                        snapshot.stale(),
                        detail));
        return this;
    }
}
