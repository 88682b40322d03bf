package io.aerofusion.platform.persistence;

import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/** A data key in memory, until it is destroyed. */
final class SubjectKey implements DataKey {
    private final String subject;
    private volatile @Nullable SecretKey key;

    SubjectKey(String subject, SecretKey key) {
        this.subject = subject;
        this.key = key;
    }

    @Override
    public String subject() {
        return subject;
    }

    @Override
    public byte[] seal(byte[] plaintext, byte[] associated) {
        return AesGcm.seal(key(), plaintext, associated);
    }

    @Override
    public byte[] open(byte[] sealed, byte[] associated) {
        return AesGcm.open(key(), sealed, associated);
    }

    /** From here on it neither seals nor opens. */
    void destroy() {
        key = null;
    }

    @Override
    public String toString() {
        return "SubjectKey[hidden]"; // neither the key nor the person belongs into a log
    }

    private SecretKey key() {
        SecretKey present = key;
        if (present == null) {
            throw new IllegalStateException("the key was destroyed: its subject is erased");
        }
        return present;
    }
}
