package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.persistence.StartException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By which address other nodes use the API of a node, if they do. */
final class ExposureTest {
    private static Config config(String host, int port, String cluster, String certificate) {
        return ConfigFactory.parseMap(Map.of(
                "aerofusion.http.advertised-host",
                host,
                "aerofusion.http.advertised-port",
                port,
                "aerofusion.cluster.host",
                cluster,
                "aerofusion.http.tls-certificate",
                certificate));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            127.0.0.1 | ''           | 0    | 127.0.0.1  | 127.0.0.1:8080
            ::1       | ''           | 0    | 127.0.0.1  | 0:0:0:0:0:0:0:1:8080
            127.0.0.1 | ''           | 0    | 10.0.0.1   | -
            ::1       | ''           | 0    | 10.0.0.1   | -
            0.0.0.0   | ''           | 0    | 10.0.0.1   | 10.0.0.1:8080
            0.0.0.0   | ''           | 0    | node-1.nodes | node-1.nodes:8080
            0.0.0.0   | ''           | 0    | 127.0.0.1  | 127.0.0.1:8080
            10.0.0.7  | ''           | 0    | 10.0.0.1   | 10.0.0.7:8080
            10.0.0.7  | ''           | 8443 | 10.0.0.1   | 10.0.0.7:8443
            0.0.0.0   | api-1.nodes  | 8443 | 10.0.0.1   | api-1.nodes:8443
            127.0.0.1 | api-1.nodes  | 8443 | 10.0.0.1   | api-1.nodes:8443
            """)
    void the_address_that_is_told(String bound, String host, int port, String cluster, String told) throws Exception {
        Config config = config(host, port, cluster, "");
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(bound), 8080);
        assertThat(Exposure.advertised(config, address)
                        .map(found -> found.getHostString() + ":" + found.getPort())
                        .orElse(null))
                .isEqualTo(told);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1 | 10.0.0.1  | cert.pem | take for themselves
            10.0.0.7  | 10.0.0.1  | ''       | Without TLS
            10.0.0.7  | 127.0.0.1 | ''       | Without TLS
            """)
    void what_would_mislead_is_refused(String host, String cluster, String certificate, String why) {
        assertThatThrownBy(() -> Exposure.checkAdvertised(config(host, 0, cluster, certificate)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("advertised-")
                .hasMessageContaining(why);
    }

    @Test
    void what_makes_sense_is_not_refused() {
        Exposure.checkAdvertised(config("", 0, "127.0.0.1", ""));
        Exposure.checkAdvertised(config("127.0.0.1", 0, "127.0.0.1", ""));
        Exposure.checkAdvertised(config("10.0.0.7", 8443, "10.0.0.1", "cert.pem"));
        Exposure.checkAdvertised(config("not-here.invalid", 0, "10.0.0.1", "cert.pem"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1 | ''          | true  | true
            127.0.0.1 | certificate | true  | true
            127.0.0.1 | certificate | false | false
            ::1       | ''          | false | false
            10.0.0.7  | ''          | true  | false
            10.0.0.7  | ''          | false | false
            10.0.0.7  | certificate | false | true
            10.0.0.7  | certificate | true  | true
            """)
    void nothing_is_used_that_is_another_machines_loopback_or_would_be_in_the_clear(
            String address, String certificate, boolean onOneMachine, boolean usable) throws Exception {
        assertThat(ApiNodes.usable(InetAddress.getByName(address), certificate, onOneMachine))
                .isEqualTo(usable);
    }
}
