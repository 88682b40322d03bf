package io.aerofusion.gateway.upstream;

/** Why a request cannot go to an upstream now; the gateway answers 503 with the code. */
public enum Refusal implements Admission {
    NO_ENDPOINT("upstream-no-endpoint", "The upstream has no endpoint."),
    BREAKER_OPEN(
            "upstream-circuit-open", "Every endpoint of the upstream failed lately; requests go there again soon."),
    TOO_MANY_REQUESTS("upstream-requests-exceeded", "The upstream has as many requests under way as it may have."),
    TOO_MANY_PENDING(
            "upstream-pending-exceeded", "As many requests wait for a connection to the upstream as may wait.");

    private final String code;
    private final String detail;

    Refusal(String code, String detail) {
        this.code = code;
        this.detail = detail;
    }

    /** The stable code for the client. */
    public String code() {
        return code;
    }

    /** A sentence for the client. */
    public String detail() {
        return detail;
    }
}
