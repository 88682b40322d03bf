package io.aerofusion.gateway.security;

import java.net.URI;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a {@link JwtVerifier} accepts.
 *
 * @param issuer {@code iss}, compared exactly
 * @param audiences of which {@code aud} must name one; empty: any
 * @param algorithms that signatures may use
 * @param clockSkew how far the issuer's clock may be off, 0 to 10 minutes
 * @param keys where the issuer's keys are
 * @param types values of {@code typ} that are accepted, lower case and without {@code application/}; a token without one is accepted
 * @param rolesClaims claims that hold roles, names or paths with dots
 * @param scopesClaims claims that hold scopes
 */
public record JwtSettings(
        String issuer,
        List<String> audiences,
        Set<JwsAlgorithm> algorithms,
        Duration clockSkew,
        Keys keys,
        Set<String> types,
        List<String> rolesClaims,
        List<String> scopesClaims) {
    /** Longer tokens are refused unread, in characters. */
    public static final int TOKEN_LENGTH_MAX = 8192;
    /** How much memory verified tokens may take per verifier, in bytes, estimated; beyond it the least used are forgotten. */
    public static final long CACHE_BYTES_MAX = 32L << 20;
    /** How long a verified token is believed without looking again. */
    public static final Duration CACHED_MAX = Duration.ofMinutes(5);
    /** How many tokens wait for keys at once; more are told to come again. */
    public static final int WAITING_MAX = 1024;
    /** How long the last good keys count while the issuer cannot be asked. */
    public static final Duration STALE_MAX = Duration.ofHours(1);
    /** The least time between two questions for keys, however many tokens name a key that is unknown. */
    public static final Duration REFRESH_PAUSE = Duration.ofSeconds(10);
    /** How long keys count as fresh unless the settings say otherwise. */
    public static final Duration FRESH = Duration.ofMinutes(5);

    /** How far an issuer's clock may be off at most. */
    static final Duration SKEW_MAX = Duration.ofMinutes(10);

    /** Where an issuer's keys are. */
    public sealed interface Keys {
        /** A JWKS document in the configuration. */
        record Local(String jwks) implements Keys {}

        /** A JWKS document behind an address, {@code https} or on this machine. */
        record Remote(URI uri, Duration fresh) implements Keys {
            public Remote {
                requireSafe(uri);
                requireFresh(fresh);
            }
        }

        /** Where the issuer's OpenID configuration says (OpenID Connect Discovery 1.0). */
        record Discovered(Duration fresh) implements Keys {
            public Discovered {
                requireFresh(fresh);
            }
        }

        private static void requireFresh(Duration fresh) {
            if (fresh.compareTo(REFRESH_PAUSE) < 0 || fresh.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("keys are cached for 10 s to 1 day");
            }
        }
    }

    public JwtSettings {
        audiences = List.copyOf(audiences);
        algorithms = Set.copyOf(algorithms);
        types = Set.copyOf(types);
        rolesClaims = List.copyOf(rolesClaims);
        scopesClaims = List.copyOf(scopesClaims);
        if (issuer.isEmpty()) {
            throw new IllegalArgumentException("a provider names its issuer");
        }
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("a provider accepts at least one algorithm");
        }
        if (clockSkew.isNegative() || clockSkew.compareTo(SKEW_MAX) > 0) {
            throw new IllegalArgumentException("the clock skew is 0 s to 10 min");
        }
        if (keys instanceof Keys.Discovered) {
            requireSafe(URI.create(issuer));
        }
    }

    /** The usual: every algorithm, 60 s of skew, roles and scopes where the common issuers put them. */
    public static JwtSettings of(String issuer, List<String> audiences, Keys keys) {
        return new JwtSettings(
                issuer,
                audiences,
                EnumSet.allOf(JwsAlgorithm.class),
                Duration.ofSeconds(60),
                keys,
                Set.of("jwt", "at+jwt"),
                List.of("roles", "realm_access.roles"),
                List.of("scope", "scp"));
    }

    /** Refuses an address that anyone between could answer for. @throws IllegalArgumentException with the reason */
    static void requireSafe(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost() == null ? "" : uri.getHost().toLowerCase(Locale.ROOT);
        boolean here = host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
        if (host.isEmpty()
                || uri.getUserInfo() != null
                || !(scheme.equals("https") || (scheme.equals("http") && here))) {
            throw new IllegalArgumentException("an issuer is asked by https, or by http on this machine");
        }
    }
}
