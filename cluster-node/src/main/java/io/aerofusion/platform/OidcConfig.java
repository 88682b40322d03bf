package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.aerofusion.gateway.security.JwsAlgorithm;
import io.aerofusion.gateway.security.JwtSettings;
import io.aerofusion.platform.persistence.StartException;
import io.aerofusion.platform.security.OidcProvider;
import io.aerofusion.platform.security.Principal;
import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The OpenID providers of {@code aerofusion.http.oidc}. */
final class OidcConfig {
    private static final String KEY = "aerofusion.http.oidc";
    private static final String DEFAULTS = "aerofusion.http.oidc-defaults";
    private static final Set<String> OWN_KEYS = Set.of("name", "issuer", "audiences");
    private static final int PROVIDERS_MAX = 16;

    /** A provider, and how its tokens are checked. */
    record Provider(OidcProvider meaning, JwtSettings check) {}

    private OidcConfig() {}

    /**
     * The providers.
     *
     * @throws StartException when they make no sense, or would let strangers in
     */
    static List<Provider> of(Config node) {
        Config defaults = node.getConfig(DEFAULTS);
        List<Provider> providers = new ArrayList<>();
        for (Config provider : node.getConfigList(KEY)) {
            try {
                requireKnownKeys(provider, defaults);
                providers.add(provider(provider.withFallback(defaults)));
            } catch (ConfigException | IllegalArgumentException e) {
                throw new StartException(KEY + ": " + e.getMessage() + ".", e);
            }
        }
        requireApart(providers);
        return List.copyOf(providers);
    }

    private static void requireKnownKeys(Config provider, Config defaults) {
        for (String key : provider.root().keySet()) {
            if (!OWN_KEYS.contains(key) && !defaults.root().containsKey(key)) {
                throw new IllegalArgumentException("a provider has no setting " + key);
            }
        }
    }

    private static Provider provider(Config provider) {
        String name = provider.getString("name");
        List<String> audiences = provider.getStringList("audiences");
        if (audiences.isEmpty()) {
            throw new IllegalArgumentException(
                    "the provider " + name + " needs audiences: otherwise a token for any other application would do");
        }
        String prefix = provider.getString("user-prefix");
        OidcProvider meaning = new OidcProvider(
                name,
                provider.getString("tenant"),
                provider.getString("user-claim"),
                prefix.equals("name") ? name + "." : prefix,
                roles(provider.getConfig("roles")),
                provider.getBoolean("create-users"));
        JwtSettings usual = JwtSettings.of(provider.getString("issuer"), audiences, keys(provider));
        return new Provider(
                meaning,
                new JwtSettings(
                        usual.issuer(),
                        usual.audiences(),
                        algorithms(provider.getStringList("algorithms")),
                        provider.getDuration("clock-skew"),
                        usual.keys(),
                        usual.types(),
                        provider.getStringList("roles-claims"),
                        List.of()));
    }

    private static JwtSettings.Keys keys(Config provider) {
        String uri = provider.getString("jwks-uri");
        return uri.isEmpty()
                ? new JwtSettings.Keys.Discovered(provider.getDuration("keys-fresh"))
                : new JwtSettings.Keys.Remote(URI.create(uri), provider.getDuration("keys-fresh"));
    }

    private static Set<JwsAlgorithm> algorithms(List<String> names) {
        Set<JwsAlgorithm> algorithms = EnumSet.noneOf(JwsAlgorithm.class);
        for (String name : names) {
            algorithms.add(JwsAlgorithm.named(name)
                    .orElseThrow(() -> new IllegalArgumentException("an unknown algorithm: " + name)));
        }
        return algorithms;
    }

    private static Map<Principal.Role, Set<String>> roles(Config roles) {
        Map<Principal.Role, Set<String>> words = new EnumMap<>(Principal.Role.class);
        for (Principal.Role role : Principal.Role.values()) {
            words.put(role, Set.copyOf(roles.getStringList(role.name().toLowerCase(Locale.ROOT))));
        }
        return words;
    }

    /** No provider may speak for the users of another. */
    private static void requireApart(List<Provider> providers) {
        if (providers.size() > PROVIDERS_MAX) {
            throw new StartException(KEY + ": there are at most " + PROVIDERS_MAX + " providers.");
        }
        Set<String> names = new HashSet<>();
        Set<String> issuers = new HashSet<>();
        for (Provider provider : providers) {
            if (!names.add(provider.meaning().name())
                    || !issuers.add(provider.check().issuer())) {
                throw new StartException(KEY + ": two providers have the same name or issuer.");
            }
        }
        for (Provider provider : providers) {
            for (Provider other : providers) {
                if (!other.equals(provider) && mayMeet(provider.meaning(), other.meaning())) {
                    throw new StartException(KEY + ": the user-prefix of "
                            + provider.meaning().name() + " begins that of "
                            + other.meaning().name() + ": one provider could speak for the users of the other.");
                }
            }
        }
    }

    private static boolean mayMeet(OidcProvider one, OidcProvider other) {
        return one.tenant().equals(other.tenant()) && other.userPrefix().startsWith(one.userPrefix());
    }
}
