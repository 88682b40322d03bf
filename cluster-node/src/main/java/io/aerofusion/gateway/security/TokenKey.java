package io.aerofusion.gateway.security;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What a credential is known by in caches: a keyed hash of its bytes, so that caches hold no credentials.
 *
 * <p>The hash is NH, the first layer of UMAC (RFC 4418; Black et al. 1999), over 64-bit words under random words that never leave the
 * process: for any two texts of one length the chance to meet is 2^-64, whoever chose them. It takes a tenth of the time of SHA-256.
 */
record TokenKey(long high, long low, int length) {
    /** The longest credential that is looked at, in characters; longer ones are refused before. */
    static final int LENGTH_MAX = 16_384;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long[] SECRET =
            new SecureRandom().longs(LENGTH_MAX / Long.BYTES).toArray();
    private static final ThreadLocal<byte[]> BYTES = ThreadLocal.withInitial(() -> new byte[1024]);

    /** The key of a text of at most {@link #LENGTH_MAX} characters of ISO-8859-1. */
    @SuppressWarnings(
            "deprecation") // getBytes(int, int, byte[], int) is the one that does not allocate; header values are
    // ISO-8859-1
    static TokenKey of(String text) {
        int length = text.length();
        int padded = (length + 15) & -16;
        byte[] bytes = BYTES.get();
        if (bytes.length < padded) {
            if (length > LENGTH_MAX) {
                throw new IllegalArgumentException("a credential of " + length + " characters");
            }
            bytes = new byte[Math.min(LENGTH_MAX, Integer.highestOneBit(padded - 1) << 1)];
            BYTES.set(bytes);
        }
        text.getBytes(0, length, bytes, 0);
        Arrays.fill(bytes, length, padded, (byte) 0);
        long high = 0;
        long low = 0;
        for (int at = 0; at < padded; at += 16) {
            long left = (long) LONGS.get(bytes, at) + SECRET[at >>> 3];
            long right = (long) LONGS.get(bytes, at + 8) + SECRET[(at >>> 3) + 1];
            long product = left * right;
            low += product;
            high += Math.unsignedMultiplyHigh(left, right) + (Long.compareUnsigned(low, product) < 0 ? 1 : 0);
        }
        return new TokenKey(high, low, length);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(high ^ low);
    }
}
