package io.aerofusion.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The two messages of gRPC's health checking protocol ({@code grpc.health.v1}), each of one field: not worth a library of Protocol Buffers in the
 * product. Fields that are added to the answer some day are skipped.
 */
final class GrpcHealth {
    /** Bytes of an answer; that of every server is nine at most. */
    static final int ANSWER_BYTES_MAX = 1_024;

    private static final int FRAME_PREFIX_BYTES = 5;
    private static final int SERVICE_TAG = (1 << 3) | 2;
    private static final int STATUS_TAG = 1 << 3;
    private static final int SERVING = 1;
    private static final int TIMEOUT_MS_MAX = 99_999_999;

    private GrpcHealth() {}

    /** The head of the call. */
    static Http2Headers head(String scheme, String authority, Duration timeout) {
        return new DefaultHttp2Headers()
                .method("POST")
                .scheme(scheme)
                .authority(authority)
                .path("/grpc.health.v1.Health/Check")
                .set("content-type", "application/grpc")
                .set("te", "trailers")
                .set("grpc-timeout", Math.clamp(timeout.toMillis(), 1, TIMEOUT_MS_MAX) + "m")
                .set("user-agent", NettyProber.USER_AGENT);
    }

    /** {@code HealthCheckRequest} of a service, uncompressed and with its length. */
    static ByteBuf request(ByteBufAllocator allocator, String service) {
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        ByteBuf message = Unpooled.buffer(name.length + 8);
        if (name.length > 0) {
            message.writeByte(SERVICE_TAG);
            writeVarint(message, name.length);
            message.writeBytes(name);
        }
        ByteBuf frame = allocator.buffer(FRAME_PREFIX_BYTES + message.readableBytes());
        frame.writeByte(0).writeInt(message.readableBytes()).writeBytes(message);
        return frame;
    }

    /** Whether this is a whole {@code HealthCheckResponse} that says SERVING. */
    static boolean serving(ByteBuf answer) {
        if (answer.readableBytes() < FRAME_PREFIX_BYTES || answer.readByte() != 0) {
            return false;
        }
        if (answer.readInt() != answer.readableBytes()) {
            return false;
        }
        long status = 0;
        try {
            while (answer.isReadable()) {
                long tag = readVarint(answer);
                if (tag == STATUS_TAG) {
                    status = readVarint(answer);
                } else {
                    skip(answer, (int) tag & 7);
                }
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException malformed) {
            return false;
        }
        return status == SERVING;
    }

    private static void skip(ByteBuf in, int wireType) {
        switch (wireType) {
            case 0 -> readVarint(in);
            case 1 -> in.skipBytes(8);
            case 2 -> in.skipBytes(Math.toIntExact(Math.min(readVarint(in), Integer.MAX_VALUE)));
            case 5 -> in.skipBytes(4);
            default -> throw new IllegalArgumentException("no wire type: " + wireType);
        }
    }

    private static void writeVarint(ByteBuf out, int value) {
        int rest = value;
        while (rest > 0x7f) {
            out.writeByte((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }

    private static long readVarint(ByteBuf in) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte piece = in.readByte();
            value |= (long) (piece & 0x7f) << shift;
            if (piece >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than ten bytes");
    }
}
