package io.aerofusion.space.wire;

import io.aerofusion.platform.ErrorCode;

/** A message that is not an acceptable frame (or body). The detail may be shown to whoever sent it. */
public final class FrameException extends Exception {
    private static final long serialVersionUID = 1L;
    private final ErrorCode code;

    /** Carries no stack trace: what a stranger sends must stay cheap to refuse. */
    public FrameException(ErrorCode code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }

    /** One sentence that names what was wrong. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
