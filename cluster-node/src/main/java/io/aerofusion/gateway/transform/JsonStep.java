package io.aerofusion.gateway.transform;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.route.JsonChange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Changes the JSON bodies of responses. A body is held until it is complete, up to the policy's bound; one that is longer, that is no JSON though it
 * says so, or whose coding is unknown breaks the response: it might hold what the policy takes out.
 */
public final class JsonStep implements Step {
    private final JsonEdits edits;
    private final int bytesMax;

    /** @throws IllegalArgumentException when a pointer is none */
    public JsonStep(List<JsonChange> changes, int bytesMax) {
        this.edits = new JsonEdits(changes);
        this.bytesMax = bytesMax;
    }

    @Override
    public Verdict check(RequestEdit request) {
        request.treat(new Editing());
        return Verdict.PASS;
    }

    private final class Editing implements Treatment {
        private @Nullable ByteArrayOutputStream held;
        private @Nullable Coding coding;

        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            String type = response.get("content-type");
            if (bodiless || status < 200 || status == 206 || type == null || !isJson(type)) {
                return Head.PASS;
            }
            if (length > bytesMax) {
                throw new Broken("too large");
            }
            String encoded = response.get("content-encoding");
            if (encoded != null && !encoded.equalsIgnoreCase("identity")) {
                coding = Coding.named(encoded);
                if (coding == null || !coding.available()) {
                    throw new Broken("an unknown coding");
                }
            }
            response.remove("content-encoding");
            response.remove("accept-ranges");
            response.remove("content-digest");
            response.remove("content-md5");
            // It validates the upstream's bytes.
            response.remove("etag");
            held = new ByteArrayOutputStream(length > 0 ? (int) length : 1024);
            return Head.UNSIZED;
        }

        @Override
        public ByteBuf content(ByteBuf content) {
            if (held == null) {
                return content;
            }
            try {
                if (held.size() + content.readableBytes() > bytesMax) {
                    throw new Broken("too large");
                }
                byte[] piece = new byte[content.readableBytes()];
                content.readBytes(piece);
                held.writeBytes(piece);
                return Unpooled.EMPTY_BUFFER;
            } finally {
                content.release();
            }
        }

        @Override
        public ByteBuf end() {
            if (held == null) {
                return Unpooled.EMPTY_BUFFER;
            }
            byte[] body = coding == null ? held.toByteArray() : decoded(coding, held.toByteArray());
            return switch (edits.apply(body, bytesMax)) {
                case JsonEdits.Edited.Body edited -> Unpooled.wrappedBuffer(edited.bytes());
                case JsonEdits.Edited.TooLarge large -> throw new Broken("too large");
                case JsonEdits.Edited.Malformed malformed -> throw new Broken("no JSON");
            };
        }

        private byte[] decoded(Coding of, byte[] body) {
            return switch (BoundedDecoder.decode(of, body, bytesMax)) {
                case BoundedDecoder.Decoded.Content content -> content.bytes();
                case BoundedDecoder.Decoded.TooLarge large -> throw new Broken("too large");
                case BoundedDecoder.Decoded.Malformed malformed -> throw new Broken("not of its coding");
            };
        }

        @Override
        public void close() {
            held = null;
        }
    }

    private static boolean isJson(String type) {
        int semicolon = type.indexOf(';');
        String name =
                (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
        return name.equals("application/json") || name.endsWith("+json");
    }
}
