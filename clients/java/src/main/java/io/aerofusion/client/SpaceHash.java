package io.aerofusion.client;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.space.CanonicalJson;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a space, kept up to date document by document: the sum modulo 2^256 of SHA-256 over the canonical JSON array {@code
 * [collection, id, document]} of each. The sum is free of order, so a change costs one document.
 */
final class SpaceHash {
    private static final BigInteger MODULUS = BigInteger.TWO.pow(256);

    private final Map<DocumentKey, byte[]> leaves = new HashMap<>();
    private final Set<DocumentKey> stale = new HashSet<>();
    private BigInteger sum = BigInteger.ZERO;

    void put(DocumentKey key, ObjectNode document) {
        byte[] leaf = leaf(key, document);
        add(leaf);
        subtract(leaves.put(key, leaf));
    }

    /** The document changed; it is read when the value is asked for. */
    void touch(DocumentKey key) {
        stale.add(key);
    }

    /** The hash in lower-case hexadecimal. */
    String value(Function<DocumentKey, @Nullable ObjectNode> documents) {
        for (DocumentKey key : stale) {
            ObjectNode document = documents.apply(key);
            if (document == null) {
                subtract(leaves.remove(key));
            } else {
                put(key, document);
            }
        }
        stale.clear();
        String hex = sum.toString(16);
        return "0".repeat(64 - hex.length()) + hex;
    }

    private void add(byte[] leaf) {
        sum = sum.add(new BigInteger(1, leaf)).mod(MODULUS);
    }

    private void subtract(byte @Nullable [] leaf) {
        if (leaf != null) {
            sum = sum.subtract(new BigInteger(1, leaf)).mod(MODULUS);
        }
    }

    private static byte[] leaf(DocumentKey key, ObjectNode document) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(CanonicalJson.bytes(JsonNodeFactory.instance
                            .arrayNode()
                            .add(key.collection())
                            .add(key.id())
                            .add(document)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
