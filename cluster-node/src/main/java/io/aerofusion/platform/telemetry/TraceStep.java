package io.aerofusion.platform.telemetry;

import java.time.Instant;
import java.util.Optional;
import kamon.Kamon;
import kamon.trace.Span;
import kamon.trace.SpanBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A step of work that follows from somebody's request, recorded as a span of that trace; nothing when there is no trace, or when
 * its beginner does not record it. So work that nobody traces costs nothing.
 */
public final class TraceStep {
    private final @Nullable Span span;
    private final @Nullable String traceparent;

    private TraceStep(@Nullable Span span, @Nullable String traceparent) {
        this.span = span;
        this.traceparent = traceparent;
    }

    /**
     * Starts a step.
     *
     * @param operation a name from a bounded set
     * @param component the domain
     * @param traceparent of what it follows from; null or malformed for none
     */
    public static TraceStep start(String operation, String component, @Nullable String traceparent) {
        return start(operation, component, traceparent, Kamon.clock().instant());
    }

    /** A step that began at {@code startedNanos} of {@link System#nanoTime} and ends now; returns its trace context for what follows. */
    public static @Nullable String done(
            String operation, String component, @Nullable String traceparent, long startedNanos) {
        if (traceparent == null) {
            return null;
        }
        TraceStep step = start(operation, component, traceparent, Kamon.clock().toInstant(startedNanos));
        step.finish();
        return step.traceparent;
    }

    private static TraceStep start(String operation, String component, @Nullable String traceparent, Instant at) {
        Optional<TraceParent> parent = traceparent == null
                ? Optional.empty()
                : TraceParent.parse(traceparent).filter(TraceParent::sampled);
        if (parent.isEmpty()) {
            return new TraceStep(null, traceparent);
        }
        SpanBuilder builder = Kamon.internalSpanBuilder(operation, component)
                .asChildOf(parent.get().asRemoteSpan());
        Span span = builder.start(at);
        return new TraceStep(span, TraceParent.of(span).text());
    }

    /** The trace context for what follows from this step; what {@link #start} was given when nothing is recorded. */
    public @Nullable String traceparent() {
        return traceparent;
    }

    public void finish() {
        if (span != null) {
            span.finish();
        }
    }

    /** Ends the step as failed, with a stable code. */
    public void fail(String code) {
        if (span != null) {
            span.fail(code).finish();
        }
    }
}
