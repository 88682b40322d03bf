package io.aerofusion.gateway;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.encoder.Encoder;
import com.github.luben.zstd.Zstd;
import io.aerofusion.gateway.transform.Coding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** Bodies as clients and services encode them, by the libraries of the codings. */
final class Encoded {
    private Encoded() {}

    static byte[] of(Coding coding, String body) throws IOException {
        return of(coding, body.getBytes(StandardCharsets.UTF_8));
    }

    /** A little that decodes to JSON of ten megabytes. */
    static byte[] bomb(Coding coding) throws IOException {
        return of(coding, "{\"a\":\"" + " ".repeat(10_000_000) + "\"}");
    }

    private static byte[] of(Coding coding, byte[] body) throws IOException {
        return switch (coding) {
            case GZIP -> {
                var out = new ByteArrayOutputStream();
                try (var zipped = new GZIPOutputStream(out)) {
                    zipped.write(body);
                }
                yield out.toByteArray();
            }
            case BROTLI -> {
                Brotli4jLoader.ensureAvailability();
                yield Encoder.compress(body, Encoder.Parameters.create(1));
            }
            case ZSTD -> Zstd.compress(body);
        };
    }
}
