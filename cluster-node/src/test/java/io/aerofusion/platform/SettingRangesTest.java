package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueType;
import io.aerofusion.platform.SettingRanges.Kind;
import io.aerofusion.platform.SettingRanges.Range;
import io.aerofusion.platform.persistence.StartException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** What the comments beside the settings say of their ranges is what the start of a node accepts. */
final class SettingRangesTest {
    private static final String VALUE = "[0-9][0-9,]*(?: ?(?:ms|s|m|h|d|B|KiB|MiB|GiB)\\b)?";
    private static final Pattern RANGE = Pattern.compile("(" + VALUE + ") to (" + VALUE + ")");
    private static final Pattern LEAST = Pattern.compile("At least (" + VALUE + ")");

    private static final Config DEFAULTS = NodeConfig.load().getConfig("aerofusion");

    @SuppressWarnings("UnusedVariable") // JUnit reads it
    private static final List<Range> RANGES = SettingRanges.ALL;

    /** Those of which a range is checked where a provider is read, which has its own. */
    private static final String PROVIDERS = "http.oidc-defaults.";

    /** What must be different for a setting to have its utmost value. */
    private static final Map<String, String> ROOM = Map.of(
            "http.bodies-in-flight-bytes-max", "http.body-bytes-max = 1 KiB",
            "space.session.idle-timeout", "space.session.heartbeat = 5 s",
            "space.session.heartbeat", "space.session.idle-timeout = 20 m",
            "gateway.bounds.target-bytes-max", "gateway.bounds.head-bytes-max = 1 MiB",
            "gateway.bounds.head-bytes-max", "gateway.bounds.target-bytes-max = 64");

    @ParameterizedTest
    @FieldSource("RANGES")
    void its_comment_says_it(Range range) {
        String comment = String.join("", DEFAULTS.getValue(range.key()).origin().comments());
        Matcher both = RANGE.matcher(comment);
        Matcher least = LEAST.matcher(comment);
        if (range.most().isEmpty()) {
            assertThat(least.find()).as(comment).isTrue();
            assertThat(value(range.kind(), least.group(1)))
                    .isEqualByComparingTo(range.kind().of(range.least()));
        } else {
            // what comes before may be about something else
            String from = "";
            String to = "";
            while (both.find()) {
                from = both.group(1);
                to = both.group(2);
            }
            assertThat(from).as(comment).isNotEmpty();
            assertThat(value(range.kind(), from))
                    .as(comment)
                    .isEqualByComparingTo(range.kind().of(range.least()));
            assertThat(value(range.kind(), to))
                    .as(comment)
                    .isEqualByComparingTo(range.kind().of(range.most()));
        }
    }

    private static BigDecimal value(Kind kind, String text) {
        return kind.of(text.replace(",", ""));
    }

    @ParameterizedTest
    @FieldSource("RANGES")
    void its_ends_are_accepted_and_nothing_beyond(Range range) {
        accepted(range.key(), range.least());
        refused(range.key(), beyond(range, range.least(), -1));
        if (!range.most().isEmpty()) {
            accepted(range.key(), range.most());
            refused(range.key(), beyond(range, range.most(), 1));
        }
    }

    private static void accepted(String key, String value) {
        assertThatCode(() -> SettingRanges.check(with(key, value)))
                .as(key + " = " + value)
                .doesNotThrowAnyException();
    }

    private static void refused(String key, String value) {
        assertThatThrownBy(() -> SettingRanges.check(with(key, value)))
                .as(key + " = " + value)
                .isInstanceOf(StartException.class)
                .hasMessageStartingWith("aerofusion." + key + " is ")
                .hasMessageContaining("and may be ");
    }

    private static Config with(String key, String value) {
        String room = ROOM.get(key);
        return NodeConfig.load(ConfigFactory.parseString(
                "aerofusion." + key + " = " + value + (room == null ? "" : "\naerofusion." + room)));
    }

    /** One step before or after a value, in the smallest unit of its kind. */
    private static String beyond(Range range, String value, int step) {
        BigDecimal there = range.kind().of(value).add(BigDecimal.valueOf(step));
        return there.toBigInteger()
                + switch (range.kind()) {
                    case NUMBER -> "";
                    case BYTES -> " B";
                    case DURATION -> " ns";
                };
    }

    @Test
    void every_number_size_and_time_has_one() {
        List<String> known = SettingRanges.ALL.stream().map(Range::key).toList();
        assertThat(DEFAULTS.entrySet())
                .filteredOn(entry -> entry.getValue().valueType() == ConfigValueType.NUMBER
                        || entry.getValue().unwrapped().toString().matches(VALUE))
                .extracting(Map.Entry::getKey)
                .filteredOn(key -> !key.startsWith(PROVIDERS))
                .hasSizeGreaterThan(80)
                .isSubsetOf(known);
    }

    /** A node started with whatever was set: with times of zero it was busy for nothing, with bounds of zero it refused everything. */
    @ParameterizedTest
    @CsvSource({
        "aerofusion.space.session.tick, 0s, 10ms to 5s",
        "aerofusion.space.entity.members-max, -1, 1 to 100000",
        "aerofusion.space.entity.lease, forever, 100ms to 3650d",
        "aerofusion.space.session.idle-timeout, 59s, 'at least twice the heartbeat, up to 1h'",
        "aerofusion.http.bodies-in-flight-bytes-max, 1 MiB, at least body-bytes-max"
    })
    void a_node_does_not_start_with_another_value(String key, String value, String range, @TempDir Path data) {
        NodeOptions options = NodeOptions.in(data).with(key, value);
        assertThatThrownBy(() -> Node.start(options))
                .isInstanceOf(StartException.class)
                .hasMessage(key + " is " + value + ", and may be " + range + ".");
        assertThat(data).as("before anything else").isEmptyDirectory();
    }
}
