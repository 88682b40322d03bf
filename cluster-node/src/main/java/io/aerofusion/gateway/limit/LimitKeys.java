package io.aerofusion.gateway.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/**
 * Makes fingerprints of what a limit counts by. Seeded per process, so that nobody outside can choose keys that meet in one place
 * of the {@link KeyTable}.
 */
public final class LimitKeys {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final long SEED = new SecureRandom().nextLong();
    private static final long SECOND_SEED = new SecureRandom().nextLong() | 1;

    private static final long FACTOR = (new SecureRandom().nextLong() ^ 0x9E3779B97F4A7C15L) | 1;

    private LimitKeys() {}

    /** Of a consumer's name, a header's value or a claim. */
    public static long of(String text) {
        long hash = SEED ^ text.length();
        int whole = text.length() & ~3;
        for (int i = 0; i < whole; i += 4) {
            long word = text.charAt(i)
                    | ((long) text.charAt(i + 1) << 16)
                    | ((long) text.charAt(i + 2) << 32)
                    | ((long) text.charAt(i + 3) << 48);
            hash = mix(hash ^ word);
        }
        for (int i = whole; i < text.length(); i++) {
            hash = mix(hash ^ text.charAt(i));
        }
        return mix(hash);
    }

    /** Of a client's address: IPv4 whole, of IPv6 the /64 that one customer usually has. */
    public static long of(InetAddress address) {
        byte[] bytes = address.getAddress();
        long word = address instanceof Inet6Address
                ? (long) LONGS.get(bytes, 0)
                : Integer.toUnsignedLong((int) INTS.get(bytes, 0)) | (1L << 32);
        return mix(mix(SECOND_SEED ^ word) ^ bytes.length);
    }

    /** The name of a client's address as a key of a cluster-wide limit: the same on every node. */
    public static String name(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address
                ? "ip:" + Long.toHexString((long) LONGS.get(bytes, 0))
                : "ip:" + Integer.toHexString((int) INTS.get(bytes, 0));
    }

    /** Folds the 128-bit product with a secret factor; every bit of the input changes about half of the output. */
    private static long mix(long word) {
        long value = word ^ SECOND_SEED;
        return Math.unsignedMultiplyHigh(value, FACTOR) ^ (value * FACTOR);
    }
}
