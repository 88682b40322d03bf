package io.aerofusion.space;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/**
 * The hash of a space: the sum modulo 2^256 of one SHA-256 per live document, over the canonical JSON array
 * {@code [collection, id, document]}. A sum has no order and can be corrected document by document. It finds replicas that
 * diverged; it is no proof against somebody who looks for collisions of sums.
 */
public final class SpaceHash {
    private static final int WORDS = 4;

    private final long[] sum = new long[WORDS]; // most significant word first
    private final MessageDigest sha256 = sha256();

    /** The digest of a document that does not exist: it adds nothing. */
    static final long[] NOTHING = new long[WORDS];

    /** The hash of documents given as {@code [collection, id, document]}, for readers that keep no state. */
    public static String of(Collection<Leaf> documents) {
        SpaceHash hash = new SpaceHash();
        for (Leaf leaf : documents) {
            hash.replace(NOTHING, hash.digest(leaf.collection, leaf.id, leaf.document));
        }
        return hash.hex();
    }

    /** A live document. */
    public record Leaf(String collection, String id, ObjectNode document) {}

    long[] digest(String collection, String id, ObjectNode document) {
        StringBuilder text = new StringBuilder(256).append('[');
        CanonicalJson.quote(collection, text);
        CanonicalJson.quote(id, text.append(','));
        CanonicalJson.write(document, text.append(','));
        ByteBuffer digest =
                ByteBuffer.wrap(sha256.digest(text.append(']').toString().getBytes(StandardCharsets.UTF_8)));
        return new long[] {digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong()};
    }

    void replace(long[] before, long[] after) {
        long carry = 0;
        long borrow = 0;
        for (int i = WORDS - 1; i >= 0; i--) {
            long less = sum[i] - before[i];
            long lessBorrowed = less - borrow;
            borrow = Long.compareUnsigned(sum[i], before[i]) < 0 || Long.compareUnsigned(less, borrow) < 0 ? 1 : 0;
            long more = lessBorrowed + after[i];
            long moreCarried = more + carry;
            carry = Long.compareUnsigned(more, after[i]) < 0 || Long.compareUnsigned(moreCarried, carry) < 0 ? 1 : 0;
            sum[i] = moreCarried;
        }
    }

    /** 64 lower-case hexadecimal digits. */
    String hex() {
        ByteBuffer bytes = ByteBuffer.allocate(WORDS * Long.BYTES);
        for (long word : sum) {
            bytes.putLong(word);
        }
        return HexFormat.of().formatHex(bytes.array());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
