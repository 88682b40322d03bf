package io.aerofusion.platform.telemetry;

import java.util.Optional;
import kamon.Kamon;
import kamon.trace.Span;
import kamon.trace.SpanBuilder;

/** The server span of one request, continuing the caller's trace when there is one. */
public final class RequestTrace {
    private final Span span;
    private final boolean asked;

    private RequestTrace(Span span, boolean asked) {
        this.span = span;
        this.asked = asked;
    }

    /**
     * Starts it.
     *
     * @param traceparent of the caller, as in its header; ignored when it is malformed, as W3C Trace Context asks
     */
    public static RequestTrace start(String method, Optional<String> traceparent) {
        SpanBuilder builder = Kamon.serverSpanBuilder("unmatched", "http").tagMetrics("http.method", method);
        Optional<TraceParent> caller = traceparent.flatMap(TraceParent::parse);
        caller.ifPresent(parent -> builder.asChildOf(parent.asRemoteSpan()));
        return new RequestTrace(builder.start(), caller.isPresent());
    }

    /** Names the span once it is known who serves the request: a bounded set of names, where paths would be endless. */
    public void endpoint(String operation) {
        span.name(operation);
    }

    /** The name it has now. */
    public String endpoint() {
        return span.operationName();
    }

    /** Ends the span. */
    public void finish(int status) {
        span.tagMetrics("http.status_code", status);
        if (status >= 500) {
            span.fail("status " + status);
        }
        span.finish();
    }

    /** The trace context to pass on: header {@code traceparent}, or the frames of the sync protocol. */
    public String traceparent() {
        return TraceParent.of(span).text();
    }

    /** The trace context for what follows from the request; empty when neither the caller nor this node records the trace. */
    public Optional<String> following() {
        String own = traceparent();
        return asked || own.endsWith("-01") ? Optional.of(own) : Optional.empty();
    }

    public String traceId() {
        return span.trace().id().string();
    }
}
