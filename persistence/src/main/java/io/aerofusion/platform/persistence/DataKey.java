package io.aerofusion.platform.persistence;

/**
 * The data key of one data subject (a user: the owner of spaces and devices). Destroying it erases everything sealed under it.
 * Thread-safe.
 */
public interface DataKey {
    /** The data subject, {@code tenant|user}. */
    String subject();

    /**
     * Seals with AES-256-GCM and a fresh nonce.
     *
     * @param associated bound to the result without being part of it: at least the persistence id
     * @return version byte, nonce (12 bytes), ciphertext and tag
     */
    byte[] seal(byte[] plaintext, byte[] associated);

    /** Opens what {@link #seal} made. @throws IllegalStateException when it was sealed under another key or for another place */
    byte[] open(byte[] sealed, byte[] associated);
}
