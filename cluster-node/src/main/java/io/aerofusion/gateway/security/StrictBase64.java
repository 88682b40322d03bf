package io.aerofusion.gateway.security;

import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Base64 that knows exactly one text for the same bytes (RFC 4648, sections 3.3 to 3.5): no line breaks, no characters of another alphabet,
 * no bits left over. Lenient decoders let one signature be written in many ways, and a cache or a revocation list sees many tokens.
 */
final class StrictBase64 {
    private static final byte[] URL = alphabet("-_");
    private static final byte[] PLAIN = alphabet("+/");

    private StrictBase64() {}

    /** The bytes of base64url without padding (RFC 7515, section 2); null when the text is not exactly that. */
    static byte @Nullable [] url(String text, int from, int to) {
        return decode(text, from, to, URL);
    }

    /** The bytes of padded base64 as the {@code Basic} scheme has it; null when the text is not exactly that. */
    static byte @Nullable [] padded(String text) {
        if (text.length() % 4 != 0) {
            return null;
        }
        int end = text.length();
        for (int padding = 0; padding < 2 && end > 0 && text.charAt(end - 1) == '='; padding++) {
            end--;
        }
        return decode(text, 0, end, PLAIN);
    }

    /** Base64url without padding. */
    static String url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte @Nullable [] decode(String text, int from, int to, byte[] alphabet) {
        int length = to - from;
        if (length % 4 == 1) {
            return null;
        }
        byte[] bytes = new byte[length / 4 * 3 + Math.max(0, length % 4 - 1)];
        int bits = 0;
        int held = 0;
        int at = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            int value = c < 128 ? alphabet[c] : -1;
            if (value < 0) {
                return null;
            }
            bits = (bits << 6) | value;
            held += 6;
            if (held >= 8) {
                held -= 8;
                bytes[at++] = (byte) (bits >>> held);
                bits &= (1 << held) - 1;
            }
        }
        return bits == 0 ? bytes : null;
    }

    private static byte[] alphabet(String last) {
        byte[] values = new byte[128];
        Arrays.fill(values, (byte) -1);
        String all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last;
        for (int i = 0; i < all.length(); i++) {
            values[all.charAt(i)] = (byte) i;
        }
        return values;
    }
}
