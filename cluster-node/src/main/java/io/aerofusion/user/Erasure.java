package io.aerofusion.user;

import akka.pattern.Patterns;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.Projections;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.DeviceIndex;
import io.aerofusion.platform.persistence.ProjectionProgress;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import io.aerofusion.platform.persistence.SpaceIndex;
import io.aerofusion.platform.persistence.UserIndex;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of erasing a user.
 *
 * <p>What belongs to the user is found by the bindings of data keys, not by read models: they are complete at any moment, because
 * nothing is persisted for a person without one. What is bound between the first look and the destruction of the key (a device
 * registered at that very moment) is found by a second look, when nothing new can be bound any more.
 *
 * <p>The first step marks the user in {@link UserIndex} and the last one removes the mark, so that {@link Users} finds an erasure
 * whose node died at any point between. The proof in the audit log is written here and not by the projection: by then no event of
 * the user can be read.
 */
final class Erasure implements User.Erasing {
    private static final Logger LOG = LoggerFactory.getLogger(Erasure.class);

    /** Entities that are closed at once. */
    static final int PARALLEL = 16;
    /** Bindings that are read at once. */
    static final int PAGE = 1_000;
    /**
     * How long a step waits for the projection: for what the user did, so that it stands in the audit log, and for what others gave
     * to the user, so that it is found and taken back. A projection that stands still longer does not hold up an erasure: the audit
     * log then says that it is incomplete, and the node's log which step went on.
     */
    static final Duration READ_WITHIN = Duration.ofSeconds(20);
    /** How often the projection is looked at meanwhile. */
    static final Duration LOOK_EVERY = Duration.ofMillis(200);

    /** Not an event's number: these entries stand beside those of events, once each. */
    private static final long STEP = 0;

    private final NodeContext node;
    private final Map<String, Users.Closer> closers;
    private final Users.Closer leaving;
    private final UserIndex users;
    private final DeviceIndex devices;
    private final SpaceIndex spaces;
    private final AuditLog audit;
    private final ProjectionProgress progress;

    Erasure(
            NodeContext node,
            Map<String, Users.Closer> closers,
            Users.Closer leaving,
            UserIndex users,
            AuditLog audit) {
        this.node = node;
        this.closers = Map.copyOf(closers);
        this.leaving = leaving;
        this.users = users;
        this.devices = new DeviceIndex(node.database(), node.keys());
        this.spaces = new SpaceIndex(node.database(), node.keys());
        this.audit = audit;
        this.progress = Projections.progress(node);
    }

    @Override
    public CompletionStage<User.Cleared> clear(String tenant, String user, String by) {
        return write(transaction -> {
                    users.markErasing(transaction, tenant, user);
                    record(transaction, tenant, user, "user.erasure-requested", by);
                })
                .thenCompose(marked -> leaving.close(tenant, user, by))
                .thenCompose(left -> closeEverything(tenant, user, by));
    }

    @Override
    public CompletionStage<?> destroy(String tenant, String user, String by) {
        return entitiesOf(subject(tenant, user))
                .thenCompose(entities -> untilRead(() -> progress.unreadOf(entities)))
                .thenCompose(unread -> unread == 0
                        ? CompletableFuture.completedFuture(null)
                        : write(transaction -> record(transaction, tenant, user, "user.audit-incomplete", by)))
                .thenRunAsync(() -> node.keys().erase(subject(tenant, user)), node.blocking())
                // From here on nobody makes the user a member: what was given before is found once it was read.
                .thenApplyAsync(destroyed -> progress.newest(), node.blocking())
                .thenCompose(newest -> untilRead(() -> progress.unreadUpTo(newest)))
                .thenCompose(read -> leaving.close(tenant, user, by))
                .thenCompose(left -> closeEverything(tenant, user, by))
                .thenCompose(closed -> write(transaction -> {
                    devices.removeOf(transaction, tenant, user);
                    spaces.removeOf(transaction, tenant, user);
                    record(transaction, tenant, user, "user.erased", by);
                    users.remove(transaction, tenant, user);
                }));
    }

    /** Answers how many events the projection has not read in time: 0 as a rule. */
    private CompletionStage<Long> untilRead(LongSupplier unread) {
        return untilRead(unread, node.clock().instant().plus(READ_WITHIN));
    }

    private CompletionStage<Long> untilRead(LongSupplier unread, Instant deadline) {
        return onBlocking(unread::getAsLong).thenCompose(left -> {
            if (left == 0) {
                return CompletableFuture.completedFuture(0L);
            }
            if (node.clock().instant().isAfter(deadline)) {
                LOG.warn("An erasure goes on though read models have not read {} events that matter to it", left);
                return CompletableFuture.completedFuture(left);
            }
            return Patterns.after(LOOK_EVERY, node.system().classicSystem(), () -> untilRead(unread, deadline));
        });
    }

    private CompletionStage<User.Cleared> closeEverything(String tenant, String user, String by) {
        return entitiesOf(subject(tenant, user))
                .thenCompose(entities -> Source.from(entities)
                        .mapAsyncUnordered(
                                PARALLEL,
                                persistenceId -> close(persistenceId, by).thenApply(closed -> true))
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
        return onBlocking(() -> {
            List<String> all = new ArrayList<>();
            List<String> page;
            do {
                page = node.keys().entitiesOf(subject, all.isEmpty() ? "" : all.getLast(), PAGE);
                all.addAll(page);
            } while (page.size() == PAGE);
            return all;
        });
    }

    private CompletionStage<Void> write(Consumer<ReadModelTransaction> work) {
        return onBlocking(() -> {
            try (ReadModelTransaction transaction = ReadModelTransaction.begin(node.database())) {
                work.accept(transaction);
                transaction.commit();
                return null;
            } catch (SQLException e) {
                throw new IllegalStateException("a step of an erasure could not be written", e);
            }
        });
    }

    /** Fails, rather than throws, when the executor takes no more work: the user then tries again. */
    private <T extends @Nullable Object> CompletionStage<T> onBlocking(Supplier<T> work) {
        return CompletableFuture.completedFuture(work).thenApplyAsync(Supplier::get, node.blocking());
    }

    private void record(ReadModelTransaction transaction, String tenant, String user, String action, String by) {
        audit.append(
                transaction,
                List.of(new AuditLog.Entry(
                        tenant,
                        node.clock().millis(),
                        User.KEY.name() + "|" + tenant + "|" + user,
                        STEP,
                        action,
                        by,
                        subject(tenant, user),
                        new TreeMap<>())));
    }

    private static int count(List<String> entities, String type) {
        return (int) entities.stream().filter(entity -> entity.startsWith(type)).count();
    }

    private static String subject(String tenant, String user) {
        return tenant + "|" + user;
    }
}
