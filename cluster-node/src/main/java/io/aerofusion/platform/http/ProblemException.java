package io.aerofusion.platform.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;

/** Ends the handling of a request with {@code problem+json}; the detail is shown to the caller. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final ErrorCode code;
    private final String detail;
    private final transient ObjectNode members;

    public ProblemException(ErrorCode code, String detail) {
        this(code, detail, JsonNodeFactory.instance.objectNode());
    }

    /** A problem with members of its own beside those that all have. */
    public ProblemException(ErrorCode code, String detail, ObjectNode members) {
        super(detail, null, false, false);
        this.code = code;
        this.detail = detail;
        this.members = members;
    }

    public ErrorCode code() {
        return code;
    }

    /** What the caller is told; written for people. */
    public String detail() {
        return detail;
    }

    /** What the problem document has beside the members that all have. */
    public ObjectNode members() {
        return members;
    }
}
