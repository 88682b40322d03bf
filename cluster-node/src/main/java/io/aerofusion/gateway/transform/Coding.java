package io.aerofusion.gateway.transform;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A content coding (RFC 9110, 8.4.1), and how a client and the gateway agree on one. */
public enum Coding {
    GZIP("gzip"),
    BROTLI("br"),
    ZSTD("zstd");

    private final String token;

    Coding(String token) {
        this.token = token;
    }

    /** Its name in {@code Content-Encoding}. */
    public String token() {
        return token;
    }

    /** Whether this machine can encode and decode it: brotli and zstd need a native library. */
    public boolean available() {
        return switch (this) {
            case GZIP -> true;
            case BROTLI -> Native.BROTLI;
            case ZSTD -> Native.ZSTD;
        };
    }

    /** Loaded when it is asked for the first time; a machine without the libraries goes on without them. */
    private static final class Native {
        static final boolean BROTLI = Brotli4jLoader.isAvailable();
        static final boolean ZSTD = loadsZstd();

        private static boolean loadsZstd() {
            try {
                com.github.luben.zstd.util.Native.load();
                return com.github.luben.zstd.util.Native.isLoaded();
            } catch (UnsatisfiedLinkError | RuntimeException missing) {
                return false;
            }
        }
    }

    /** The coding of this name; null when it is another or several. */
    public static @Nullable Coding named(String token) {
        return switch (token.strip().toLowerCase(Locale.ROOT)) {
            case "gzip", "x-gzip" -> GZIP;
            case "br" -> BROTLI;
            case "zstd" -> ZSTD;
            default -> null;
        };
    }

    /**
     * The coding to answer with (RFC 9110, 12.5.3): the one that the client prefers among those offered, and of equals the one offered first;
     * null to send the content as it is. Without {@code Accept-Encoding} nothing is encoded.
     */
    public static @Nullable Coding negotiate(List<String> acceptEncoding, List<Coding> offered) {
        if (acceptEncoding.isEmpty()) {
            return null;
        }
        int[] weights = new int[offered.size()];
        java.util.Arrays.fill(weights, -1);
        int identity = -1;
        int any = -1;
        for (String field : acceptEncoding) {
            for (String element : field.split(",")) {
                int semicolon = element.indexOf(';');
                String name = (semicolon < 0 ? element : element.substring(0, semicolon)).strip();
                int weight = semicolon < 0 ? 1000 : weight(element.substring(semicolon + 1));
                if (name.equals("*")) {
                    any = weight;
                } else if (name.equalsIgnoreCase("identity")) {
                    identity = weight;
                } else {
                    Coding coding = named(name);
                    int at = coding == null ? -1 : offered.indexOf(coding);
                    if (at >= 0) {
                        weights[at] = weight;
                    }
                }
            }
        }
        Coding best = null;
        int bestWeight = 0;
        for (int i = 0; i < weights.length; i++) {
            int weight = weights[i] < 0 ? any : weights[i];
            if (weight > bestWeight && offered.get(i).available()) {
                best = offered.get(i);
                bestWeight = weight;
            }
        }
        return identity > bestWeight ? null : best;
    }

    /** {@code q=0.123} in thousandths; 0, which refuses, when it is malformed. */
    private static int weight(String parameter) {
        String text = parameter.strip();
        if (!text.matches("[qQ]\\s*=\\s*(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")) {
            return 0;
        }
        return (int) Math.round(Double.parseDouble(text.substring(text.indexOf('=') + 1)) * 1000);
    }
}
