package io.aerofusion.gateway.cache;

import java.text.ParsePosition;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The dates of HTTP (RFC 9110, 5.6.7): the preferred form and the two obsolete ones. */
final class HttpDates {
    private static final DateTimeFormatter PREFERRED =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);
    private static final List<DateTimeFormatter> FORMS = List.of(
            PREFERRED,
            new DateTimeFormatterBuilder()
                    .appendPattern("EEEE, dd-MMM-")
                    .appendValueReduced(ChronoField.YEAR, 2, 2, 1970)
                    .appendPattern(" HH:mm:ss 'GMT'")
                    .toFormatter(Locale.ENGLISH),
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH));

    private HttpDates() {}

    /** Milliseconds of the epoch; null when the text is no date. */
    static @Nullable Long parse(@Nullable String text) {
        if (text == null) {
            return null;
        }
        for (DateTimeFormatter form : FORMS) {
            ParsePosition end = new ParsePosition(0);
            TemporalAccessor parsed = form.parseUnresolved(text, end);
            if (parsed != null && end.getErrorIndex() < 0 && end.getIndex() == text.length()) {
                return resolved(form, text);
            }
        }
        return null;
    }

    private static @Nullable Long resolved(DateTimeFormatter form, String text) {
        try {
            return LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC).toEpochMilli();
        } catch (DateTimeException | ArithmeticException noDate) { // or one beyond what milliseconds can count
            return null;
        }
    }

    static String format(long millis) {
        return PREFERRED.format(Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
    }
}
