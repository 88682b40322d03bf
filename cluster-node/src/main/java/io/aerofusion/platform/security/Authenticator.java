package io.aerofusion.platform.security;

import io.aerofusion.platform.ErrorCode;
import java.util.concurrent.CompletionStage;

/**
 * Finds out whose token it is. Results may be cached for a few seconds; a revocation reaches open sessions by itself. The stage fails when
 * that cannot be found out now, with a {@link io.aerofusion.platform.http.ProblemException} where the caller can be told more.
 */
@FunctionalInterface
public interface Authenticator {
    /** What is said of tokens that are malformed, unknown, expired or revoked; which of these it is helps nobody who may know. */
    Refused UNKNOWN = new Refused(ErrorCode.UNAUTHENTICATED, "The token is unknown, expired or revoked.");

    /** What became of a token. */
    sealed interface Outcome {}

    /**
     * The token counts.
     *
     * @param until when it ends by itself, in milliseconds of the epoch; {@link Long#MAX_VALUE}: it has to be asked about again
     */
    record Accepted(Principal principal, long until) implements Outcome {
        public Accepted(Principal principal) {
            this(principal, Long.MAX_VALUE);
        }
    }

    /** The token does not count here. */
    record Refused(ErrorCode code, String detail) implements Outcome {}

    /** The identity behind a bearer token. */
    CompletionStage<Outcome> authenticate(String token);
}
