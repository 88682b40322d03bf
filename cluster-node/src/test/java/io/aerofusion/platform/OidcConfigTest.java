package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.security.JwsAlgorithm;
import io.aerofusion.gateway.security.JwtSettings;
import io.aerofusion.platform.persistence.StartException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OidcConfigTest {
    private static List<OidcConfig.Provider> of(String providers) {
        return OidcConfig.of(
                ConfigFactory.parseString("aerofusion.http.oidc = " + providers).withFallback(NodeConfig.load()));
    }

    @Test
    void without_providers_only_the_platform_s_own_tokens_count() {
        assertThat(OidcConfig.of(NodeConfig.load())).isEmpty();
    }

    @Test
    void a_provider_says_what_differs_from_the_defaults() {
        OidcConfig.Provider usual = of("[{name = corp, issuer = \"https://id.example/\", audiences = [a]}]")
                .getFirst();
        assertThat(usual.meaning().userPrefix()).isEqualTo("corp.");
        assertThat(usual.meaning().createUsers()).isFalse();
        assertThat(usual.check().keys()).isInstanceOf(JwtSettings.Keys.Discovered.class);
        OidcConfig.Provider other =
                of("[{name = corp, issuer = i, audiences = [a], jwks-uri = \"https://id.example/k\","
                                + " algorithms = [ES256], user-prefix = \"\", create-users = on, roles.admin = [root]}]")
                        .getFirst();
        assertThat(other.meaning().userPrefix()).isEmpty();
        assertThat(other.meaning().createUsers()).isTrue();
        assertThat(other.check().algorithms()).containsExactly(JwsAlgorithm.ES256);
        assertThat(other.check().keys()).isInstanceOf(JwtSettings.Keys.Remote.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[{name = c, issuer = \"https://i\"}]; audiences",
                "[{name = c, issuer = \"https://i\", audiences = []}]; audiences",
                "[{name = c, issuer = \"http://i.example\", audiences = [a]}]; https",
                "[{name = c, issuer = i, audiences = [a], jwks-uri = \"http://i.example/k\"}]; https",
                "[{name = c, issuer = \"https://i\", audiences = [a], algorithms = [HS256]}]; HS256",
                "[{name = c, issuer = \"https://i\", audiences = [a], algorithms = []}]; algorithm",
                "[{name = c, issuer = \"https://i\", audiences = [a], clock-skew = 1h}]; skew",
                "[{name = c, issuer = \"https://i\", audiences = [a], create-user = on}]; create-user",
                "[{name = c, issuer = \"https://i\", audiences = [a], user-prefix = \"|\"}]; user-prefix",
                "[{name = c, issuer = \"https://i\", audiences = [a]}, {name = c, issuer = \"https://j\", audiences = [a]}]; same name",
                "[{name = c, issuer = \"https://i\", audiences = [a]}, {name = d, issuer = \"https://i\", audiences = [a]}]; same name or issuer",
                "[{name = c, issuer = \"https://i\", audiences = [a]}, {name = d, issuer = \"https://j\", audiences = [a], user-prefix = \"\"}]; speak for"
            })
    void what_would_let_strangers_in_or_means_nothing_stops_the_start(String providers, String reason) {
        assertThatThrownBy(() -> of(providers))
                .isInstanceOf(StartException.class)
                .hasMessageContaining(reason);
    }
}
