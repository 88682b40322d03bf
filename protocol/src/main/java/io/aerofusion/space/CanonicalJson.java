package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * The JSON Canonicalization Scheme (RFC 8785): members in UTF-16 code-unit order, numbers as ECMAScript prints them, no
 * white space. Any language computes the same bytes, hence the same hash.
 */
public final class CanonicalJson {
    private static final String HEX = "0123456789abcdef";

    private CanonicalJson() {}

    /** The canonical text of a value. */
    public static String text(JsonNode value) {
        StringBuilder out = new StringBuilder(256);
        write(value, out);
        return out.toString();
    }

    /** The canonical text of a value, in UTF-8. */
    public static byte[] bytes(JsonNode value) {
        return text(value).getBytes(StandardCharsets.UTF_8);
    }

    static void write(JsonNode value, StringBuilder out) {
        switch (value.getNodeType()) {
            case STRING -> quote(value.textValue(), out);
            case NUMBER -> number(value, out);
            case BOOLEAN -> out.append(value.booleanValue());
            case NULL -> out.append("null");
            case ARRAY -> {
                out.append('[');
                for (int i = 0; i < value.size(); i++) {
                    if (i > 0) {
                        out.append(',');
                    }
                    write(value.get(i), out);
                }
                out.append(']');
            }
            case OBJECT -> {
                List<Map.Entry<String, JsonNode>> members = new ArrayList<>(value.properties());
                // String.compareTo is the order of UTF-16 code units that the RFC asks for.
                Collections.sort(members, Map.Entry.comparingByKey());
                out.append('{');
                for (int i = 0; i < members.size(); i++) {
                    if (i > 0) {
                        out.append(',');
                    }
                    quote(members.get(i).getKey(), out);
                    out.append(':');
                    write(members.get(i).getValue(), out);
                }
                out.append('}');
            }
            case BINARY, MISSING, POJO ->
                throw new IllegalArgumentException("not a JSON value: " + value.getNodeType());
        }
    }

    static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            switch (unit) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\f' -> out.append("\\f");
                case '\r' -> out.append("\\r");
                default -> {
                    if (unit < 0x20) {
                        out.append("\\u00").append(HEX.charAt(unit >> 4)).append(HEX.charAt(unit & 0xF));
                    } else {
                        out.append(unit);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void number(JsonNode value, StringBuilder out) {
        if (value.isIntegralNumber() && value.canConvertToLong() && Json.isExact(value.longValue())) {
            out.append(value.longValue());
        } else {
            out.append(number(value.doubleValue()));
        }
    }

    /** A double as ECMAScript's {@code Number::toString} prints it (ECMA-262, 6.1.6.1.20). */
    public static String number(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("JSON has no " + value);
        }
        if (value == 0) {
            return "0";
        }
        BigDecimal shortest = shortest(Math.abs(value)).stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale(); // the value is 0.DIGITS times 10^point
        StringBuilder out = new StringBuilder(26);
        if (value < 0) {
            out.append('-');
        }
        if (point > 21 || point < -5) {
            out.append(digits.charAt(0));
            if (digits.length() > 1) {
                out.append('.').append(digits, 1, digits.length());
            }
            out.append(point > 0 ? "e+" : "e-").append(Math.abs(point - 1));
        } else if (point <= 0) {
            out.append("0.").repeat('0', -point).append(digits);
        } else if (digits.length() <= point) {
            out.append(digits).repeat('0', point - digits.length());
        } else {
            out.append(digits, 0, point).append('.').append(digits, point, digits.length());
        }
        return out.toString();
    }

    /**
     * The shortest decimal that reads back as the value. {@link Double#toString} finds it (Giulietti 2020), except that it
     * never goes below two digits: the smallest subnormals have a shorter form.
     */
    private static BigDecimal shortest(double value) {
        BigDecimal found = new BigDecimal(Double.toString(value));
        if (found.precision() == 2) {
            BigDecimal oneDigit = new BigDecimal(value).round(new MathContext(1, RoundingMode.HALF_EVEN));
            if (oneDigit.doubleValue() == value) {
                return oneDigit;
            }
        }
        return found;
    }
}
