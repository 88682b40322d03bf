package io.aerofusion.platform.telemetry;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import kamon.context.Context;
import kamon.context.HttpPropagation;
import kamon.trace.Span;
import kamon.trace.SpanPropagation;
import scala.Option;

/**
 * The W3C trace context (Trace Context, level 1) that travels in headers and frames.
 *
 * @param traceId 32 hex digits
 * @param spanId 16 hex digits
 * @param sampled whether the caller records the trace
 */
public record TraceParent(String traceId, String spanId, boolean sampled) {
    private static final String HEADER = "traceparent";
    private static final SpanPropagation.W3CTraceContext W3C = new SpanPropagation.W3CTraceContext();
    private static final Pattern FORM =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");

    /** Empty when the text is no trace context. */
    public static Optional<TraceParent> parse(String text) {
        if (text.length() > 256) {
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(text);
        return matcher.matches() && (text.length() == 55 || !text.startsWith("00"))
                ? Optional.of(new TraceParent(
                        matcher.group(1), matcher.group(2), (Integer.parseInt(matcher.group(3), 16) & 1) == 1))
                : Optional.empty();
    }

    static TraceParent of(Span span) {
        AtomicReference<String> written = new AtomicReference<>("");
        W3C.write(Context.of(Span.Key(), span), (name, value) -> {
            if (name.equals(HEADER)) {
                written.set(value);
            }
        });
        return parse(written.get()).orElseThrow();
    }

    /** As in the header. */
    public String text() {
        return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
    }

    Span asRemoteSpan() {
        return W3C.read(new OneHeader(text()), Context.Empty()).get(Span.Key());
    }

    /** The form in which Kamon reads it. */
    private record OneHeader(String value) implements HttpPropagation.HeaderReader {
        @Override
        public Option<String> read(String name) {
            return name.equals(HEADER) ? Option.apply(value) : Option.empty();
        }

        @Override
        public scala.collection.immutable.Map<String, String> readAll() {
            return new scala.collection.immutable.Map.Map1<>(HEADER, value);
        }
    }
}
