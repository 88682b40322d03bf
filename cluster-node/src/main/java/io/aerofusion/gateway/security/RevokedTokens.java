package io.aerofusion.gateway.security;

import io.aerofusion.route.Revocation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The revocations that count, found by what tokens say. Immutable; where there are none nothing is looked up. A verified token is held
 * against them once per change of them, so that a request costs one comparison of references.
 */
public final class RevokedTokens {
    /** Nothing is revoked. */
    public static final RevokedTokens NONE = new RevokedTokens(List.of());

    private final Map<String, List<Revocation>> byToken = new HashMap<>();
    private final Map<String, List<Revocation>> bySubject = new HashMap<>();
    private final Map<String, List<Revocation>> byIssuer = new HashMap<>();
    private final boolean empty;

    /** The revocations of a node, as they are now. All who verify tokens share one. */
    public static final class Current {
        private volatile RevokedTokens now = NONE;

        public RevokedTokens get() {
            return now;
        }

        /** Counts from the next request on. */
        public void set(RevokedTokens revoked) {
            now = revoked;
        }
    }

    private RevokedTokens(Collection<Revocation> revocations) {
        for (Revocation revocation : revocations) {
            if (revocation.jti() != null) {
                add(byToken, revocation.jti(), revocation);
            } else if (revocation.subject() != null) {
                add(bySubject, revocation.subject(), revocation);
            } else if (revocation.issuer() != null) {
                add(byIssuer, revocation.issuer(), revocation);
            }
        }
        this.empty = revocations.isEmpty();
    }

    private static void add(Map<String, List<Revocation>> all, String key, Revocation revocation) {
        all.computeIfAbsent(key, missing -> new ArrayList<>(1)).add(revocation);
    }

    public static RevokedTokens of(Collection<Revocation> revocations) {
        return revocations.isEmpty() ? NONE : new RevokedTokens(revocations);
    }

    /**
     * Whether this token counts no more.
     *
     * @param now milliseconds of the epoch
     */
    boolean covers(VerifiedToken token, long now) {
        return !empty
                && (covers(token.id() == null ? null : byToken.get(token.id()), token, now)
                        || covers(bySubject.get(token.subject()), token, now)
                        || covers(byIssuer.get(token.issuer()), token, now));
    }

    private static boolean covers(@Nullable List<Revocation> candidates, VerifiedToken token, long now) {
        if (candidates == null) {
            return false;
        }
        for (Revocation revocation : candidates) {
            // The issuer's clock may be off: the last token lives that much longer, and so does what revokes it.
            if ((revocation.issuer() == null || revocation.issuer().equals(token.issuer()))
                    && now < revocation.expiresAt() + JwtSettings.SKEW_MAX.toMillis()
                    && wasIssuedBefore(token, revocation.issuedBefore())) {
                return true;
            }
        }
        return false;
    }

    /** A token that does not say when it was issued may be as old as any. */
    private static boolean wasIssuedBefore(VerifiedToken token, long time) {
        return time == 0
                || !(token.claims().get("iat") instanceof Number seconds)
                || seconds.doubleValue() * 1000 < time;
    }
}
