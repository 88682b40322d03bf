package io.aerofusion.gateway.http1;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Key and answer of the opening handshake of a WebSocket over HTTP/1.1 (RFC 6455, 4). HTTP/2 has neither (RFC 8441, 5), so between the two somebody
 * has to ask and to answer: the gateway.
 */
public final class WebSocketHandshake {
    /** Bytes of a key, by RFC 6455. */
    private static final int KEY_BYTES = 16;

    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private WebSocketHandshake() {}

    /** A key that no other handshake has. It shows that the answer is to this request and is no secret. */
    static String key() {
        byte[] key = new byte[KEY_BYTES];
        ThreadLocalRandom.current().nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    /** What a server answers to a key. */
    public static String accept(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
