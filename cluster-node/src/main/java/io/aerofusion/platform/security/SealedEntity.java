package io.aerofusion.platform.security;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.StashBuffer;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.persistence.DataKeys;
import io.aerofusion.platform.persistence.DataKeys.Binding;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * A persistent entity whose events and snapshots are sealed from the first one on.
 *
 * <p>It asks for its data key before it recovers, so recovery can open what it reads. Commands that arrive meanwhile are stashed. An
 * entity that never persisted anything is <em>unborn</em>: its first command that names a data subject binds it to that
 * subject's key for ever and starts it. When the key was destroyed, it is <em>erased</em> and only says so.
 *
 * <pre>
 *   (start) -> asking -> live        the key is known: the event-sourced behavior runs
 *                     -> unborn -> binding -> live
 *                     -> erased
 * </pre>
 */
public final class SealedEntity<C> {
    /** Commands that wait for the key; beyond this they are dropped and their callers ask again. */
    public static final int STASHED_COMMANDS_MAX = 1_000;

    /** What an entity type decides about the parts of its life in which it has no state. Called on the entity's thread. */
    public interface Life<C> {
        /** The data subject ({@code tenant|user}) that a first command names; empty when it cannot be the first. */
        Optional<String> subjectNamedBy(C command);

        /** Answers a command that cannot be the first one. */
        void unborn(C command);

        /** Answers a command to an entity whose subject was erased. */
        void erased(C command);

        /** Answers a command of an entity that stops because its key could not be fetched; whoever gets no answer waits in vain. */
        default void unavailable(C command) {}

        /** Whether the command is the one that passivation sends; it stops the entity in every part of its life. */
        boolean stops(C command);

        /** The event-sourced behavior; uses the sealing's adapters and tags. */
        Behavior<C> live(Sealing sealing);
    }

    private sealed interface Key {
        record Found(Binding binding) implements Key {}

        record Unknown(Throwable cause) implements Key {}
    }

    private final PersistenceId id;
    private final DataKeys keys;
    private final Executor blocking;
    private final Life<C> life;
    private final ActorContext<Object> context;
    private final StashBuffer<Object> stash;

    private SealedEntity(
            PersistenceId id,
            DataKeys keys,
            Executor blocking,
            Life<C> life,
            ActorContext<Object> context,
            StashBuffer<Object> stash) {
        this.id = id;
        this.keys = keys;
        this.blocking = blocking;
        this.life = life;
        this.context = context;
        this.stash = stash;
    }

    /**
     * The behavior of an entity.
     *
     * @param id such as {@code Space|tenant|space}
     * @param blocking where the key is asked for
     */
    public static <C> Behavior<C> create(PersistenceId id, DataKeys keys, Executor blocking, Life<C> life) {
        return Behaviors.<Object>setup(context -> Behaviors.withStash(
                        STASHED_COMMANDS_MAX,
                        stash -> new SealedEntity<>(id, keys, blocking, life, context, stash)
                                .asking(() -> keys.bindingOf(id.id()))))
                .unsafeCast();
    }

    private Behavior<Object> asking(Supplier<Binding> question) {
        context.pipeToSelf(
                answered(question),
                (binding, failure) -> failure == null ? new Key.Found(binding) : new Key.Unknown(failure));
        return Behaviors.receiveMessage(message -> {
            if (message instanceof Key.Found found) {
                return begin(found.binding());
            }
            if (message instanceof Key.Unknown unknown) {
                // Like a journal that cannot be read: the entity stops, the next command tries again.
                context.getLog().warn("{} stops: its data key could not be fetched", id.id(), unknown.cause());
                stash.forEach(waiting -> life.unavailable(command(waiting)));
                return Behaviors.stopped();
            }
            if (life.stops(command(message))) {
                return Behaviors.stopped();
            }
            if (stash.isFull()) {
                context.getLog().warn("{} drops a command: {} wait for its key", id.id(), STASHED_COMMANDS_MAX);
            } else {
                stash.stash(message);
            }
            return Behaviors.same();
        });
    }

    private CompletableFuture<Binding> answered(Supplier<Binding> question) {
        try {
            return CompletableFuture.supplyAsync(question, blocking);
        } catch (RuntimeException full) { // the executor takes no more work: as good as no answer
            return CompletableFuture.failedFuture(full);
        }
    }

    private Behavior<Object> begin(Binding binding) {
        return stash.unstashAll(
                switch (binding) {
                    case Binding.None none -> unborn();
                    case Binding.Sealed bound ->
                        life.live(new Sealing(id, bound.key())).unsafeCast();
                    case Binding.Erased erased -> erased();
                });
    }

    private Behavior<Object> unborn() {
        return Behaviors.receiveMessage(message -> {
            C command = command(message);
            if (life.stops(command)) {
                return Behaviors.stopped();
            }
            Optional<String> subject = life.subjectNamedBy(command);
            if (subject.isEmpty()) {
                life.unborn(command);
                return Behaviors.same();
            }
            stash.stash(message); // nothing waits before it: it will be the first
            return asking(() -> keys.bind(id.id(), subject.get()));
        });
    }

    private Behavior<Object> erased() {
        return Behaviors.receiveMessage(message -> {
            C command = command(message);
            if (life.stops(command)) {
                return Behaviors.stopped();
            }
            life.erased(command);
            return Behaviors.same();
        });
    }

    @SuppressWarnings(
            "unchecked") // the behavior is handed out as Behavior<C>: beside its own answers only C can arrive
    private C command(Object message) {
        return (C) message;
    }
}
