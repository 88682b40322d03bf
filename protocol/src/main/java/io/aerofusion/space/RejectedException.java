package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Ends the decision about one mutation; becomes a {@link Rejection}. */
final class RejectedException extends Exception {
    private final ErrorCode code;
    private final String detail;
    private final String path;
    private final transient @Nullable JsonNode serverValue;

    RejectedException(ErrorCode code, String detail, String path, @Nullable JsonNode serverValue) {
        super(detail, null, false, false); // control flow: no stack trace
        this.code = code;
        this.detail = detail;
        this.path = path;
        this.serverValue = serverValue;
    }

    Rejection rejection(long seq) {
        return new Rejection(seq, code, detail, path, serverValue);
    }
}
