package io.aerofusion.gateway.security;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A stored password: {@code pbkdf2-sha256$iterations$salt$hash} (PBKDF2, RFC 8018), salt and hash in base64. Checking one takes as long as its
 * iterations say, 1,000 to 2,000,000; 600,000 (about 0.2 s) is what is advised today.
 */
@SuppressWarnings("ArrayRecordComponent") // compared by its own method only
record PasswordHash(int iterations, byte[] salt, byte[] hash) {
    static final int ITERATIONS_MIN = 1_000;
    static final int ITERATIONS_MAX = 2_000_000;
    /** Checked when the user is unknown, so that it takes as long. */
    static final PasswordHash NOBODY = new PasswordHash(600_000, new byte[16], new byte[32]);

    /** @throws IllegalArgumentException when it is written differently or out of bounds */
    static PasswordHash parse(String text) {
        String[] parts = text.split("\\$", -1);
        if (parts.length != 4 || !parts[0].equals("pbkdf2-sha256")) {
            throw new IllegalArgumentException("pbkdf2-sha256$iterations$salt$hash");
        }
        int iterations = Integer.parseInt(parts[1]);
        byte[] salt = Base64.getDecoder().decode(parts[2]);
        byte[] hash = Base64.getDecoder().decode(parts[3]);
        if (iterations < ITERATIONS_MIN
                || iterations > ITERATIONS_MAX
                || salt.length < 8
                || hash.length < 16
                || hash.length > 64) {
            throw new IllegalArgumentException("1,000 to 2,000,000 iterations, 8 bytes of salt, 16 to 64 of hash");
        }
        return new PasswordHash(iterations, salt, hash);
    }

    /** Hashes a password in the same way; slow on purpose. */
    boolean matches(char[] password) {
        PBEKeySpec spec = new PBEKeySpec(password, salt, iterations, hash.length * 8);
        try {
            byte[] computed = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(spec)
                    .getEncoded();
            return MessageDigest.isEqual(computed, hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has PBKDF2WithHmacSHA256", e);
        } finally {
            spec.clearPassword();
        }
    }
}
