package io.aerofusion.platform.cluster;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/** Bytes made small for the way between nodes (zlib, RFC 1950). */
public final class Deflated {
    private Deflated() {}

    public static byte[] deflate(byte[] plain) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.max(64, plain.length / 4));
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try (DeflaterOutputStream stream = new DeflaterOutputStream(out, deflater)) {
            stream.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            deflater.end();
        }
        return out.toByteArray();
    }

    /** The bytes again. @throws IllegalStateException when it is damaged or holds more than {@code bytesMax} */
    public static byte[] inflate(byte[] deflated, int bytesMax) {
        try (InputStream in = new InflaterInputStream(new ByteArrayInputStream(deflated))) {
            byte[] plain = in.readNBytes(bytesMax);
            if (in.read() >= 0) {
                throw new IllegalStateException("it holds more than " + bytesMax + " bytes");
            }
            return plain;
        } catch (IOException e) {
            throw new IllegalStateException("it cannot be inflated", e);
        }
    }
}
