package io.aerofusion.platform.security;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Finds out whose token it is. Results may be cached for a few seconds; a revocation reaches open sessions by itself. */
@FunctionalInterface
public interface Authenticator {
    /** The identity behind a bearer token; empty when the token is malformed, unknown, expired or revoked. */
    CompletionStage<Optional<Principal>> authenticate(String token);
}
