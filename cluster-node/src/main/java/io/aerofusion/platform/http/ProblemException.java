package io.aerofusion.platform.http;

import io.aerofusion.platform.ErrorCode;

/** Ends the handling of a request with {@code problem+json}; the detail is shown to the caller. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final ErrorCode code;
    private final String detail;

    public ProblemException(ErrorCode code, String detail) {
        super(detail, null, false, false);
        this.code = code;
        this.detail = detail;
    }

    public ErrorCode code() {
        return code;
    }

    /** What the caller is told; written for people. */
    public String detail() {
        return detail;
    }
}
