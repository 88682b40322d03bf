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
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes the JSON bodies of requests and responses; bodies of other types pass. A body is held until it is complete, up to the policy's bound; one
 * that is longer, that is no JSON though it says so, or whose coding is unknown is not passed on: it might hold what the policy takes out.
 */
public final class JsonStep implements Step {
    private static final Verdict UNKNOWN_CODING =
            new Verdict.Refuse(415, "content-coding-unknown", "Send the body as it is, or as gzip, br or zstd.");

    private final JsonEdits requests;
    private final JsonEdits responses;
    private final int bytesMax;

    /** @throws IllegalArgumentException when a pointer is none */
    public JsonStep(List<JsonChange> requests, List<JsonChange> responses, int bytesMax) {
        this.requests = new JsonEdits(requests);
        this.responses = new JsonEdits(responses);
        this.bytesMax = bytesMax;
    }

    @Override
    public Verdict check(RequestEdit request) {
        if (!responses.isEmpty()) {
            request.treat(new Editing());
        }
        if (!requests.isEmpty() && HeldJson.isJson(request.header("content-type"))) {
            String encoded = request.header("content-encoding");
            Coding coding = encoded == null ? null : Coding.named(encoded);
            if (isEncoded(encoded) && (coding == null || !coding.available())) {
                return UNKNOWN_CODING;
            }
            request.removeHeader("content-encoding");
            request.removeHeader("content-digest");
            request.removeHeader("content-md5");
            request.editBody(new HeldJson(requests, bytesMax, coding));
        }
        return Verdict.PASS;
    }

    private static boolean isEncoded(@Nullable String encoding) {
        return encoding != null && !encoding.equalsIgnoreCase("identity");
    }

    private final class Editing implements Treatment {
        private @Nullable HeldJson held;

        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            if (bodiless || status < 200 || status == 206 || !HeldJson.isJson(response.get("content-type"))) {
                return Head.PASS;
            }
            String encoded = response.get("content-encoding");
            Coding coding = encoded == null ? null : Coding.named(encoded);
            if (length > bytesMax || (isEncoded(encoded) && (coding == null || !coding.available()))) {
                throw new Broken("too large, or of an unknown coding");
            }
            response.remove("content-encoding");
            response.remove("accept-ranges");
            response.remove("content-digest");
            response.remove("content-md5");
            // It validates the upstream's bytes.
            response.remove("etag");
            held = new HeldJson(responses, bytesMax, coding);
            return Head.HELD;
        }

        @Override
        public ByteBuf content(ByteBuf content) {
            return held == null ? content : held.content(content);
        }

        @Override
        public ByteBuf end() {
            return held == null ? Unpooled.EMPTY_BUFFER : held.end();
        }
    }
}
