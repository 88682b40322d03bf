package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.persistence.StartException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the settings of the gateway's listeners may say. */
class GatewayConfigTest {
    private static Config listeners(String list) {
        return ConfigFactory.parseString("aerofusion.gateway.listeners = [" + list + "]");
    }

    @Test
    void aListenerMayHaveAPublicUrl() {
        Config config = listeners(
                "{name: inner}, {name: empty, public-url: \"\"}, {name: api, public-url: \"https://api.example.com\"},"
                        + " {name: test, public-url: \"http://[::1]:8443\"}");
        assertThat(GatewayConfig.publicUrls(config))
                .isEqualTo(
                        Map.of("api", URI.create("https://api.example.com"), "test", URI.create("http://[::1]:8443")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "api.example.com",
                "//api.example.com",
                "ftp://api.example.com",
                "https://api.example.com/base",
                "https://api.example.com/",
                "https://user@api.example.com",
                "https://api.example.com?a=b",
                "https://api.example.com#a",
                "https://",
                "https://a b"
            })
    void anythingButAnAddressIsRefused(String url) {
        assertThatThrownBy(() -> GatewayConfig.publicUrls(listeners("{name: a, public-url: \"" + url + "\"}")))
                .isInstanceOf(StartException.class)
                .hasMessageContaining(url)
                .hasMessageContaining("https://api.example.com");
    }
}
