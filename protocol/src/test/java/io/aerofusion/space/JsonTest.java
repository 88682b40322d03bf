package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import io.aerofusion.platform.ErrorCode;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values in the one shape that cells hold. */
final class JsonTest {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static JsonNode normal(JsonNode value) {
        return Json.normalize(value, 10);
    }

    @Test
    void numbers_that_are_equal_have_one_form() {
        assertThat(normal(NODES.numberNode(1))).isEqualTo(LongNode.valueOf(1));
        assertThat(normal(NODES.numberNode(1.0))).isEqualTo(LongNode.valueOf(1));
        assertThat(normal(NODES.numberNode(-0.0))).isEqualTo(LongNode.valueOf(0));
        assertThat(normal(NODES.numberNode(BigInteger.TEN))).isEqualTo(LongNode.valueOf(10));
        assertThat(normal(NODES.numberNode(0.5f))).isEqualTo(NODES.numberNode(0.5));
        assertThat(normal(NODES.numberNode(1e300))).isEqualTo(NODES.numberNode(1e300));
    }

    @Test
    void integers_go_to_two_to_the_53_on_both_sides() {
        for (long bound : new long[] {Json.INTEGER_MAX, -Json.INTEGER_MAX}) {
            assertThat(normal(NODES.numberNode(bound)).longValue()).isEqualTo(bound);
            refused(NODES.numberNode(bound + Long.signum(bound)), ErrorCode.INVALID_VALUE);
        }
        refused(NODES.numberNode(Long.MAX_VALUE), ErrorCode.INVALID_VALUE);
        refused(NODES.numberNode(Long.MIN_VALUE), ErrorCode.INVALID_VALUE);
        refused(NODES.numberNode(BigInteger.TWO.pow(64)), ErrorCode.INVALID_VALUE);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void numbers_are_finite(double value) {
        refused(NODES.numberNode(value), ErrorCode.INVALID_VALUE);
    }

    @Test
    void texts_and_names_are_well_formed() {
        assertThat(normal(NODES.textNode("😀")).textValue()).isEqualTo("😀");
        for (String lone : new String[] {"\ud83d", "\ude00", "a\ude00\ud83d"}) {
            refused(NODES.textNode(lone), ErrorCode.INVALID_VALUE);
            refused(NODES.objectNode().put(lone, 1), ErrorCode.INVALID_VALUE);
        }
        refused(NODES.binaryNode(new byte[1]), ErrorCode.INVALID_VALUE);
    }

    @Test
    void nesting_is_bounded_where_it_is_counted() throws Exception {
        JsonNode three = new ObjectMapper().readTree("[{\"a\":[1]}]");
        assertThat(Json.normalize(three, 3)).isEqualTo(normal(three));
        assertThatThrownBy(() -> Json.normalize(three, 2))
                .isInstanceOfSatisfying(
                        Json.InvalidValueException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NESTED_TOO_DEEP));
        assertThat(Json.normalize(NODES.numberNode(1L), 0)).isEqualTo(LongNode.valueOf(1));
    }

    @Test
    void what_was_given_stays_as_it_was() {
        var object = NODES.objectNode().put("a", 1);
        Json.normalize(object, 5);
        assertThat(object.get("a").isInt()).isTrue();
    }

    private static void refused(JsonNode value, ErrorCode code) {
        assertThatThrownBy(() -> normal(value))
                .isInstanceOfSatisfying(
                        Json.InvalidValueException.class,
                        e -> assertThat(e.code()).isEqualTo(code));
    }
}
