package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;

/** Where clients find a listener. */
class GatewayListenerTest {
    private static String url(GatewayListener listener, String host) {
        return listener.origin(host).url("10.0.0.7");
    }

    @Test
    void byItsOwnPortUnlessItSaysOtherwise() {
        GatewayListener inner = new GatewayListener("http", 8000, "", false, null);
        assertThat(url(inner, "")).isEqualTo("http://10.0.0.7:8000");
        assertThat(url(inner, "shop.example.com")).isEqualTo("http://shop.example.com:8000");
    }

    @Test
    void behindABalancerByItsPublicUrl() {
        GatewayListener listener = new GatewayListener("http", 8000, "", false, URI.create("https://api.example.com"));
        assertThat(url(listener, "")).isEqualTo("https://api.example.com");
        assertThat(url(listener, "shop.example.com")).isEqualTo("https://shop.example.com");
        GatewayListener test = new GatewayListener("http", 8000, "", true, URI.create("http://localhost:8080"));
        assertThat(url(test, "")).isEqualTo("http://localhost:8080");
        assertThat(url(test, "*.example.com")).isEqualTo("http://{host}.example.com:8080");
    }
}
