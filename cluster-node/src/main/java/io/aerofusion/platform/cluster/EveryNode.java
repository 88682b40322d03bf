package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has every node do the same once, and says which did: for what lives in the memory of nodes only and is not worth being remembered. Those who
 * do not answer within {@link #ANSWER_TIMEOUT} are named; whether they did it is not known.
 */
public final class EveryNode {
    /** How long a node may take; then it counts as silent. */
    public static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(EveryNode.class);

    private final ActorSystem<?> system;
    private final AtomicReference<Set<ActorRef<Asked>>> listed;
    /** This node's part: it may not be listed yet, when it has just started. */
    private final ActorRef<Asked> own;

    /** Asks a node. */
    record Asked(JsonNode question, ActorRef<Answered> replyTo) implements Durable {}

    /** What it did. */
    record Answered(JsonNode answer) implements Durable {}

    /**
     * What became of a question.
     *
     * @param answers by the cluster address of the node
     * @param silent members of the cluster that did not answer
     */
    public record Answers(SortedMap<String, JsonNode> answers, SortedSet<String> silent) {}

    private EveryNode(ActorSystem<?> system, AtomicReference<Set<ActorRef<Asked>>> listed, ActorRef<Asked> own) {
        this.system = system;
        this.listed = listed;
        this.own = own;
    }

    /**
     * Starts this node's part, once per node and name.
     *
     * @param here does it on this node, on {@code blocking}
     */
    public static EveryNode start(
            ActorSystem<?> system, String name, Executor blocking, Function<JsonNode, JsonNode> here) {
        ServiceKey<Asked> key = ServiceKey.create(Asked.class, name);
        AtomicReference<Set<ActorRef<Asked>>> listed = new AtomicReference<>(Set.of());
        return new EveryNode(
                system, listed, system.systemActorOf(part(system, key, listed, blocking, here), name, Props.empty()));
    }

    private static Behavior<Asked> part(
            ActorSystem<?> system,
            ServiceKey<Asked> key,
            AtomicReference<Set<ActorRef<Asked>>> listed,
            Executor blocking,
            Function<JsonNode, JsonNode> here) {
        return Behaviors.setup(context -> {
            system.receptionist().tell(Receptionist.register(key, context.getSelf()));
            ActorRef<Receptionist.Listing> listings = context.spawn(
                    Behaviors.receiveMessage(listing -> {
                        // Unreachable nodes are asked too: they may only seem so.
                        listed.set(Set.copyOf(listing.getAllServiceInstances(key)));
                        return Behaviors.same();
                    }),
                    "nodes");
            system.receptionist().tell(Receptionist.subscribe(key, listings));
            return Behaviors.receiveMessage(asked -> {
                answer(blocking, here, asked);
                return Behaviors.same();
            });
        });
    }

    private static void answer(Executor blocking, Function<JsonNode, JsonNode> here, Asked asked) {
        // Also when the executor takes no more work: the asking node counts this one among the silent.
        CompletableFuture.completedFuture(asked.question())
                .thenApplyAsync(here, blocking)
                .whenComplete((answer, failure) -> {
                    if (failure == null) {
                        asked.replyTo().tell(new Answered(answer));
                    } else {
                        LOG.error("What every node was asked to do failed on this one", failure);
                    }
                });
    }

    /** Asks all; completes after {@link #ANSWER_TIMEOUT} at the latest, never exceptionally. */
    public CompletionStage<Answers> ask(JsonNode question) {
        SortedMap<String, JsonNode> answers = new TreeMap<>();
        SortedSet<String> silent = Members.serving(system);
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        Set<ActorRef<Asked>> nodes = new HashSet<>(listed.get());
        nodes.add(own);
        for (ActorRef<Asked> node : nodes) {
            String name = Members.of(system, node);
            asked.add(AskPattern.ask(
                            node,
                            (ActorRef<Answered> replyTo) -> new Asked(question, replyTo),
                            ANSWER_TIMEOUT,
                            system.scheduler())
                    .handle((answered, failure) -> {
                        if (answered != null) {
                            synchronized (answers) {
                                answers.put(name, answered.answer());
                                silent.remove(name);
                            }
                        }
                        return (Void) null;
                    })
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(all -> new Answers(answers, silent));
    }
}
