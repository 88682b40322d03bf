package io.aerofusion.platform.telemetry;

import java.util.Optional;
import kamon.Kamon;
import kamon.trace.Span;
import kamon.trace.SpanBuilder;

/** The server span of one request, continuing the caller's trace when there is one. */
public final class RequestTrace {
    private final Span span;

    private RequestTrace(Span span) {
        this.span = span;
    }

    /**
     * Starts it.
     *
     * @param traceparent of the caller, as in its header; ignored when it is malformed, as W3C Trace Context asks
     */
    public static RequestTrace start(String method, Optional<String> traceparent) {
        SpanBuilder builder = Kamon.serverSpanBuilder("unmatched", "http").tagMetrics("http.method", method);
        traceparent.flatMap(TraceParent::parse).ifPresent(parent -> builder.asChildOf(parent.asRemoteSpan()));
        return new RequestTrace(builder.start());
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

    public String traceId() {
        return span.trace().id().string();
    }
}
