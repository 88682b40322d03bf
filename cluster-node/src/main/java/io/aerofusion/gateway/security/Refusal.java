package io.aerofusion.gateway.security;

/** Why a credential is not accepted: what a client is told, and what is counted. Says nothing that the client did not know. */
public enum Refusal {
    MALFORMED("The token is malformed."),
    TOO_LARGE("The token is too large."),
    ALGORITHM("The token's algorithm is not accepted."),
    CRITICAL("The token uses an extension that is not supported."),
    TYPE("The token is of another type."),
    UNKNOWN_KEY("The token's key is unknown."),
    SIGNATURE("The token's signature is wrong."),
    EXPIRED("The token has expired."),
    NOT_YET_VALID("The token is not valid yet."),
    ISSUER("The token is of another issuer."),
    AUDIENCE("The token is for another audience."),
    CLAIMS("The token's claims are not usable."),
    REVOKED("The token was revoked."),
    INACTIVE("The token is not active."),
    UNKNOWN("The credentials are wrong."),
    CERTIFICATE("The client certificate is not accepted.");

    private final String sentence;

    Refusal(String sentence) {
        this.sentence = sentence;
    }

    public String sentence() {
        return sentence;
    }
}
