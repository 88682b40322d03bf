package io.aerofusion.platform;

import com.typesafe.config.Config;
import io.aerofusion.gateway.security.Fetch;
import io.aerofusion.gateway.security.JwtVerifier;
import io.aerofusion.gateway.security.JwtVerifier.Outcome;
import io.aerofusion.gateway.security.Refusal;
import io.aerofusion.gateway.security.RevokedTokens;
import io.aerofusion.gateway.security.VerifiedToken;
import io.aerofusion.platform.security.OidcAuthenticator;
import io.aerofusion.platform.security.OidcAuthenticator.Bad;
import io.aerofusion.platform.security.OidcAuthenticator.Checked;
import io.aerofusion.platform.security.OidcAuthenticator.Good;
import io.aerofusion.platform.security.OidcProvider;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Checks the tokens of the OpenID providers with what the gateway checks tokens with; the same revocations count. */
final class OidcTokens implements OidcAuthenticator.Verifier {
    private static final Bad FOREIGN = new Bad(Refusal.ISSUER.sentence());

    private final List<Trusted> providers;

    private record Trusted(OidcProvider provider, JwtVerifier verifier) {}

    private OidcTokens(List<Trusted> providers) {
        this.providers = providers;
    }

    /**
     * The providers of the configuration; empty when there are none.
     *
     * @throws io.aerofusion.platform.persistence.StartException when they make no sense
     */
    static Optional<OidcTokens> of(Config config, Fetch fetch, InstantSource clock, RevokedTokens.Current revoked) {
        List<Trusted> providers = OidcConfig.of(config).stream()
                .map(provider -> new Trusted(
                        provider.meaning(), JwtVerifier.of(provider.check(), fetch, clock, System::nanoTime, revoked)))
                .toList();
        return providers.isEmpty() ? Optional.empty() : Optional.of(new OidcTokens(providers));
    }

    @Override
    public CompletionStage<Checked> check(String token) {
        for (Trusted trusted : providers) {
            JwtVerifier.Verified known = trusted.verifier().remembered(token);
            if (known != null) {
                return CompletableFuture.completedFuture(good(trusted.provider(), known.token()));
            }
        }
        Optional<String> issuer = JwtVerifier.claimedIssuer(token);
        for (Trusted trusted : providers) {
            // A malformed one gets the reason from whichever verifier.
            if (issuer.isEmpty() || issuer.get().equals(trusted.verifier().issuer())) {
                return checked(trusted.provider(), trusted.verifier().verify(token));
            }
        }
        return CompletableFuture.completedFuture(FOREIGN);
    }

    private static CompletionStage<Checked> checked(OidcProvider provider, Outcome outcome) {
        return switch (outcome) {
            case JwtVerifier.Verified verified -> CompletableFuture.completedFuture(good(provider, verified.token()));
            case JwtVerifier.Invalid invalid ->
                CompletableFuture.completedFuture(new Bad(invalid.refusal().sentence()));
            case JwtVerifier.Unavailable nobody -> CompletableFuture.completedFuture(new OidcAuthenticator.Unchecked());
            case JwtVerifier.Pending pending -> pending.outcome().thenCompose(later -> checked(provider, later));
        };
    }

    private static Checked good(OidcProvider provider, VerifiedToken token) {
        String claim = provider.userClaim();
        if (!(token.claims().get(claim) instanceof String value) || value.isEmpty()) {
            return new Bad("The token does not say who its user is: it has no claim " + claim + ".");
        }
        // Anybody may say that an address is theirs; the provider vouches for it with this claim.
        if (claim.equals("email") && !Boolean.TRUE.equals(token.claims().get("email_verified"))) {
            return new Bad("The token's email address is not verified.");
        }
        return new Good(
                provider,
                provider.userOf(value),
                token.claims().get("name") instanceof String name ? name : "",
                provider.rolesOf(token.roles()),
                token.expiresAt());
    }
}
