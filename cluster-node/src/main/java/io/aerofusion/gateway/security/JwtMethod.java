package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.security.JwtVerifier.Invalid;
import io.aerofusion.gateway.security.JwtVerifier.Outcome;
import io.aerofusion.gateway.security.JwtVerifier.Pending;
import io.aerofusion.gateway.security.JwtVerifier.Verified;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Signed tokens in {@code Authorization: Bearer} (RFC 6750) of one or several issuers. */
final class JwtMethod implements AuthMethod {
    private final List<JwtVerifier> verifiers;
    private final Map<String, JwtVerifier> byIssuer;
    private final Consumers consumers;

    /** What a token means in one generation. */
    private record Identified(Consumers consumers, Answer answer) {}

    JwtMethod(List<JwtVerifier> verifiers, Consumers consumers) {
        this.verifiers = List.copyOf(verifiers);
        this.byIssuer = verifiers.stream()
                .collect(Collectors.toUnmodifiableMap(
                        JwtVerifier::issuer, Function.identity(), (first, second) -> first));
        this.consumers = consumers;
    }

    @Override
    public Answer check(RequestView request) {
        String token = AuthMethod.credentials(request, "bearer");
        if (token == null) {
            return Answer.ABSENT;
        }
        for (int i = 0; i < verifiers.size(); i++) {
            Verified known = verifiers.get(i).remembered(token);
            if (known != null) {
                return identify(known);
            }
        }
        if (token.length() > JwtSettings.TOKEN_LENGTH_MAX) {
            return new Answer.Refused(Refusal.TOO_LARGE);
        }
        // What is no signed token may be meant for the next method.
        if (!token.isEmpty() && !Jws.looksLikeOne(token)) {
            return Answer.ABSENT;
        }
        JwtVerifier verifier = verifiers.size() == 1 ? verifiers.getFirst() : choose(token);
        Outcome outcome = verifier == null ? new Invalid(Refusal.ISSUER) : verifier.verify(token);
        return switch (outcome) {
            case Verified verified -> identify(verified);
            case Invalid invalid -> new Answer.Refused(invalid.refusal());
            case JwtVerifier.Unavailable unavailable -> Answer.UNAVAILABLE;
            case Pending pending -> new Answer.Wait(pending.outcome());
        };
    }

    private @Nullable JwtVerifier choose(String token) {
        Optional<String> issuer = JwtVerifier.claimedIssuer(token);
        // A malformed one gets the reason from whichever verifier.
        return issuer.isEmpty() ? verifiers.getFirst() : byIssuer.get(issuer.get());
    }

    private Answer identify(Verified verified) {
        if (verified.identified instanceof Identified before && before.consumers() == consumers) {
            return before.answer();
        }
        Principal principal = consumers.byToken(verified.token(), "jwt");
        Answer answer = principal == null ? new Answer.Refused(Refusal.UNKNOWN) : new Answer.Accepted(principal);
        verified.identified = new Identified(consumers, answer);
        return answer;
    }

    @Override
    public String challenge(@Nullable Refusal refusal) {
        return AuthMethod.bearer(refusal);
    }

    @Override
    public boolean canWait() {
        return true;
    }
}
