package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The canonical form by the examples of RFC 8785. */
final class CanonicalJsonTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Appendix B. */
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0",
        "8000000000000000, 0",
        "0000000000000001, 5e-324",
        "8000000000000001, -5e-324",
        "7fefffffffffffff, 1.7976931348623157e+308",
        "ffefffffffffffff, -1.7976931348623157e+308",
        "4340000000000000, 9007199254740992",
        "c340000000000000, -9007199254740992",
        "4430000000000000, 295147905179352830000",
        "44b52d02c7e14af5, 9.999999999999997e+22",
        "44b52d02c7e14af6, 1e+23",
        "44b52d02c7e14af7, 1.0000000000000001e+23",
        "444b1ae4d6e2ef4e, 999999999999999700000",
        "444b1ae4d6e2ef4f, 999999999999999900000",
        "444b1ae4d6e2ef50, 1e+21",
        "3eb0c6f7a0b5ed8c, 9.999999999999997e-7",
        "3eb0c6f7a0b5ed8d, 0.000001",
        "41b3de4355555553, 333333333.3333332",
        "41b3de4355555554, 333333333.33333325",
        "41b3de4355555555, 333333333.3333333",
        "41b3de4355555556, 333333333.3333334",
        "41b3de4355555557, 333333333.33333343",
        "becbf647612f3696, -0.0000033333333333333333",
        "43143ff3c1cb0959, 1424953923781206.2"
    })
    void numbers_are_printed_as_ecmascript_prints_them(String bits, String text) {
        assertThat(CanonicalJson.number(Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16))))
                .isEqualTo(text);
    }

    @Test
    void what_is_no_number_of_json_is_refused() {
        for (double none : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThatThrownBy(() -> CanonicalJson.number(none)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void every_number_reads_back_as_itself() {
        long seed = new SplittableRandom().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                assertThat(Double.parseDouble(CanonicalJson.number(value)))
                        .as("seed %d, bits %x", seed, Double.doubleToLongBits(value))
                        .isEqualTo(value == 0 ? 0.0 : value);
            }
        }
    }

    /** Section 3.2.2. */
    @Test
    void values_and_white_space() throws Exception {
        assertThat(canonical("""
                        {
                          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                          "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
                          "literals": [null, true, false]
                        }"""))
                .isEqualTo("{\"literals\":[null,true,false],"
                        + "\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                        + "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    }

    /** Section 3.2.3: by UTF-16 code units, not by code points. */
    @Test
    void members_are_ordered_by_their_code_units() throws Exception {
        String canonical = canonical("""
                {"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                 "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control", "\\u00f6": "Latin Small Letter O With Diaeresis"}""");
        assertThat(JSON.readTree(canonical).properties())
                .extracting(member -> member.getValue().asText())
                .containsExactly(
                        "Carriage Return",
                        "One",
                        "Control",
                        "Latin Small Letter O With Diaeresis",
                        "Euro Sign",
                        "Emoji: Grinning Face",
                        "Hebrew Letter Dalet With Dagesh");
    }

    @Test
    void nothing_but_control_characters_quote_and_backslash_is_escaped() {
        assertThat(CanonicalJson.text(JsonNodeFactory.instance.textNode("\b\t\n\f\r\u0001\u001f\u007f\u2028/<é😀")))
                .isEqualTo("\"\\b\\t\\n\\f\\r\\u0001\\u001f\u007f\u2028/<é😀\"");
    }

    @Test
    void a_number_is_the_same_whichever_type_holds_it() {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        for (JsonNode four : new JsonNode[] {nodes.numberNode(4), nodes.numberNode(4L), nodes.numberNode(4.0)}) {
            assertThat(CanonicalJson.text(four)).isEqualTo("4");
        }
        assertThat(CanonicalJson.text(nodes.numberNode(Long.MIN_VALUE))).isEqualTo("-9223372036854776000");
        assertThat(CanonicalJson.text(nodes.numberNode(Long.MAX_VALUE))).isEqualTo("9223372036854776000");
        assertThat(CanonicalJson.bytes(nodes.textNode("é"))).isEqualTo("\"é\"".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void what_is_not_json_is_refused() {
        assertThatThrownBy(() -> CanonicalJson.text(JsonNodeFactory.instance.binaryNode(new byte[1])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static String canonical(String text) throws Exception {
        return CanonicalJson.text(JSON.readTree(text));
    }
}
