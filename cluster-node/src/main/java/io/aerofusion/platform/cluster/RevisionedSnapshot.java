package io.aerofusion.platform.cluster;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node holds of something that one entity writes and every request reads: an immutable whole with its revision, swapped at once.
 * Reading costs a volatile read and asks nobody. {@link RevisionedReplica} keeps it up to date.
 */
public final class RevisionedSnapshot<S> {
    private static final Logger LOG = LoggerFactory.getLogger(RevisionedSnapshot.class);

    /**
     * The whole at one revision.
     *
     * @param since when this node took it up, ms since the epoch
     */
    public record Held<S>(Revision revision, S whole, long since) {}

    private final String name;
    private final InstantSource clock;
    private final Duration staleAfter;
    private final Object swapping = new Object();
    private final List<Consumer<Held<S>>> watchers = new ArrayList<>();
    private final List<CompletableFuture<Held<S>>> waiting = new ArrayList<>();
    private volatile Held<S> held;
    private final CompletableFuture<Boolean> confirmed = new CompletableFuture<>();
    private volatile long confirmedAt;

    RevisionedSnapshot(String name, InstantSource clock, Duration staleAfter, Held<S> held, long confirmedAt) {
        this.name = name;
        this.clock = clock;
        this.staleAfter = staleAfter;
        this.held = held;
        this.confirmedAt = confirmedAt;
    }

    /** The newest that this node has. */
    public Held<S> get() {
        return held;
    }

    /** How long ago the writer last confirmed it, by whatever means. */
    public Duration age() {
        return Duration.ofMillis(Math.max(0, clock.millis() - confirmedAt));
    }

    /** Whether it was not confirmed for longer than it should be; it is served all the same. */
    public boolean stale() {
        return age().compareTo(staleAfter) > 0;
    }

    /** Tells the watcher what is held, now and after every swap, in order, on the thread that swaps: it must not block. */
    public void watch(Consumer<Held<S>> watcher) {
        synchronized (swapping) {
            watchers.add(watcher);
            tell(watcher, held);
        }
    }

    /**
     * Completes as soon as something else than that revision is held, which may be at once: whoever asks again and again with what it got
     * misses nothing but what was already replaced.
     */
    public CompletionStage<Held<S>> after(Revision known) {
        synchronized (swapping) {
            if (!held.revision().equals(known)) {
                return CompletableFuture.completedFuture(held);
            }
            waiting.removeIf(CompletableFuture::isDone); // whose caller gave up
            if (waiting.size() >= RevisionedLimits.WAITING_MAX) {
                return CompletableFuture.failedFuture(
                        new ProblemException(ErrorCode.UNAVAILABLE, "Too many wait for the next revision already."));
            }
            CompletableFuture<Held<S>> next = new CompletableFuture<>();
            waiting.add(next);
            return next;
        }
    }

    void swap(Revision revision, S whole) {
        Held<S> next = new Held<>(revision, whole, clock.millis());
        List<CompletableFuture<Held<S>>> told;
        synchronized (swapping) {
            held = next;
            confirmedAt = next.since();
            watchers.forEach(watcher -> tell(watcher, next));
            told = List.copyOf(waiting);
            waiting.clear();
        }
        told.forEach(waiter -> waiter.complete(next));
        confirmed.complete(true);
    }

    void confirm() {
        confirmedAt = clock.millis();
        confirmed.complete(true);
    }

    /** Completes when the writer confirmed something for the first time since the node started. */
    public CompletionStage<Boolean> confirmed() {
        return confirmed.copy();
    }

    long confirmedAt() {
        return confirmedAt;
    }

    private void tell(Consumer<Held<S>> watcher, Held<S> news) {
        try {
            watcher.accept(news);
        } catch (RuntimeException e) { // a defect of one watcher must not keep the others from the news
            LOG.error("A watcher of {} failed at revision {}", name, news.revision(), e);
        }
    }
}
