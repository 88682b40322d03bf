package io.aerofusion.space;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.telemetry.TraceStep;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.Histogram;
import kamon.metric.MeasurementUnit;
import kamon.metric.Metric;
import kamon.metric.Timer;
import org.jspecify.annotations.Nullable;

/** What is counted about sync. One instance per node. */
final class SpaceMetrics {
    private final Gauge sessions = Kamon.gauge("space.sessions", "Open sockets").withoutTags();
    private final Counter welcomed =
            Kamon.counter("space.sessions.welcomed", "Sessions that said hello").withoutTags();
    private final Metric.Counter ended = Kamon.counter("space.sessions.ended", "Sessions ended by the server, by code");
    private final Metric.Counter badFrames =
            Kamon.counter("space.frames.bad", "Frames that could not be used, by code");
    private final Counter behind = Kamon.counter(
                    "space.sessions.behind", "Times a slow device lost its buffer and kept its cursor")
            .withoutTags();
    private final Gauge unsent = Kamon.gauge(
                    "space.sessions.unsent",
                    "Bytes that wait for slow sockets",
                    MeasurementUnit.information().bytes())
            .withoutTags();
    /** What the sessions have told since the last tick. */
    private final LongAdder unsentSinceTick = new LongAdder();

    private final Counter slow = Kamon.counter("space.sessions.slowed", "Times a device was told to slow down")
            .withoutTags();
    private final Histogram deltaBytes = Kamon.histogram(
                    "space.delta.size",
                    "Encoded deltas of commits",
                    MeasurementUnit.information().bytes())
            .withoutTags();
    private final Counter sentBytes = Kamon.counter(
                    "space.sent",
                    "Bytes of snap and delta frames sent",
                    MeasurementUnit.information().bytes())
            .withoutTags();
    private final Timer pushes = Kamon.timer("space.push", "From a push's arrival at its space to its commit")
            .withoutTags();
    private final Metric.Counter operations = Kamon.counter("space.operations", "Mutations by what became of them");
    private final Counter merged = operations.withTag("outcome", "merged");
    private final Counter quarantined = operations.withTag("outcome", "quarantined");
    private final Metric.Counter rejected = Kamon.counter("space.operations.rejected", "Rejected mutations by code");
    private final Metric.Counter conflicts = Kamon.counter("space.conflicts", "Conflicts by policy");
    private final Counter snapshots =
            Kamon.counter("space.snapshots", "Snapshots taken").withoutTags();

    void sessionOpened() {
        sessions.increment();
    }

    void sessionClosed() {
        sessions.decrement();
    }

    void sessionWelcomed() {
        welcomed.increment();
    }

    void sessionEnded(ErrorCode reason) {
        ended.withTag("code", reason.code()).increment();
    }

    void badFrame(ErrorCode code) {
        badFrames.withTag("code", code.code()).increment();
    }

    void fellBehind() {
        behind.increment();
    }

    /** What waits for the socket of one session; told once a tick. */
    void waiting(long bytes) {
        unsentSinceTick.add(bytes);
    }

    /** All sessions have told what waits. */
    void ticked() {
        unsent.update((double) unsentSinceTick.sumThenReset());
    }

    void slowed() {
        slow.increment();
    }

    void deltaEncoded(int bytes) {
        deltaBytes.record(bytes);
    }

    void dataSent(int bytes) {
        sentBytes.increment(bytes);
    }

    void merged(Decision decision, long nanos) {
        pushes.record(nanos, TimeUnit.NANOSECONDS);
        merged.increment(decision.operations().size());
        quarantined.increment(decision.facts().quarantined().size());
        decided(decision);
    }

    /** The part of a decision that is not persisted. */
    void decided(Decision decision) {
        for (Rejection rejection : decision.rejections()) {
            rejected.withTag("code", rejection.code().code()).increment();
        }
        for (Conflict conflict : decision.conflicts()) {
            conflicts.withTag("policy", conflict.policy().text()).increment();
        }
    }

    void snapshotTaken() {
        snapshots.increment();
    }

    /** The span of a commit that somebody traces; returns the trace context for what follows from it. */
    @Nullable String committed(@Nullable String traceparent, long startedNanos) {
        return TraceStep.done("space.commit", "space", traceparent, startedNanos);
    }
}
