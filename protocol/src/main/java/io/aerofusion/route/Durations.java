package io.aerofusion.route;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations as the Gateway API writes them (GEP-2257): {@code 10s}, {@code 250ms}, {@code 1h30m}; and instants as RFC 3339 does. */
public final class Durations {
    private static final Pattern WHOLE = Pattern.compile("([0-9]{1,5}(h|m|s|ms)){1,4}");
    private static final Pattern PART = Pattern.compile("([0-9]{1,5})(ms|h|m|s)");

    private Durations() {}

    /** Reads a duration; empty when it is none. */
    public static Optional<Duration> parse(String text) {
        if (!WHOLE.matcher(text).matches()) {
            return Optional.empty();
        }
        Duration sum = Duration.ZERO;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            long amount = Long.parseLong(part.group(1));
            sum = switch (part.group(2)) {
                case "h" -> sum.plusHours(amount);
                case "m" -> sum.plusMinutes(amount);
                case "s" -> sum.plusSeconds(amount);
                default -> sum.plusMillis(amount);
            };
        }
        return Optional.of(sum);
    }

    /** Writes a duration in milliseconds' precision, the largest units first; zero is {@code 0s}. */
    public static String text(Duration duration) {
        StringBuilder out = new StringBuilder(16);
        part(out, duration.toHours(), "h");
        part(out, duration.toMinutesPart(), "m");
        part(out, duration.toSecondsPart(), "s");
        part(out, duration.toMillisPart(), "ms");
        return out.isEmpty() ? "0s" : out.toString();
    }

    private static void part(StringBuilder out, long amount, String unit) {
        if (amount > 0) {
            out.append(amount).append(unit);
        }
    }

    static SimpleModule module() {
        return new SimpleModule("times")
                .addSerializer(Duration.class, new DurationWriter())
                .addSerializer(Instant.class, new InstantWriter())
                .addDeserializer(Duration.class, new DurationReader())
                .addDeserializer(Instant.class, new InstantReader());
    }

    private static final class DurationWriter extends StdScalarSerializer<Duration> {
        private static final long serialVersionUID = 1L;

        DurationWriter() {
            super(Duration.class);
        }

        @Override
        public void serialize(Duration value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(text(value));
        }
    }

    private static final class InstantWriter extends StdScalarSerializer<Instant> {
        private static final long serialVersionUID = 1L;

        InstantWriter() {
            super(Instant.class);
        }

        @Override
        public void serialize(Instant value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(value.toString());
        }
    }

    private static final class DurationReader extends StdScalarDeserializer<Duration> {
        private static final long serialVersionUID = 1L;

        DurationReader() {
            super(Duration.class);
        }

        @Override
        public @Nullable Duration deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text = in.getValueAsString("");
            return parse(text)
                    .orElseGet(() -> refused(context, Duration.class, text, "not a duration such as 10s or 250ms"));
        }
    }

    private static final class InstantReader extends StdScalarDeserializer<Instant> {
        private static final long serialVersionUID = 1L;

        InstantReader() {
            super(Instant.class);
        }

        @Override
        public @Nullable Instant deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text = in.getValueAsString("");
            try {
                return Instant.parse(text);
            } catch (DateTimeException refusal) {
                return refused(context, Instant.class, text, "not an instant such as 2026-01-31T12:00:00Z");
            }
        }
    }

    /** Reports the text; the answer is null when reading goes on to find more. */
    private static <T> @Nullable T refused(DeserializationContext context, Class<T> type, String text, String why) {
        try {
            return type.cast(context.handleWeirdStringValue(type, text, why));
        } catch (IOException refusal) {
            throw new java.io.UncheckedIOException(refusal);
        }
    }
}
