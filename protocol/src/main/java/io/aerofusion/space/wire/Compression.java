package io.aerofusion.space.wire;

import io.aerofusion.platform.ErrorCode;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Raw deflate (RFC 1951) behind the flag byte. The native state of a deflater weighs 256 KiB and takes longer to set up than a
 * small frame takes to compress, so a few are kept.
 */
final class Compression {
    /** Deflaters and inflaters kept for reuse, each; more than that at once are made and thrown away. */
    private static final int KEPT_MAX = 8;
    /** Below, Huffman tables and cursors (random bytes) eat what repetition gains. */
    private static final int WORTHWHILE_BYTES = 200;

    private static final ArrayBlockingQueue<Deflater> DEFLATERS = new ArrayBlockingQueue<>(KEPT_MAX);
    private static final ArrayBlockingQueue<Inflater> INFLATERS = new ArrayBlockingQueue<>(KEPT_MAX);

    private Compression() {}

    /** Flag byte and payload: deflated when that makes it smaller. */
    static byte[] pack(byte[] json) {
        if (json.length > WORTHWHILE_BYTES) {
            byte @Nullable [] packed = deflate(json);
            if (packed != null) {
                return packed;
            }
        }
        byte[] plain = new byte[json.length + 1];
        plain[0] = FrameCodec.PLAIN;
        System.arraycopy(json, 0, plain, 1, json.length);
        return plain;
    }

    private static byte @Nullable [] deflate(byte[] json) {
        @Nullable Deflater kept = DEFLATERS.poll();
        Deflater deflater = kept != null ? kept : new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            deflater.setInput(json);
            deflater.finish();
            byte[] packed = new byte[json.length + 1];
            packed[0] = FrameCodec.DEFLATED;
            int length = deflater.deflate(packed, 1, json.length);
            return deflater.finished() ? Arrays.copyOf(packed, length + 1) : null;
        } finally {
            deflater.reset();
            if (!DEFLATERS.offer(deflater)) {
                deflater.end();
            }
        }
    }

    /** The JSON behind the flag byte, at most {@code bytesMax} of it. */
    static byte[] unpack(byte[] message, int bytesMax) throws FrameException {
        if (message.length < 2) {
            throw new FrameException(ErrorCode.MALFORMED_FRAME, "The message is empty.");
        }
        return switch (message[0]) {
            case FrameCodec.PLAIN -> {
                if (message.length - 1 > bytesMax) {
                    throw tooLarge(bytesMax);
                }
                yield Arrays.copyOfRange(message, 1, message.length);
            }
            case FrameCodec.DEFLATED -> inflate(message, bytesMax);
            default ->
                throw new FrameException(
                        ErrorCode.MALFORMED_FRAME, "The first byte must be 0 (plain) or 1 (raw deflate).");
        };
    }

    private static byte[] inflate(byte[] message, int bytesMax) throws FrameException {
        @Nullable Inflater kept = INFLATERS.poll();
        Inflater inflater = kept != null ? kept : new Inflater(true);
        try {
            inflater.setInput(message, 1, message.length - 1);
            // grows with what really comes out: a bomb costs at most twice the limit, a small frame next to nothing
            byte[] json = new byte[(int) Math.min(bytesMax, Math.max(512L, message.length * 4L))];
            int length = 0;
            while (!inflater.finished()) {
                if (length == json.length) {
                    if (length == bytesMax) {
                        if (inflater.inflate(new byte[1]) > 0) {
                            throw tooLarge(bytesMax);
                        }
                        if (inflater.finished()) {
                            break;
                        }
                        throw cutOff();
                    }
                    json = Arrays.copyOf(json, (int) Math.min(bytesMax, json.length * 2L));
                }
                int more = inflater.inflate(json, length, json.length - length);
                if (more == 0 && !inflater.finished()) {
                    throw cutOff();
                }
                length += more;
            }
            if (inflater.getRemaining() > 0) {
                throw new FrameException(ErrorCode.MALFORMED_FRAME, "Bytes follow the end of the deflated data.");
            }
            return Arrays.copyOf(json, length);
        } catch (DataFormatException e) {
            throw new FrameException(ErrorCode.MALFORMED_FRAME, "The deflated data is damaged.");
        } finally {
            inflater.reset();
            if (!INFLATERS.offer(inflater)) {
                inflater.end();
            }
        }
    }

    private static FrameException cutOff() {
        return new FrameException(ErrorCode.MALFORMED_FRAME, "The deflated data is cut off.");
    }

    private static FrameException tooLarge(int bytesMax) {
        return new FrameException(ErrorCode.FRAME_TOO_LARGE, "The frame has more than " + bytesMax + " bytes of JSON.");
    }
}
