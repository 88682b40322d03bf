package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.security.Introspection.Known;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Tokens in {@code Authorization: Bearer} that their issuer is asked about. */
final class IntrospectionMethod implements AuthMethod {
    private final Introspection introspection;
    private final Consumers consumers;

    IntrospectionMethod(Introspection introspection, Consumers consumers) {
        this.introspection = introspection;
        this.consumers = consumers;
    }

    @Override
    public Answer check(RequestView request) {
        String token = AuthMethod.credentials(request, "bearer");
        if (token == null) {
            return Answer.ABSENT;
        }
        if (token.isEmpty() || token.length() > Introspection.TOKEN_LENGTH_MAX) {
            return new Answer.Refused(token.isEmpty() ? Refusal.MALFORMED : Refusal.TOO_LARGE);
        }
        TokenKey key = TokenKey.of(token);
        return switch (introspection.known(key)) {
            case Known.Active active -> {
                Principal principal = consumers.byToken(active.token(), "introspection");
                yield principal == null ? new Answer.Refused(Refusal.UNKNOWN) : new Answer.Accepted(principal);
            }
            case Known.Inactive inactive -> new Answer.Refused(Refusal.INACTIVE);
            case Known.Failed failed -> Answer.UNAVAILABLE;
            case null -> {
                CompletionStage<Void> later = introspection.ask(key, token);
                yield later == null ? Answer.UNAVAILABLE : new Answer.Wait(later);
            }
        };
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
