package io.aerofusion.platform.cluster;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Asks entities. A message can be lost while its entity moves to another node: what may be asked twice (all that reads, and pushes,
 * whose mutations carry numbers) is sent again while no answer is there, and the first answer counts. What changes something under a
 * precondition is sent once: its repetition would be refused although the change was made.
 */
public final class EntityAsk {
    /** How often a message is sent at most; the sendings are spread evenly over the time that the answer may take. */
    private static final int SENDINGS_MAX = 5;

    private EntityAsk() {}

    /**
     * The answer to a message that may be sent more than once.
     *
     * @param within fails with a {@link java.util.concurrent.TimeoutException} after this time
     */
    public static <C, R> CompletionStage<R> repeating(
            EntityRef<C> entity, Function<ActorRef<R>, C> message, Duration within) {
        CompletableFuture<R> answer = new CompletableFuture<>();
        send(entity, message, within, within.dividedBy(SENDINGS_MAX), answer);
        return answer;
    }

    /** Every sending waits until the same moment; so a slow answer to the first is as good as a quick one to the last. */
    private static <C, R> void send(
            EntityRef<C> entity,
            Function<ActorRef<R>, C> message,
            Duration left,
            Duration pause,
            CompletableFuture<R> answer) {
        entity.<R>ask(message::apply, left).whenComplete((reply, failure) -> {
            if (failure == null) {
                answer.complete(reply);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        Duration afterwards = left.minus(pause);
        if (afterwards.compareTo(pause) >= 0) {
            CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS)
                    .execute(() -> {
                        if (!answer.isDone()) {
                            send(entity, message, afterwards, pause, answer);
                        }
                    });
        }
    }
}
