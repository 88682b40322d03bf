package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.Revisioned;
import io.aerofusion.platform.cluster.RevisionedFile;
import io.aerofusion.platform.cluster.RevisionedLimits;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSnapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The revocations on one node: starts their part of the sharding and holds the newest ones, from the disk at first. */
final class RevocationControl {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration SINCE_TIMEOUT = Duration.ofSeconds(4);
    /** How long a caller who changed something waits for this node to hold it. */
    private static final Duration REACHED_TIMEOUT = Duration.ofSeconds(2);

    private final ClusterSharding sharding;
    private final Revisioned<RevocationsState> revisioned;
    private volatile @Nullable Revisioned<RevocationsState> announcing;

    /** @param directory the node's data directory */
    RevocationControl(NodeContext node, Path directory) {
        this.sharding = ClusterSharding.get(node.system());
        int revocationsMax = node.system().settings().config().getInt("aerofusion.gateway.revocations-max");
        sharding.init(Entity.of(
                Revocations.KEY,
                entity -> RevocationsLife.create(node, entity.getEntityId(), this::announce, revocationsMax)));
        String tenant = GatewayControl.TENANT;
        this.revisioned = Revisioned.start(
                node.system(),
                node.blocking(),
                node.clock(),
                new Revisioned.Setup<>(
                        "revocations-" + tenant,
                        RevocationsContent.INSTANCE,
                        RevisionedLimits.DEFAULT,
                        node.keys()
                                .keyOf(PublicationLife.subject(tenant))
                                .map(key -> new RevisionedFile(
                                        directory.resolve("gateway").resolve(tenant + ".revocations"),
                                        GatewayControl.seal(key, "gateway revocations on disk"))),
                        question -> entity().ask(
                                        (ActorRef<RevisionedMessage.Answer> replyTo) ->
                                                new Revocations.Since(question, replyTo),
                                        SINCE_TIMEOUT),
                        () -> JsonNodeFactory.instance.objectNode()));
        this.announcing = revisioned;
    }

    /** What this node holds. */
    RevocationsState state() {
        return snapshot().get().whole();
    }

    /** Tells the watcher what is revoked, now and at every change, in order; it must not block. */
    void watch(Consumer<Collection<Revocation>> watcher) {
        snapshot().watch(held -> watcher.accept(held.whole().all().values()));
    }

    /** Completes when this node holds something it may rely on: from its disk, or told by the writer since the start. */
    CompletionStage<Boolean> settled() {
        return snapshot().get().revision().number() > 0
                ? CompletableFuture.completedFuture(true)
                : snapshot().confirmed();
    }

    /** Revokes; completes when this node holds it. */
    CompletionStage<Revocations.Reply> revoke(Revocation revocation) {
        return ask(replyTo -> new Revocations.Revoke(revocation, replyTo));
    }

    /** Takes a revocation back; completes when this node holds that. */
    CompletionStage<Revocations.Reply> lift(String id, String by) {
        return ask(replyTo -> new Revocations.Lift(id, by, replyTo));
    }

    private CompletionStage<Revocations.Reply> ask(Function<ActorRef<Revocations.Reply>, Revocations.Command> command) {
        return entity().ask(command::apply, ANSWER_TIMEOUT).thenCompose(reply -> {
            long revision = switch (reply) {
                case Revocations.Revoked revoked -> revoked.revision();
                case Revocations.Lifted lifted -> lifted.revision();
                case Revocations.Refused refused -> 0;
            };
            return reached(revision)
                    .toCompletableFuture()
                    .completeOnTimeout(false, REACHED_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .thenApply(reached -> reply);
        });
    }

    private CompletionStage<Boolean> reached(long revision) {
        RevisionedSnapshot.Held<RevocationsState> held = snapshot().get();
        return held.revision().number() >= revision
                ? CompletableFuture.completedFuture(true)
                : snapshot().after(held.revision()).thenCompose(next -> reached(revision));
    }

    private RevisionedSnapshot<RevocationsState> snapshot() {
        return revisioned.snapshot();
    }

    private void announce(RevisionedMessage.Announced announced) {
        Revisioned<RevocationsState> started = announcing;
        if (started != null) { // otherwise this node is just starting, and the others will ask
            started.announce(announced);
        }
    }

    private EntityRef<Revocations.Command> entity() {
        return sharding.entityRefFor(Revocations.KEY, GatewayControl.TENANT + "|gateway");
    }
}
