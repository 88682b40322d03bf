package io.aerofusion.platform.security;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * An opaque bearer token: {@code aft_} and base64url over version, kind, tenant, id, 256 random bits and a CRC-32.
 *
 * <p>The id inside tells which entity to ask, so there is no table of tokens to look up. The checksum lets garbage and mistyped
 * tokens be refused without any lookup; it is no protection. The prefix is there for secret scanners. Whoever stores a token keeps
 * {@link #hash()} only; 256 random bits need no salt and no slow hash.
 */
public final class BearerToken {
    /** How every token starts. */
    public static final String PREFIX = "aft_";
    /** The longest token that is looked at, in characters; longer ones are refused unread. */
    public static final int LENGTH_MAX = 320;

    private static final byte VERSION = 1;
    private static final int SECRET_BYTES = 32;
    private static final int CHECKSUM_BYTES = 4;
    private static final int NAME_BYTES_MAX = 90;

    private final Identity identity;
    private final String text;

    /** Whose credential it is. */
    public enum Kind {
        DEVICE((byte) 'd'),
        USER((byte) 'u');

        private final byte mark;

        Kind(byte mark) {
            this.mark = mark;
        }
    }

    /** The device or user that a token speaks for; says nothing about whether the token is valid. */
    public record Identity(Kind kind, String tenant, String id) {}

    private BearerToken(Identity identity, String text) {
        this.identity = identity;
        this.text = text;
    }

    /** Makes a new token with fresh random bits. @throws IllegalArgumentException when tenant or id are empty or too long */
    public static BearerToken issue(Kind kind, String tenant, String id, SecureRandom random) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        ByteArrayOutputStream out = new ByteArrayOutputStream(96);
        out.write(VERSION);
        out.write(kind.mark);
        writeName(out, tenant);
        writeName(out, id);
        out.writeBytes(secret);
        out.writeBytes(checksum(out.toByteArray(), out.size()));
        String text = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(out.toByteArray());
        return new BearerToken(new Identity(kind, tenant, id), text);
    }

    /** Reads a token; empty when it cannot be one of ours. Never throws: the text comes from outside. */
    public static Optional<BearerToken> parse(String text) {
        if (!text.startsWith(PREFIX) || text.length() > LENGTH_MAX) {
            return Optional.empty();
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
        int end = bytes.length - CHECKSUM_BYTES;
        if (end <= 0 || !Arrays.equals(checksum(bytes, end), Arrays.copyOfRange(bytes, end, bytes.length))) {
            return Optional.empty();
        }
        return read(ByteBuffer.wrap(bytes, 0, end), text);
    }

    private static Optional<BearerToken> read(ByteBuffer in, String text) {
        if (in.remaining() < 2 || in.get() != VERSION) {
            return Optional.empty();
        }
        byte mark = in.get();
        Optional<String> tenant = readName(in);
        Optional<String> id = readName(in);
        if (tenant.isEmpty() || id.isEmpty() || in.remaining() != SECRET_BYTES) {
            return Optional.empty();
        }
        for (Kind kind : Kind.values()) {
            if (kind.mark == mark) {
                return Optional.of(new BearerToken(new Identity(kind, tenant.get(), id.get()), text));
            }
        }
        return Optional.empty();
    }

    private static void writeName(ByteArrayOutputStream out, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > NAME_BYTES_MAX) {
            throw new IllegalArgumentException("a token's tenant and id have 1 to " + NAME_BYTES_MAX + " bytes");
        }
        out.write(bytes.length);
        out.writeBytes(bytes);
    }

    private static Optional<String> readName(ByteBuffer in) {
        if (!in.hasRemaining()) {
            return Optional.empty();
        }
        int length = Byte.toUnsignedInt(in.get());
        if (length == 0 || length > NAME_BYTES_MAX || length > in.remaining()) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    }

    private static byte[] checksum(byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        return ByteBuffer.allocate(CHECKSUM_BYTES).putInt((int) crc.getValue()).array();
    }

    /** Whose token it claims to be. */
    public Identity identity() {
        return identity;
    }

    /** The token itself, to be handed out once. */
    public String text() {
        return text;
    }

    /** SHA-256 of the whole text as 64 hex digits: what is stored and compared. */
    public String hash() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Compares two hashes in a time that does not depend on where they differ. */
    public static boolean sameHash(String left, String right) {
        return MessageDigest.isEqual(
                left.getBytes(StandardCharsets.US_ASCII), right.getBytes(StandardCharsets.US_ASCII));
    }

    /** Says whose token it is without giving it away: it may end in a log. */
    @Override
    public String toString() {
        return "BearerToken[" + identity.kind() + " " + identity.tenant() + "|" + identity.id() + "]";
    }
}
