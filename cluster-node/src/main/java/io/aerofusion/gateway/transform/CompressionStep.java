package io.aerofusion.gateway.transform;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.route.PolicySpec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compresses answers as the policy says and the client accepts. */
public final class CompressionStep implements Step {
    private final ResponseCompression compression;

    public CompressionStep(PolicySpec.Compression policy) {
        this.compression = new ResponseCompression(policy);
    }

    @Override
    public Verdict check(RequestEdit request) {
        request.treat(new Compressing(compression, request.headers("accept-encoding")));
        return Verdict.PASS;
    }

    private static final class Compressing implements Treatment {
        private final ResponseCompression compression;
        private final List<String> accepted;
        private @Nullable BodyEncoder encoder;
        private boolean endless;

        Compressing(ResponseCompression compression, List<String> accepted) {
            this.compression = compression;
            this.accepted = List.copyOf(accepted);
        }

        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            if (bodiless) {
                return Head.PASS;
            }
            Coding coding = compression.decide(accepted, status, length, response);
            if (coding == null) {
                return Head.PASS;
            }
            endless = length < 0;
            encoder = BodyEncoder.of(coding, PooledByteBufAllocator.DEFAULT);
            return Head.UNSIZED;
        }

        @Override
        public ByteBuf content(ByteBuf content) {
            return encoder == null ? content : encoder.encode(content);
        }

        @Override
        public ByteBuf flush() {
            return encoder == null || !endless ? Unpooled.EMPTY_BUFFER : encoder.flush();
        }

        @Override
        public ByteBuf end() {
            return encoder == null ? Unpooled.EMPTY_BUFFER : encoder.finish();
        }

        @Override
        public void close() {
            if (encoder != null) {
                encoder.close();
                encoder = null;
            }
        }
    }
}
