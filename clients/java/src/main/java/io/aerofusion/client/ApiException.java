package io.aerofusion.client;

/** The platform did not do what was asked over HTTP; says why and with which code of the protocol's reference. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final String code;

    ApiException(int status, String code, String detail) {
        super(status + " " + code + ": " + detail);
        this.status = status;
        this.code = code;
    }

    /** The HTTP status; 0 when there was no answer. */
    public int status() {
        return status;
    }

    /** The stable code, see {@link io.aerofusion.platform.ErrorCode}; "" when the answer had none. */
    public String code() {
        return code;
    }
}
