package io.aerofusion.space;

import akka.actor.typed.ActorSystem;
import akka.persistence.jdbc.query.javadsl.JdbcReadJournal;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.typed.PersistenceId;
import akka.stream.javadsl.Sink;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.DataKeys.Binding;
import io.aerofusion.platform.security.Sealed;
import io.aerofusion.platform.security.Sealing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * What became of a document over time, read from the journal: every push that touched it is there, sealed, and is opened here with
 * the space's key. Reading costs the journal's length, so a node does only a few at a time.
 */
final class SpaceHistory {
    /**
     * A push's operation on the document.
     *
     * @param event number of its event in the journal
     */
    record Entry(long event, String region, String device, long at, Operation operation) {}

    /**
     * A part of a document's history.
     *
     * @param next the journal's number to go on at; 0 at the end
     */
    record Part(List<Entry> entries, long next) {}

    /** Up to where a document is rebuilt: an operation number of this region, or a time in ms since the epoch. */
    record Until(@Nullable Long number, @Nullable Long atMillis) {
        boolean includes(Merged merged, Operation operation) {
            return (number == null || operation.number() <= number) && (atMillis == null || merged.at() <= atMillis);
        }
    }

    private final ActorSystem<?> system;
    private final NodeContext node;
    private final JdbcReadJournal journal;
    private final String region;
    private final int eventsMax;
    private final Semaphore running;

    SpaceHistory(NodeContext node, String region, int eventsMax, int requestsMax) {
        this.system = node.system();
        this.node = node;
        this.journal =
                PersistenceQuery.get(system).getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
        this.region = region;
        this.eventsMax = eventsMax;
        this.running = new Semaphore(requestsMax);
    }

    /** The operations on a document from an event of the journal on; looks at a bounded number of events. */
    CompletionStage<Part> of(String tenant, String space, DocumentKey document, long from) {
        return read(tenant, space, from).thenApply(events -> {
            List<Entry> entries = new ArrayList<>();
            long last = from - 1;
            for (Opened opened : events) {
                last = opened.number();
                if (opened.event() instanceof Merged merged) {
                    for (Operation operation : merged.operations()) {
                        if (isOf(operation, document)) {
                            entries.add(new Entry(
                                    opened.number(), merged.region(), merged.device(), merged.at(), operation));
                        }
                    }
                }
            }
            return new Part(entries, events.size() < eventsMax ? 0 : last + 1);
        });
    }

    /** The document as it was; the state keeps only what belongs to it. */
    CompletionStage<SpaceState> asOf(String tenant, String space, DocumentKey document, Until until) {
        return replay(tenant, space, document, until, new SpaceState(tenant, space, region, 1), 1);
    }

    private CompletionStage<SpaceState> replay(
            String tenant, String space, DocumentKey document, Until until, SpaceState state, long from) {
        return of(tenant, space, document, from).thenCompose(part -> {
            for (Entry entry : part.entries()) {
                Merged alone = new Merged(
                        entry.region(), entry.device(), entry.at(), List.of(entry.operation()), List.of(), 0);
                if (until.includes(alone, entry.operation())) {
                    state.apply(alone);
                }
            }
            return part.next() == 0
                    ? CompletableFuture.completedFuture(state)
                    : replay(tenant, space, document, until, state, part.next());
        });
    }

    private record Opened(long number, SpaceEvent event) {}

    private CompletionStage<List<Opened>> read(String tenant, String space, long from) {
        if (!running.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new ProblemException(ErrorCode.RATE_LIMITED, "The node reads as many histories as it may."));
        }
        String id = Space.KEY.name() + "|" + tenant + "|" + space;
        // An executor that takes no more work fails this stage, too, and what was acquired is released.
        return CompletableFuture.completedFuture(id)
                .thenApplyAsync(node.keys()::bindingOf, node.blocking())
                .thenCompose(binding -> switch (binding) {
                    case Binding.Sealed sealed -> open(new Sealing(PersistenceId.ofUniqueId(id), sealed.key()), from);
                    case Binding.None none -> CompletableFuture.<List<Opened>>completedFuture(List.of());
                    case Binding.Erased erased ->
                        CompletableFuture.<List<Opened>>failedFuture(
                                new ProblemException(ErrorCode.ERASED, "The space's owner was erased."));
                })
                .whenComplete((events, failure) -> running.release());
    }

    private CompletionStage<List<Opened>> open(Sealing sealing, long from) {
        return journal.currentEventsByPersistenceId(sealing.id().id(), from, Long.MAX_VALUE)
                .take(eventsMax)
                .map((EventEnvelope envelope) ->
                        new Opened(envelope.sequenceNr(), sealing.open((Sealed) envelope.event(), SpaceEvent.class)))
                .runWith(Sink.seq(), system);
    }

    private static boolean isOf(Operation operation, DocumentKey document) {
        return operation.id().equals(document.id()) && operation.collection().equals(document.collection());
    }
}
