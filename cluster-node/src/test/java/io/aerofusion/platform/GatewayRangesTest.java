package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.aerofusion.platform.SettingRanges.Range;
import io.aerofusion.platform.persistence.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of the gateway's settings in docs/gateway.md says what reference.conf and the checks at the start say. */
final class GatewayRangesTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z][a-z.-]*[a-z])` \\| ([^|]*) \\| ([^|]*) ?\\|");
    private static final Config DEFAULTS =
            NodeConfig.load(ConfigFactory.empty()).getConfig("aerofusion.gateway");

    @TempDir
    private static Path data;

    /** A row: what it says of the default and of the range. */
    record Row(String key, String otherwise, String range) {}

    static List<Row> rows() throws Exception {
        String guide = Files.readString(Path.of("..", "docs", "gateway.md"));
        int from = guide.indexOf("| `aerofusion.gateway.` | default | range |");
        Matcher row = ROW.matcher(guide.substring(from, guide.indexOf("\n\n", from)));
        List<Row> rows = new ArrayList<>();
        while (row.find()) {
            rows.add(new Row(row.group(1), row.group(2).strip(), row.group(3).strip()));
        }
        assertThat(rows).hasSizeGreaterThan(40);
        return rows;
    }

    static Stream<Row> ranges() throws Exception {
        return rows().stream().filter(row -> row.range().contains(".."));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void the_default_is_the_documented_one(Row row) {
        ConfigValue value = DEFAULTS.getValue(row.key());
        boolean list = value.valueType() == ConfigValueType.LIST;
        switch (row.otherwise()) {
            case "none" ->
                assertThat(
                                list
                                        ? DEFAULTS.getList(row.key()).isEmpty()
                                        : value.unwrapped().equals(""))
                        .isTrue();
            case "one, `http`" -> assertThat(DEFAULTS.getList(row.key())).hasSize(1);
            case "on", "off" ->
                assertThat(DEFAULTS.getBoolean(row.key()))
                        .isEqualTo(row.otherwise().equals("on"));
            default -> {
                Config said = ConfigFactory.parseString("value = \"" + row.otherwise() + '"');
                assertThat(Stream.<Function<Config, Object>>of(
                                        config -> config.getString("value"),
                                        config -> config.getDuration("value"),
                                        config -> config.getMemorySize("value"))
                                .anyMatch(read -> same(read, said, value.atKey("value"))))
                        .as(row.otherwise() + " is " + value)
                        .isTrue();
            }
        }
    }

    private static boolean same(Function<Config, Object> read, Config said, Config is) {
        try {
            return read.apply(said).equals(read.apply(is));
        } catch (RuntimeException another) { // it is written in another way
            return false;
        }
    }

    /** That a start is refused beyond the ends: {@link SettingRangesTest}. */
    @ParameterizedTest
    @MethodSource("ranges")
    void the_range_is_the_one_that_is_checked(Row row) {
        String[] ends = row.range().split("\\.\\.", -1);
        Range checked = SettingRanges.ALL.stream()
                .filter(range -> range.key().equals("gateway." + row.key()))
                .findFirst()
                .orElseThrow();
        assertThat(checked.kind().of(ends[0]))
                .isEqualByComparingTo(checked.kind().of(checked.least()));
        if (ends[1].isEmpty() || ends[1].equals("head")) {
            assertThat(ends[1].isEmpty()).isEqualTo(checked.most().isEmpty());
        } else {
            assertThat(checked.kind().of(ends[1]))
                    .isEqualByComparingTo(checked.kind().of(checked.most()));
        }
    }

    @Test
    void a_node_does_not_start_with_a_value_out_of_its_range() {
        NodeOptions options = NodeOptions.in(data).with("aerofusion.gateway.timeouts.head", "0s");
        assertThatThrownBy(() -> Node.start(options))
                .isInstanceOf(StartException.class)
                .hasMessage("aerofusion.gateway.timeouts.head is 0s, and may be 100ms to 5m.");
        assertThat(data).as("before anything else").isEmptyDirectory();
    }

    /** It was said that another program uses the port. */
    @ParameterizedTest
    @CsvSource({
        "trusted-proxies, '[nonsense]', nonsense",
        "listeners, '[{name: a, host: localhost, port: 0, protocol: HTTPX}]', HTTPX",
        "listeners, '[{name: a, host: localhost, port: many, protocol: HTTP}]', port has type",
        "listeners, '[{name: a, host: localhost, port: 70000, protocol: HTTP}]', 70000",
        "name-servers, '[\"ns.example.com:53\"]', name-servers are addresses with a port",
        "name-servers, '[\"10.0.0.2\"]', 'not 10.0.0.2;'",
        "name-servers, '[\"10.0.0.256:53\"]', 'not 10.0.0.256:53;'",
        "name-servers, '[\"fd00::2:53\"]', 'not fd00::2:53;'",
        "name-servers, '[\"[fd00::2]:0\"]', 'not [fd00::2]:0;'",
        "name-servers, '[\"10.0.0.2:65536\"]', 'not 10.0.0.2:65536;'",
        "name-servers, '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]', has 17 entries",
        "name-servers, nobody, name-servers",
        "transport, pigeons, pigeons",
        "threads, many, threads"
    })
    void what_cannot_be_read_is_named(String key, String value, String named) {
        Config wrong = ConfigFactory.parseString("aerofusion.gateway." + key + " = " + value);
        NodeOptions options = new NodeOptions(data, 0, List.of(), wrong);
        assertThatThrownBy(() -> Node.start(options))
                .isInstanceOf(StartException.class)
                .hasMessageStartingWith("aerofusion.gateway")
                .hasMessageContaining(named)
                .hasMessageNotContaining("another program");
    }
}
