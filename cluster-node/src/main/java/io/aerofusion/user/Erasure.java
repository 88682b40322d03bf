package io.aerofusion.user;

import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.NodeContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The steps of erasing a user.
 *
 * <p>What belongs to the user is found by the bindings of data keys, not by read models: they are complete at any moment, because
 * nothing is persisted for a person without one. What is bound between the first look and the destruction of the key (a device
 * registered at that very moment) is found by a second look, when nothing new can be bound any more.
 */
final class Erasure implements User.Erasing {
    /** Entities that are closed at once. */
    static final int PARALLEL = 16;
    /** Bindings that are read at once. */
    static final int PAGE = 1_000;

    private final NodeContext node;
    private final Map<String, Users.Closer> closers;

    Erasure(NodeContext node, Map<String, Users.Closer> closers) {
        this.node = node;
        this.closers = Map.copyOf(closers);
    }

    @Override
    public CompletionStage<User.Cleared> clear(String tenant, String user, String by) {
        return closeEverything(tenant, user, by);
    }

    @Override
    public CompletionStage<?> destroy(String tenant, String user, String by) {
        return CompletableFuture.runAsync(() -> node.keys().erase(subject(tenant, user)), node.blocking())
                .thenCompose(destroyed -> closeEverything(tenant, user, by));
    }

    private CompletionStage<User.Cleared> closeEverything(String tenant, String user, String by) {
        return entitiesOf(subject(tenant, user))
                .thenCompose(entities -> Source.from(entities)
                        .mapAsyncUnordered(PARALLEL, persistenceId -> close(persistenceId, by))
                        .runWith(Sink.ignore(), node.system())
                        .thenApply(done -> new User.Cleared(count(entities, "Device|"), count(entities, "Space|"))));
    }

    private CompletionStage<Void> close(String persistenceId, String by) {
        String[] parts = persistenceId.split("\\|", 3);
        Users.Closer closer = closers.get(parts[0]);
        return closer == null
                ? CompletableFuture.completedFuture(null) // the user itself: it stops at the end
                : closer.close(parts[1], parts[2], by);
    }

    private CompletionStage<List<String>> entitiesOf(String subject) {
        return CompletableFuture.supplyAsync(
                () -> {
                    List<String> all = new ArrayList<>();
                    List<String> page;
                    do {
                        page = node.keys().entitiesOf(subject, all.isEmpty() ? "" : all.getLast(), PAGE);
                        all.addAll(page);
                    } while (page.size() == PAGE);
                    return all;
                },
                node.blocking());
    }

    private static int count(List<String> entities, String type) {
        return (int) entities.stream().filter(entity -> entity.startsWith(type)).count();
    }

    private static String subject(String tenant, String user) {
        return tenant + "|" + user;
    }
}
