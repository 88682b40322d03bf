package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AskPattern;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.cluster.RevisionedMessage.Announced;
import io.aerofusion.platform.cluster.RevisionedMessage.Answer;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import io.aerofusion.platform.cluster.RevisionedMessage.HoldingAsked;
import io.aerofusion.platform.cluster.RevisionedMessage.Question;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The kernel of everything that is read by every request and written seldom: routes, configuration, flags, translations.
 *
 * <pre>
 *   a sharded entity takes the writes   ({@link RevisionedSource}: remembers the last changes)
 *        | after the commit: announce                     ^ every 5 s, and when a change is missing: since revision N?
 *        v                                                |
 *   a replica on every node             ({@link RevisionedReplica}: changes, or the whole in parts)
 *        | swap                                           | the last good state
 *        v                                                v
 *   {@link RevisionedSnapshot}: a volatile read           {@link RevisionedFile}: loaded before the node serves
 * </pre>
 *
 * <p>Announcements may be lost, doubled or late: revisions say what fits. When the writer is gone the node goes on with what it
 * holds, and says how old that is.
 */
public final class Revisioned<S> {
    /** How long a node may take to say what it holds. */
    private static final Duration HOLDING_TIMEOUT = Duration.ofSeconds(2);

    /**
     * What a kind of content needs to live on a node.
     *
     * @param name of the content, the same on every node; letters, digits and {@code -}
     * @param file where the last good state is kept; empty: nowhere
     * @param writer asks the entity that takes the writes; fails when that does not answer
     * @param detail what this node says of it beside the revision, when asked by {@link #holdings}
     */
    public record Setup<S, C>(
            String name,
            RevisionedContent<S, C> content,
            RevisionedLimits limits,
            Optional<RevisionedFile> file,
            Function<Question, CompletionStage<Answer>> writer,
            Supplier<JsonNode> detail) {}

    private final ActorSystem<?> system;
    private final RevisionedSnapshot<S> snapshot;
    private final ActorRef<Object> replica;
    private final AtomicReference<Set<ActorRef<RevisionedMessage>>> peers;

    private Revisioned(
            ActorSystem<?> system,
            RevisionedSnapshot<S> snapshot,
            ActorRef<Object> replica,
            AtomicReference<Set<ActorRef<RevisionedMessage>>> peers) {
        this.system = system;
        this.snapshot = snapshot;
        this.replica = replica;
        this.peers = peers;
    }

    /**
     * Loads the last good state from the disk and starts this node's replica, once per node and name. Blocks for the disk only.
     *
     * @param blocking where the file is written
     */
    public static <S, C> Revisioned<S> start(
            ActorSystem<?> system, Executor blocking, InstantSource clock, Setup<S, C> setup) {
        RevisionedFile.Saved<S> saved = setup.file()
                .flatMap(file -> file.load(setup.content()))
                .orElseGet(() -> new RevisionedFile.Saved<>(
                        Revision.NONE, setup.content().empty(), clock.millis()));
        RevisionedSnapshot<S> snapshot = new RevisionedSnapshot<>(
                setup.name(),
                clock,
                setup.limits().staleAfter(),
                new RevisionedSnapshot.Held<>(saved.revision(), saved.whole(), clock.millis()),
                saved.confirmedAt());
        AtomicReference<Set<ActorRef<RevisionedMessage>>> peers = new AtomicReference<>(Set.of());
        ActorRef<Object> replica = system.systemActorOf(
                RevisionedReplica.create(setup, snapshot, blocking, peers),
                "revisioned-" + setup.name(),
                Props.empty());
        return new Revisioned<>(system, snapshot, replica, peers);
    }

    /** What this node holds. */
    public RevisionedSnapshot<S> snapshot() {
        return snapshot;
    }

    /** Tells every node of a change; the entity calls it on its node after the commit. */
    public void announce(Announced announced) {
        replica.tell(new RevisionedReplica.Spread(announced));
    }

    /** Asks the writer now, for instance because the caller was just told that there is something newer. */
    public void refresh() {
        replica.tell(RevisionedReplica.Check.INSTANCE);
    }

    /**
     * What the nodes hold.
     *
     * @param told by those that answered, by their address
     * @param silent members of the cluster that did not answer in time
     */
    public record Holdings(List<Holding> told, SortedSet<String> silent) {}

    /** Asks every node what it holds; completes after {@link #HOLDING_TIMEOUT} at the latest, never exceptionally. */
    public CompletionStage<Holdings> holdings() {
        SortedSet<String> silent = Members.serving(system);
        List<CompletableFuture<Optional<Holding>>> answers = new ArrayList<>();
        // This one may not be listed yet, when it has just started.
        Set<ActorRef<RevisionedMessage>> asked = new HashSet<>(peers.get());
        asked.add(replica.narrow());
        for (ActorRef<RevisionedMessage> peer : asked) {
            answers.add(AskPattern.ask(peer, HoldingAsked::new, HOLDING_TIMEOUT, system.scheduler())
                    .thenApply(Optional::of)
                    .exceptionally(failure -> Optional.empty())
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(all -> {
                    List<Holding> told = answers.stream()
                            .map(answer -> answer.getNow(Optional.empty()))
                            .flatMap(Optional::stream)
                            .sorted(Comparator.comparing(Holding::node))
                            .toList();
                    told.forEach(holding -> silent.remove(holding.node()));
                    return new Holdings(told, silent);
                });
    }
}
