package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.FieldTable.Field;
import io.aerofusion.route.Problem;
import io.aerofusion.route.ResourceCodec;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The ranges and defaults in docs/gateway-settings.md are those that documents are checked by and filled up with. */
final class GatewayFieldRangesTest {
    private static final Pattern RANGE =
            Pattern.compile("([0-9][0-9,]*) ?([a-zA-Z]*)(?: \\([a-z]+\\))? - ([0-9][0-9,]*) ?([a-zA-Z]*)(?:;.*)?");
    private static final Pattern PLAIN = Pattern.compile("([0-9][0-9,]*)(ms|s|m|h)?|true|false");
    private static final Map<String, Long> UNITS = Map.of(
            "ms",
            1L,
            "s",
            1_000L,
            "m",
            60_000L,
            "h",
            3_600_000L,
            "KiB",
            1L << 10,
            "MiB",
            1L << 20,
            "GiB",
            1L << 30,
            "TiB",
            1L << 40);

    static Stream<Field> ranges() throws Exception {
        List<Field> ranges = FieldTable.fields().stream()
                .filter(field ->
                        RANGE.matcher(field.range()).matches() && !field.kind().equals("Consumer"))
                .toList();
        assertThat(ranges).hasSizeGreaterThan(40);
        return ranges.stream();
    }

    @ParameterizedTest
    @MethodSource("ranges")
    void what_is_out_of_the_documented_range_is_refused(Field field) {
        Matcher range = RANGE.matcher(field.range());
        assertThat(range.matches()).isTrue();
        long least = number(range.group(1), range.group(2));
        long most = number(range.group(3), range.group(4));
        boolean time = range.group(4).matches("ms|s|m|h");
        assertThat(wrong(field, value(field, least, time))).as("the least").isFalse();
        assertThat(wrong(field, value(field, most, time))).as("the most").isFalse();
        assertThat(wrong(field, value(field, most + 1, time))).as("more").isTrue();
        if (!time || least > 0) { // durations cannot be written below zero
            assertThat(wrong(field, value(field, least - 1, time))).as("less").isTrue();
        }
    }

    @Test
    void what_is_left_out_is_filled_up_with_the_documented_default() throws Exception {
        int compared = 0;
        for (Field field : FieldTable.fields()) {
            if (PLAIN.matcher(field.otherwise()).matches()
                    && read(FieldTable.document(field, null)) instanceof ResourceCodec.Read.Valid valid) {
                JsonNode filled = ResourceCodec.write(valid.resource()).at(field.pointer());
                if (!filled.isMissingNode()) {
                    assertThat(same(filled.asText(), field.otherwise()))
                            .as(field + " is " + filled + ", documented as " + field.otherwise())
                            .isTrue();
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(25);
    }

    private static boolean same(String is, String said) {
        boolean amounts = PLAIN.matcher(is).matches() && Character.isDigit(is.charAt(0));
        return amounts ? amount(is).compareTo(amount(said)) == 0 : is.equals(said);
    }

    private static BigDecimal amount(String text) {
        Matcher parts = PLAIN.matcher(text);
        assertThat(parts.matches()).as(text).isTrue();
        return BigDecimal.valueOf(number(parts.group(1), parts.group(2) == null ? "" : parts.group(2)));
    }

    private static long number(String digits, String unit) {
        return Long.parseLong(digits.replace(",", "")) * UNITS.getOrDefault(unit, 1L);
    }

    private static JsonNode value(Field field, long amount, boolean time) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (time) {
            // hours for what has too many milliseconds to be written
            long hours = amount / 3_600_000;
            return nodes.textNode((hours > 0 ? hours + "h" : "")
                    + (hours > 0 && amount % 3_600_000 == 0 ? "" : rest(amount % 3_600_000)));
        }
        return field.path().equals("retry.retryOn[]")
                ? nodes.textNode(Long.toString(amount))
                : nodes.numberNode(amount);
    }

    private static String rest(long millis) {
        return millis >= 60_000
                ? millis / 60_000 + "m" + rest(millis % 60_000)
                : millis / 1_000 + "s" + millis % 1_000 + "ms";
    }

    /** Whether the field is refused for its value. */
    private static boolean wrong(Field field, JsonNode value) {
        return read(FieldTable.document(field, value)) instanceof ResourceCodec.Read.Invalid invalid
                && invalid.problems().stream()
                        .anyMatch(problem -> problem.pointer().equals(field.pointer())
                                && (problem.code().equals(Problem.OUT_OF_RANGE)
                                        || problem.code().equals(Problem.INVALID)));
    }

    private static ResourceCodec.Read read(ObjectNode document) {
        return ResourceCodec.read(document, Instant.EPOCH);
    }
}
