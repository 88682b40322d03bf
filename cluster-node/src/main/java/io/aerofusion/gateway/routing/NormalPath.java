package io.aerofusion.gateway.routing;

import io.aerofusion.route.RouteSpec.Ambiguity;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one form of a path that matching and authorization see (RFC 3986, 6.2.2): characters that may stand in a segment are decoded, all
 * others are percent-encoded in upper case, and there are no dot segments. What stays encoded because it would mean something else
 * decoded: {@code / \ ; ? # %}.
 *
 * <p>Forms that servers read differently are noted as ambiguities, which a rule allows or the request is refused. Some are never
 * allowed: bad percent-encoding, control characters, bytes that are not UTF-8 (overlong forms among them), {@code ..} above the
 * root, and dot segments with parameters ({@code ..;}).
 *
 * @param path the normal path; empty if it is refused
 * @param ambiguities a set of bits, one for each {@link Ambiguity}
 * @param refusal why it is refused in any case, as a sentence; null if it is not
 */
public record NormalPath(
        String path, int ambiguities, @Nullable String refusal) {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private static final boolean[] SEGMENT = new boolean[128];

    static {
        for (int i = 0; i < 128; i++) {
            boolean letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z') || (i >= '0' && i <= '9');
            SEGMENT[i] = letter || "-._~!$&'()*+,=:@".indexOf(i) >= 0;
        }
    }

    /** The bit of an ambiguity. */
    static int bit(Ambiguity ambiguity) {
        return switch (ambiguity) {
            case ENCODED_SLASH -> 1;
            case BACKSLASH -> 2;
            case DOT_SEGMENTS -> 4;
            case EMPTY_SEGMENTS -> 8;
            case PATH_PARAMETERS -> 16;
        };
    }

    /** The ambiguities as a set. */
    public Set<Ambiguity> ambiguitySet() {
        Set<Ambiguity> set = EnumSet.noneOf(Ambiguity.class);
        for (Ambiguity ambiguity : Ambiguity.values()) {
            if ((ambiguities & bit(ambiguity)) != 0) {
                set.add(ambiguity);
            }
        }
        return set;
    }

    /** Whether the raw path is normal as it is: the usual case, found without making an object. */
    public static boolean isNormal(String raw) {
        int length = raw.length();
        if (length == 0 || raw.charAt(0) != '/') {
            return false;
        }
        for (int i = 1; i < length; i++) {
            char unit = raw.charAt(i);
            if (unit == '/') {
                if (raw.charAt(i - 1) == '/') {
                    return false;
                }
            } else if (unit > 127 || !SEGMENT[unit]) {
                return false;
            } else if (unit == '.' && raw.charAt(i - 1) == '/' && dots(raw, i, length)) {
                return false;
            }
        }
        return true;
    }

    /** Whether the segment that begins here is {@code .} or {@code ..}. */
    private static boolean dots(String raw, int from, int length) {
        int end = from + 1;
        if (end < length && raw.charAt(end) == '.') {
            end++;
        }
        return end == length || raw.charAt(end) == '/';
    }

    /** The normal form of a raw path (without its query). */
    public static NormalPath of(String raw) {
        if (isNormal(raw)) {
            return new NormalPath(raw, 0, null);
        }
        if (raw.equals("*")) { // OPTIONS for the server as such (RFC 9110, 9.3.7)
            return new NormalPath("*", 0, null);
        }
        if (raw.isEmpty() || raw.charAt(0) != '/') {
            return refused("The path does not begin with a slash.");
        }
        return new Reading(raw).read();
    }

    private static NormalPath refused(String why) {
        return new NormalPath("", 0, why);
    }

    /** One walk over a path that is not normal as it is. */
    private static final class Reading {
        private final String raw;
        private final StringBuilder out;
        private int ambiguities;

        Reading(String raw) {
            this.raw = raw;
            this.out = new StringBuilder(raw.length() + 16);
        }

        NormalPath read() {
            int at = 0;
            while (at < raw.length()) {
                int begin = out.length();
                out.append('/');
                at++;
                int segment = out.length();
                int parameters = -1;
                while (at < raw.length() && raw.charAt(at) != '/') {
                    int unit = raw.charAt(at);
                    if (unit == '%') {
                        unit = encoded(at);
                        if (unit < 0) {
                            return refused("A percent sign is not followed by two hexadecimal digits.");
                        }
                        if (unit > 127) {
                            int end = utf8(at);
                            if (end < 0) {
                                return refused("Percent-encoded bytes are not UTF-8.");
                            }
                            at = end;
                            continue;
                        }
                        at += 2;
                    } else if (unit > 127 || unit == '?' || unit == '#') {
                        return refused("The path holds a character that must be percent-encoded.");
                    }
                    at++;
                    if (unit < 0x20 || unit == 0x7f) {
                        return refused("The path holds a control character.");
                    }
                    if (unit == ';' && parameters < 0) {
                        parameters = out.length();
                    }
                    one((char) unit);
                }
                boolean last = at == raw.length();
                String refusal = end(begin, segment, parameters, last);
                if (refusal != null) {
                    return refused(refusal);
                }
            }
            return new NormalPath(out.isEmpty() ? "/" : out.toString(), ambiguities, null);
        }

        /** The byte that is encoded here, or -1. */
        private int encoded(int at) {
            if (at + 2 >= raw.length()) {
                return -1;
            }
            int high = Character.digit(raw.charAt(at + 1), 16);
            int low = Character.digit(raw.charAt(at + 2), 16);
            boolean ascii = raw.charAt(at + 1) < 128 && raw.charAt(at + 2) < 128;
            return high < 0 || low < 0 || !ascii ? -1 : high << 4 | low;
        }

        /** Copies encoded bytes above 127 that are UTF-8; gives the place after them, or -1. */
        private int utf8(int from) {
            int at = from;
            byte[] bytes = new byte[(raw.length() - from) / 3];
            int count = 0;
            while (at < raw.length() && raw.charAt(at) == '%' && encoded(at) > 127) {
                bytes[count++] = (byte) encoded(at);
                at += 3;
            }
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, count));
            } catch (CharacterCodingException refusal) {
                return -1;
            }
            for (int i = 0; i < count; i++) {
                out.append('%').append(HEX.toHexDigits(bytes[i]));
            }
            return at;
        }

        private void one(char unit) {
            if (SEGMENT[unit]) {
                out.append(unit);
                return;
            }
            switch (unit) {
                case '/' -> ambiguities |= bit(Ambiguity.ENCODED_SLASH);
                case '\\' -> ambiguities |= bit(Ambiguity.BACKSLASH);
                case ';' -> ambiguities |= bit(Ambiguity.PATH_PARAMETERS);
                default -> {}
            }
            out.append('%').append(HEX.toHexDigits((byte) unit));
        }

        /** A segment is complete: takes it back if it is of dots. Gives why the path is refused, or null. */
        private @Nullable String end(int begin, int segment, int parameters, boolean last) {
            int nameEnd = parameters < 0 ? out.length() : parameters;
            int nameLength = nameEnd - segment;
            boolean dots =
                    nameLength > 0 && nameLength <= 2 && out.charAt(segment) == '.' && out.charAt(nameEnd - 1) == '.';
            if (dots && parameters >= 0) {
                return "A dot segment has parameters.";
            }
            if (dots) {
                ambiguities |= bit(Ambiguity.DOT_SEGMENTS);
                out.setLength(begin);
                if (nameLength == 2) {
                    int before = out.lastIndexOf("/");
                    if (before < 0) {
                        return "The path leads above its root.";
                    }
                    out.setLength(before);
                }
                if (last) {
                    out.append('/');
                }
            } else if (out.length() == segment && !last) {
                ambiguities |= bit(Ambiguity.EMPTY_SEGMENTS);
            } else if (out.length() == segment && begin > 0 && out.charAt(begin - 1) == '/') {
                ambiguities |= bit(Ambiguity.EMPTY_SEGMENTS);
            }
            return null;
        }
    }
}
