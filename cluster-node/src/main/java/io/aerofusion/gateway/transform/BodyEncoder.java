package io.aerofusion.gateway.transform;

import com.aayushatharva.brotli4j.encoder.Encoder;
import com.aayushatharva.brotli4j.encoder.EncoderJNI;
import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Encodes a body piece by piece: memory is bounded by the coding's window, whatever the length of the body. Not thread-safe; belongs to one
 * message and has to be closed, since the window lies outside of the heap.
 */
public sealed interface BodyEncoder extends AutoCloseable {
    /** Takes a piece (and releases it); what is encoded so far, maybe nothing. */
    ByteBuf encode(ByteBuf content);

    /** Everything taken so far, so that a slow stream (server-sent events) is not held back; costs some compression. */
    ByteBuf flush();

    /** The end of the coding. Nothing may be encoded afterwards. */
    ByteBuf finish();

    @Override
    void close();

    /** An encoder of an available coding, at a speed for answers that are made once: gzip 4, brotli 4, zstd 3. */
    static BodyEncoder of(Coding coding, ByteBufAllocator allocator) {
        return switch (coding) {
            case GZIP -> new Gzip(allocator);
            case BROTLI -> new Brotli(allocator);
            case ZSTD -> new Zstd(allocator);
        };
    }

    /** RFC 1952 around the JDK's deflate. */
    final class Gzip implements BodyEncoder {
        private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

        private final ByteBufAllocator allocator;
        private final Deflater deflater = new Deflater(4, true);
        private final CRC32 crc = new CRC32();
        private boolean begun;

        Gzip(ByteBufAllocator allocator) {
            this.allocator = allocator;
        }

        @Override
        public ByteBuf encode(ByteBuf content) {
            try {
                ByteBuf out = begin(content.readableBytes() / 2 + 64);
                for (ByteBuffer piece : content.nioBuffers()) {
                    crc.update(piece.duplicate());
                    deflater.setInput(piece);
                    drain(out, Deflater.NO_FLUSH);
                }
                return out;
            } finally {
                content.release();
            }
        }

        @Override
        public ByteBuf flush() {
            ByteBuf out = begin(256);
            drain(out, Deflater.SYNC_FLUSH);
            return out;
        }

        @Override
        public ByteBuf finish() {
            ByteBuf out = begin(256);
            deflater.finish();
            drain(out, Deflater.NO_FLUSH);
            return out.writeIntLE((int) crc.getValue()).writeIntLE((int) deflater.getBytesRead());
        }

        private ByteBuf begin(int capacity) {
            ByteBuf out = allocator.directBuffer(Math.max(256, capacity));
            if (!begun) {
                begun = true;
                out.writeBytes(HEADER);
            }
            return out;
        }

        private void drain(ByteBuf out, int mode) {
            int written;
            do {
                out.ensureWritable(256);
                ByteBuffer into = out.nioBuffer(out.writerIndex(), out.writableBytes());
                written = deflater.deflate(into, mode);
                out.writerIndex(out.writerIndex() + written);
                // A sync flush is complete when it left room.
            } while (written > 0 && !deflater.finished() && (mode == Deflater.NO_FLUSH || out.writableBytes() == 0));
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    /** RFC 8878 by zstd-jni. */
    final class Zstd implements BodyEncoder {
        private final ByteBufAllocator allocator;
        private final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(3);

        Zstd(ByteBufAllocator allocator) {
            this.allocator = allocator;
        }

        @Override
        public ByteBuf encode(ByteBuf content) {
            ByteBuf direct = content;
            if (content.nioBufferCount() != 1 || !content.isDirect()) {
                direct = allocator.directBuffer(content.readableBytes()).writeBytes(content);
                content.release();
            }
            try {
                return run(direct.nioBuffer(), EndDirective.CONTINUE);
            } finally {
                direct.release();
            }
        }

        @Override
        public ByteBuf flush() {
            return run(ByteBuffer.allocateDirect(0), EndDirective.FLUSH);
        }

        @Override
        public ByteBuf finish() {
            return run(ByteBuffer.allocateDirect(0), EndDirective.END);
        }

        private ByteBuf run(ByteBuffer in, EndDirective directive) {
            ByteBuf out = allocator.directBuffer(Math.max(512, in.remaining() / 2));
            boolean done;
            do {
                out.ensureWritable(512);
                ByteBuffer into = out.nioBuffer(out.writerIndex(), out.writableBytes());
                int before = into.position();
                done = context.compressDirectByteBufferStream(into, in, directive);
                out.writerIndex(out.writerIndex() + into.position() - before);
            } while (directive == EndDirective.CONTINUE ? in.hasRemaining() : !done);
            return out;
        }

        @Override
        public void close() {
            context.close();
        }
    }

    /** RFC 7932 by brotli4j. */
    final class Brotli implements BodyEncoder {
        private static final int INPUT_BYTES = 16 * 1024;
        private static final int WINDOW_BITS = 20;

        private final ByteBufAllocator allocator;
        private final EncoderJNI.Wrapper encoder;

        Brotli(ByteBufAllocator allocator) {
            this.allocator = allocator;
            try {
                this.encoder = new EncoderJNI.Wrapper(INPUT_BYTES, 4, WINDOW_BITS, Encoder.Mode.TEXT);
            } catch (IOException e) {
                throw new UncheckedIOException("no memory for brotli", e);
            }
        }

        @Override
        public ByteBuf encode(ByteBuf content) {
            try {
                ByteBuf out = allocator.directBuffer(Math.max(256, content.readableBytes() / 2));
                while (content.isReadable()) {
                    ByteBuffer in = encoder.getInputBuffer();
                    in.clear();
                    int length = Math.min(in.remaining(), content.readableBytes());
                    in.limit(length);
                    content.readBytes(in);
                    run(out, EncoderJNI.Operation.PROCESS, length);
                }
                return out;
            } finally {
                content.release();
            }
        }

        @Override
        public ByteBuf flush() {
            return run(allocator.directBuffer(256), EncoderJNI.Operation.FLUSH, 0);
        }

        @Override
        public ByteBuf finish() {
            return run(allocator.directBuffer(256), EncoderJNI.Operation.FINISH, 0);
        }

        private ByteBuf run(ByteBuf out, EncoderJNI.Operation operation, int length) {
            encoder.push(operation, length);
            while (true) {
                if (!encoder.isSuccess()) {
                    throw new IllegalStateException("brotli failed");
                }
                if (encoder.hasMoreOutput()) {
                    out.writeBytes(encoder.pull());
                } else if (encoder.hasRemainingInput()) {
                    encoder.push(operation, 0);
                } else {
                    return out;
                }
            }
        }

        @Override
        public void close() {
            encoder.destroy();
        }
    }
}
