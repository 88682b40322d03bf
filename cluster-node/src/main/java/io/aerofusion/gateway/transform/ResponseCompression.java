package io.aerofusion.gateway.transform;

import io.aerofusion.gateway.Headers;
import io.aerofusion.route.PolicySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether an answer is compressed, and what its header fields say then: one per route, compiled from its policy. */
public final class ResponseCompression {
    private final List<Coding> offered;
    private final int bytesMin;
    private final List<String> types;
    private final List<String> wholeTypes;

    public ResponseCompression(PolicySpec.Compression policy) {
        List<Coding> codings = new ArrayList<>();
        for (PolicySpec.Compression.Algorithm algorithm : policy.algorithms()) {
            Coding coding = switch (algorithm) {
                case GZIP -> Coding.GZIP;
                case BROTLI -> Coding.BROTLI;
                case ZSTD -> Coding.ZSTD;
            };
            if (coding.available()) {
                codings.add(coding);
            }
        }
        this.offered = List.copyOf(codings);
        this.bytesMin = policy.minBytes();
        this.types = policy.types().stream()
                .map(type -> type.toLowerCase(Locale.ROOT))
                .filter(type -> !type.endsWith("/*"))
                .toList();
        this.wholeTypes = policy.types().stream()
                .map(type -> type.toLowerCase(Locale.ROOT))
                .filter(type -> type.endsWith("/*"))
                .map(type -> type.substring(0, type.length() - 1))
                .toList();
    }

    /**
     * Decides, and changes the response's fields accordingly: {@code Vary} wherever the answer depends on what the client accepts, and for an
     * encoded one {@code Content-Encoding}, no length, no ranges, and a weak validator.
     *
     * @param length of the content, or -1 when it is not known
     * @return the coding to use, or null to pass the content on as it is
     */
    public @Nullable Coding decide(List<String> acceptEncoding, int status, long length, Headers response) {
        if (!eligible(status, length, response)) {
            return null;
        }
        if (!response.containsToken("vary", "accept-encoding") && !response.containsToken("vary", "*")) {
            response.add("vary", "Accept-Encoding");
        }
        Coding coding = Coding.negotiate(acceptEncoding, offered);
        if (coding == null) {
            return null;
        }
        response.set("content-encoding", coding.token());
        response.remove("content-length");
        response.remove("accept-ranges");
        response.remove("content-digest");
        response.remove("content-md5");
        String tag = response.get("etag");
        if (tag != null && !tag.startsWith("W/")) {
            response.set("etag", "W/" + tag);
        }
        return coding;
    }

    private boolean eligible(int status, long length, Headers response) {
        boolean whole = status >= 200 && status != 204 && status != 205 && status != 206 && status != 304;
        if (!whole
                || (length >= 0 && length < bytesMin)
                || response.contains("content-encoding")
                || response.contains("content-range")
                || response.containsToken("cache-control", "no-transform")) {
            return false;
        }
        String type = response.get("content-type");
        if (type == null) {
            return false;
        }
        int semicolon = type.indexOf(';');
        String name =
                (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
        return types.contains(name)
                || types.contains("*/*")
                || wholeTypes.stream().anyMatch(name::startsWith);
    }
}
