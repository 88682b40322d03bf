package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestView;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** User name and password in {@code Authorization: Basic} (RFC 7617), in UTF-8. */
final class BasicMethod implements AuthMethod {
    /** The longest credentials that are looked at, in characters. */
    static final int LENGTH_MAX = 1024;

    private final Consumers consumers;
    private final Passwords passwords;

    BasicMethod(Consumers consumers, Passwords passwords) {
        this.consumers = consumers;
        this.passwords = passwords;
    }

    @Override
    public Answer check(RequestView request) {
        String credentials = AuthMethod.credentials(request, "basic");
        if (credentials == null) {
            return Answer.ABSENT;
        }
        byte[] decoded = credentials.length() > LENGTH_MAX ? null : StrictBase64.padded(credentials);
        String text = decoded == null ? "" : new String(decoded, StandardCharsets.UTF_8);
        int colon = text.indexOf(':');
        if (colon < 1 || colon == text.length() - 1) {
            return new Answer.Refused(Refusal.UNKNOWN);
        }
        Consumers.ByPassword found = consumers.byUsername(text.substring(0, colon));
        PasswordHash stored = found == null ? PasswordHash.NOBODY : found.hash();
        TokenKey key = TokenKey.of(credentials);
        Boolean right = passwords.known(key, stored);
        if (right == null) {
            CompletableFuture<Void> later =
                    passwords.check(key, stored, text.substring(colon + 1).toCharArray());
            return later == null ? Answer.UNAVAILABLE : new Answer.Wait(later);
        }
        return right && found != null && !found.disabled() ? found.accepted() : new Answer.Refused(Refusal.UNKNOWN);
    }

    @Override
    public String challenge(@Nullable Refusal refusal) {
        return "Basic realm=\"gateway\", charset=\"UTF-8\"";
    }

    @Override
    public boolean canWait() {
        return true;
    }
}
