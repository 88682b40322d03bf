package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source that asks again and again: after as long as the answer holds, within bounds. What was known stays while nobody answers; that
 * there is nothing is believed when it was heard {@link #EMPTY_ANSWERS} times in a row, for a name vanishes for a moment more often
 * than a service does.
 */
final class RefreshedSource implements EndpointSource {
    /** Answers are asked for no more often than this, whatever their TTL says. */
    static final Duration REFRESH_MIN = Duration.ofSeconds(1);
    /** And no less often than this. */
    static final Duration REFRESH_MAX = Duration.ofMinutes(5);
    /** When nobody answered, and after an answer without endpoints. */
    static final Duration REFRESH_FAILED = Duration.ofSeconds(5);
    /** Answers without endpoints in a row that empty a set. */
    static final int EMPTY_ANSWERS = 3;

    /** Characters of a reason that are told: others wrote it, and the reasons of many upstreams travel in one message. */
    private static final int WHY_LENGTH_MAX = 500;

    private static final Logger LOG = LoggerFactory.getLogger(RefreshedSource.class);

    /** Endpoints and for how long they hold. */
    record Found(List<Target.Weighted> targets, Duration ttl) {}

    private final String name;
    private final Supplier<CompletionStage<Found>> question;
    private final Timeline timeline;
    private final Dice dice;

    RefreshedSource(String name, Supplier<CompletionStage<Found>> question, Timeline timeline, Dice dice) {
        this.name = name;
        this.question = question;
        this.timeline = timeline;
        this.dice = dice;
    }

    @Override
    public Subscription open(Consumer<List<Target.Weighted>> listener) {
        Asking asking = new Asking(listener);
        timeline.schedule(Duration.ZERO, asking::ask);
        return asking;
    }

    /** The questions for one listener; on the timeline. */
    private final class Asking implements Subscription {
        private final Consumer<List<Target.Weighted>> listener;
        private @Nullable List<Target.Weighted> told;
        private int empty;
        private volatile String failing = "";
        private volatile boolean closed;
        private volatile Timeline.@Nullable Scheduled next;

        Asking(Consumer<List<Target.Weighted>> listener) {
            this.listener = listener;
        }

        void ask() {
            if (!closed) {
                CompletableFuture.completedStage(name)
                        .thenCompose(asked -> question.get())
                        .whenComplete(
                                (found, failure) -> timeline.schedule(Duration.ZERO, () -> heard(found, failure)));
            }
        }

        private void heard(@Nullable Found found, @Nullable Throwable failure) {
            if (closed) {
                return;
            }
            Duration wait = REFRESH_FAILED;
            if (found == null) {
                String why = why(failure);
                if (!failing.equals(why)) {
                    LOG.warn("The endpoints of {} cannot be found out; those known stay: {}", name, why);
                    LOG.debug("Asking for {} failed", name, failure);
                }
                failing = why;
            } else {
                if (!failing.isEmpty()) {
                    LOG.info("The endpoints of {} are found out again", name);
                }
                failing = "";
                empty = found.targets().isEmpty() ? empty + 1 : 0;
                if (empty == 0) {
                    wait = bounded(found.ttl());
                }
                if (empty == 0 || told == null || empty >= EMPTY_ANSWERS) {
                    tell(found.targets());
                }
            }
            long nanos = wait.toNanos();
            next = timeline.schedule(Duration.ofNanos(nanos + dice.upTo(nanos / 10)), this::ask);
        }

        /** In an order of its own, for name servers turn theirs with every answer. */
        private void tell(List<Target.Weighted> targets) {
            List<Target.Weighted> sorted = targets.stream()
                    .sorted(Comparator.comparing(weighted -> weighted.target().text()))
                    .toList();
            if (!sorted.equals(told)) {
                told = sorted;
                listener.accept(sorted);
            }
        }

        @Override
        public String failure() {
            return failing;
        }

        @Override
        public void close() {
            closed = true;
            Timeline.Scheduled waiting = next;
            if (waiting != null) {
                waiting.close();
            }
        }
    }

    /** What whoever was asked says of its failure: a sentence of ours, or an exception with its name. */
    private static String why(@Nullable Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String why = cause instanceof IllegalStateException && cause.getMessage() != null
                ? cause.getMessage()
                : String.valueOf(cause);
        return why.length() <= WHY_LENGTH_MAX ? why : why.substring(0, WHY_LENGTH_MAX) + "...";
    }

    private static Duration bounded(Duration ttl) {
        return ttl.compareTo(REFRESH_MIN) < 0 ? REFRESH_MIN : ttl.compareTo(REFRESH_MAX) > 0 ? REFRESH_MAX : ttl;
    }
}
