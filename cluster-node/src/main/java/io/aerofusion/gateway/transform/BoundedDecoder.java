package io.aerofusion.gateway.transform;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Decodes a whole body that has to be looked at, up to a bound: a kilobyte can unfold to gigabytes, and is let go of as soon as it passes the bound. */
public final class BoundedDecoder {
    /** What became of a body. */
    public sealed interface Decoded {
        /** Its content. */
        @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
        record Content(byte[] bytes) implements Decoded {}

        /** More than the bound. */
        record TooLarge() implements Decoded {}

        /** Not what its coding says. */
        record Malformed() implements Decoded {}
    }

    private BoundedDecoder() {}

    /** Decodes a body of an available coding to at most {@code bytesMax} bytes. */
    public static Decoded decode(Coding coding, byte[] body, int bytesMax) {
        try (InputStream in = stream(coding, new ByteArrayInputStream(body))) {
            byte[] content = in.readNBytes(bytesMax);
            if (content.length == bytesMax && in.read() >= 0) {
                return new Decoded.TooLarge();
            }
            return new Decoded.Content(content);
        } catch (IOException broken) {
            return new Decoded.Malformed();
        }
    }

    private static InputStream stream(Coding coding, InputStream body) throws IOException {
        return switch (coding) {
            case GZIP -> new GZIPInputStream(body, 4096);
            case BROTLI -> new BrotliInputStream(body, 4096);
            case ZSTD -> new ZstdInputStreamNoFinalizer(body).setLongMax(23);
        };
    }
}
