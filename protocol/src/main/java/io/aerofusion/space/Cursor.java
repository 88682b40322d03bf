package io.aerofusion.space;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * How far a device has seen a space. Opaque to clients ({@link #encode()}); also the <em>base</em> of a push: what its author
 * knew when it made the change. It is not a secret and not signed: whoever may push may also overwrite.
 *
 * @param space fingerprint of the space it belongs to, see {@link #fingerprint}
 * @param epoch of the space's log; a restored backup raises it
 * @param numbers region -> the highest operation number seen there
 * @param progress while a reader goes through a delta page by page: region -> how far it has come in that region's order;
 *     empty otherwise. Kept apart from {@code numbers}, because a page holds only the latest state of its documents: what else
 *     lies between the two has not been seen yet
 * @param hlc the highest hybrid logical clock reading seen; while a space is read for the first time ({@link #isFirstReading}), a
 *     mark by which the server knows whether tombstones were purged meanwhile
 */
public record Cursor(
        int space, long epoch, SortedMap<String, Long> numbers, SortedMap<String, Long> progress, long hlc) {
    private static final byte VERSION = 1;
    private static final int REGIONS_MAX = 64;

    public Cursor {
        numbers = Collections.unmodifiableSortedMap(new TreeMap<>(numbers));
        progress = Collections.unmodifiableSortedMap(new TreeMap<>(progress));
    }

    public Cursor(int space, long epoch, SortedMap<String, Long> numbers, long hlc) {
        this(space, epoch, numbers, Collections.emptySortedMap(), hlc);
    }

    /** The first 4 bytes of SHA-256 over {@code tenant|space}. */
    public static int fingerprint(String tenant, String space) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((tenant + "|" + space).getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getInt();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The number seen of a region; 0 when none. */
    public long number(String region) {
        return numbers.getOrDefault(region, 0L);
    }

    /** In the middle of reading the space from its beginning. */
    boolean isFirstReading() {
        return numbers.isEmpty() && !progress.isEmpty();
    }

    /** How far a reader has come in a region's order: its number, or beyond it in the middle of a paged delta. */
    long position(String region) {
        return Math.max(number(region), progress.getOrDefault(region, 0L));
    }

    /** The opaque token: base64url without padding over version, fields and a CRC-32. */
    public String encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(48);
        out.write(VERSION);
        out.writeBytes(ByteBuffer.allocate(4).putInt(space).array());
        writeVarint(out, epoch);
        writeNumbers(out, numbers);
        writeNumbers(out, progress);
        out.writeBytes(ByteBuffer.allocate(8).putLong(hlc).array());
        byte[] body = out.toByteArray();
        out.writeBytes(ByteBuffer.allocate(4).putInt(crc(body, body.length)).array());
        return Base64.getUrlEncoder().withoutPadding().encodeToString(out.toByteArray());
    }

    /** Reads a token. @throws IllegalArgumentException when it is malformed or its checksum is wrong */
    public static Cursor decode(String token) {
        byte[] bytes = Base64.getUrlDecoder().decode(token);
        if (bytes.length < 19 || bytes[0] != VERSION) {
            throw new IllegalArgumentException("not a cursor of this version");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.getInt(bytes.length - 4) != crc(bytes, bytes.length - 4)) {
            throw new IllegalArgumentException("the cursor's checksum is wrong");
        }
        try {
            in.get();
            int space = in.getInt();
            long epoch = readVarint(in);
            SortedMap<String, Long> numbers = readNumbers(in);
            SortedMap<String, Long> progress = readNumbers(in);
            return new Cursor(space, epoch, numbers, progress, in.getLong());
        } catch (BufferUnderflowException | ArithmeticException e) {
            throw new IllegalArgumentException("the cursor is cut off", e);
        }
    }

    private static void writeNumbers(ByteArrayOutputStream out, SortedMap<String, Long> numbers) {
        writeVarint(out, numbers.size());
        numbers.forEach((region, number) -> {
            byte[] name = region.getBytes(StandardCharsets.UTF_8);
            writeVarint(out, name.length);
            out.writeBytes(name);
            writeVarint(out, number);
        });
    }

    private static SortedMap<String, Long> readNumbers(ByteBuffer in) {
        long count = readVarint(in);
        if (count < 0 || count > REGIONS_MAX) {
            throw new IllegalArgumentException("the cursor names too many regions");
        }
        SortedMap<String, Long> numbers = new TreeMap<>();
        for (long i = 0; i < count; i++) {
            int length = Math.toIntExact(readVarint(in));
            if (length < 0 || length > in.remaining()) {
                throw new IllegalArgumentException("the cursor is cut off");
            }
            byte[] name = new byte[length];
            in.get(name);
            long number = readVarint(in);
            if (number < 0) {
                throw new IllegalArgumentException("the cursor holds a negative number");
            }
            numbers.put(new String(name, StandardCharsets.UTF_8), number);
        }
        return numbers;
    }

    private static int crc(byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static long readVarint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = in.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("the cursor holds a number that is too long");
    }
}
