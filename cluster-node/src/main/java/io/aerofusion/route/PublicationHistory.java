package io.aerofusion.route;

import akka.persistence.jdbc.query.javadsl.JdbcReadJournal;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.typed.PersistenceId;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.DataKeys.Binding;
import io.aerofusion.platform.security.Sealed;
import io.aerofusion.platform.security.Sealing;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/**
 * Earlier generations of a tenant's gateway, read from the journal: the event of generation N has the number N. A whole costs reading
 * all events up to it (about 20,000 in a second), so a node does only a few at a time.
 */
final class PublicationHistory {
    /** Readings at the same time; more are refused and may come again. */
    private static final int READINGS_MAX = 4;

    private final NodeContext node;
    private final JdbcReadJournal journal;
    private final Semaphore running = new Semaphore(READINGS_MAX);

    PublicationHistory(NodeContext node) {
        this.node = node;
        this.journal = PersistenceQuery.get(node.system())
                .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
    }

    /** The generations from one number to another, both included; those that do not exist are left out. */
    CompletionStage<List<PublicationEvent.Published>> between(String persistenceId, long from, long to) {
        return read(persistenceId, from, to, events -> events.runWith(Sink.seq(), node.system()));
    }

    /** The configuration as it was. @throws ProblemException {@code not-found} when there is no such generation */
    CompletionStage<Configuration> whole(String persistenceId, long generation) {
        return read(
                        persistenceId,
                        1,
                        generation,
                        events -> events.runFold(Configuration.EMPTY, Configuration::apply, node.system()))
                .thenApply(configuration -> {
                    if (configuration.generation() != generation) {
                        throw new ProblemException(ErrorCode.NOT_FOUND, "There is no generation " + generation + ".");
                    }
                    return configuration;
                });
    }

    private <T> CompletionStage<T> read(
            String persistenceId,
            long from,
            long to,
            Function<Source<PublicationEvent.Published, akka.NotUsed>, CompletionStage<T>> run) {
        if (!running.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new ProblemException(ErrorCode.RATE_LIMITED, "The node reads as many histories as it may."));
        }
        // An executor that takes no more work fails this stage, too, and what was acquired is released.
        return CompletableFuture.completedFuture(persistenceId)
                .thenApplyAsync(node.keys()::bindingOf, node.blocking())
                .thenCompose(binding -> run.apply(events(persistenceId, binding, from, to)))
                .whenComplete((read, failure) -> running.release());
    }

    private Source<PublicationEvent.Published, akka.NotUsed> events(
            String persistenceId, Binding binding, long from, long to) {
        return switch (binding) {
            case Binding.Sealed sealed -> {
                Sealing sealing = new Sealing(PersistenceId.ofUniqueId(persistenceId), sealed.key());
                yield journal.currentEventsByPersistenceId(persistenceId, Math.max(1, from), to)
                        .map((EventEnvelope envelope) ->
                                sealing.open((Sealed) envelope.event(), PublicationEvent.class))
                        .map(event -> switch (event) {
                            case PublicationEvent.Published published -> published;
                        });
            }
            case Binding.None none -> Source.empty();
            case Binding.Erased erased -> Source.empty();
        };
    }
}
