package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aerofusion.platform.http.Tls;
import io.aerofusion.platform.persistence.StartException;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that serves with TLS, on a certificate that the JDK's keytool makes. */
final class TlsTest {
    @TempDir
    private static Path directory;

    private static Path certificate;
    private static Path key;

    @BeforeAll
    static void makeCertificate() throws Exception {
        Path store = directory.resolve("store.p12");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "node",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "password"))
                .inheritIO()
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore keys = KeyStore.getInstance(store.toFile(), "password".toCharArray());
        certificate = pem("CERTIFICATE", keys.getCertificate("node").getEncoded());
        key = pem("PRIVATE KEY", keys.getKey("node", "password".toCharArray()).getEncoded());
    }

    private static Path pem(String type, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                directory.resolve(type.replace(' ', '-') + ".pem"),
                "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n",
                StandardCharsets.US_ASCII);
    }

    @Test
    void a_node_serves_with_tls_and_without_an_admin_token() throws Exception {
        Node node = Node.start(NodeOptions.in(directory.resolve("data"))
                .with("aerofusion.http.host", "0.0.0.0")
                .with("aerofusion.http.tls-certificate", certificate.toString())
                .with("aerofusion.http.tls-key", key.toString()));
        try {
            assertThat(node.uri().getScheme()).isEqualTo("https");
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(Tls.read(certificate, key).context())
                    .build();
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(node.uri().resolve("/health/ready")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Strict-Transport-Security"))
                    .isPresent();
            assertThat(node.data().resolve("admin-token")).doesNotExist();
            assertThatThrownBy(node::adminToken).isInstanceOf(IllegalStateException.class);
        } finally {
            node.stop();
        }
    }

    @Test
    void a_key_that_is_none_is_named() throws Exception {
        Path wrong = Files.writeString(directory.resolve("wrong.pem"), "-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
        assertThatThrownBy(() -> Tls.read(certificate, wrong))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("BEGIN PRIVATE KEY");
        assertThatThrownBy(() -> Tls.read(key, key)).isInstanceOf(StartException.class);
    }
}
