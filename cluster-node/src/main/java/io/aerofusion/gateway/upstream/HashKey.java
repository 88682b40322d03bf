package io.aerofusion.gateway.upstream;

import java.nio.charset.StandardCharsets;

/**
 * Keys for consistent hashing. The same on every node and in every release: a key must lead all gateways to the same endpoint. FNV-1a
 * over the bytes, finished with the mixer of MurmurHash3, whose output bits all depend on all input bits.
 */
public final class HashKey {
    /** No key: the request may go anywhere. */
    public static final long NONE = 0;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private HashKey() {}

    /** The key of a header's or cookie's value; never {@link #NONE}. */
    public static long of(String value) {
        return of(value.getBytes(StandardCharsets.UTF_8));
    }

    /** The key of an address or of other bytes; never {@link #NONE}. */
    public static long of(byte[] bytes) {
        long hash = FNV_OFFSET;
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * FNV_PRIME;
        }
        long mixed = mix(hash);
        return mixed == NONE ? 1 : mixed;
    }

    static long mix(long hash) {
        long h = hash;
        h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return h ^ (h >>> 33);
    }
}
