package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.aerofusion.platform.http.Tls;
import io.aerofusion.platform.persistence.StartException;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.TestDevice;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that serves with TLS, on a certificate that the JDK's keytool makes. */
final class TlsTest {
    private static final String PASSWORD = "password";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private static Path directory;

    private static Path certificate;
    private static Path key;

    private static Path rsaCertificate;
    private static Path rsaKey;

    @BeforeAll
    static void makeCertificates() throws Exception {
        KeyStore ec = generated("EC");
        certificate = pem("ec", "CERTIFICATE", ec.getCertificate("node").getEncoded());
        key = pem("ec", "PRIVATE KEY", ec.getKey("node", PASSWORD.toCharArray()).getEncoded());
        KeyStore rsa = generated("RSA");
        rsaCertificate = pem("rsa", "CERTIFICATE", rsa.getCertificate("node").getEncoded());
        rsaKey = pem(
                "rsa", "PRIVATE KEY", rsa.getKey("node", PASSWORD.toCharArray()).getEncoded());
    }

    private static KeyStore generated(String algorithm) throws Exception {
        Path store = directory.resolve(algorithm + ".p12");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "node",
                        "-keyalg",
                        algorithm,
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
                        PASSWORD))
                .inheritIO()
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    }

    private static Path pem(String name, String type, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                directory.resolve(name + "-" + type.replace(' ', '-') + ".pem"),
                "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n",
                StandardCharsets.US_ASCII);
    }

    @Test
    void a_node_serves_with_tls_and_without_an_admin_token() throws Exception {
        Node node = Node.start(NodeOptions.in(directory.resolve("data"))
                .withDatabase(TestDatabase.migrated())
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

    /** It spoke plain HTTP to its own API, and answered 502. */
    @Test
    void the_gateway_reaches_the_api_of_its_node_with_tls() throws Exception {
        HttpClient client = HttpClient.newBuilder()
                .sslContext(Tls.read(certificate, key).context())
                .build();
        Node node = Node.start(NodeOptions.in(directory.resolve("gateway"))
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.admin-token", "on")
                .with("aerofusion.http.tls-certificate", certificate.toString())
                .with("aerofusion.http.tls-key", key.toString()));
        try {
            String bearer = "Bearer " + node.adminToken();
            HttpResponse<String> published = client.send(
                    HttpRequest.newBuilder(node.uri().resolve("/api/v1/gateway/configuration"))
                            .header("Authorization", bearer)
                            .header("Content-Type", "application/yaml")
                            .POST(HttpRequest.BodyPublishers.ofString("""
                                    kind: Upstream
                                    metadata: {name: platform}
                                    spec: {platform: {}, healthCheck: {active: {path: /health/live, interval: 100ms}}}
                                    ---
                                    kind: HTTPRoute
                                    metadata: {name: platform}
                                    spec: {rules: [{backendRefs: [{name: platform}]}]}
                                    """))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(published.statusCode()).as(published.body()).isEqualTo(200);
            await().atMost(LIMIT).untilAsserted(() -> {
                HttpResponse<String> me = client.send(
                        HttpRequest.newBuilder(node.gatewayUri().resolve("/api/v1/me"))
                                .header("Authorization", bearer)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(me.statusCode()).as(me.body()).isEqualTo(200);
                assertThat(me.body()).contains("\"admin\"");
            });
            TestDevice.connect("tablet", node.gatewayUri(), node.adminToken(), client)
                    .close();
            String upstreams = client.send(
                            HttpRequest.newBuilder(node.uri().resolve("/api/v1/gateway/status"))
                                    .header("Authorization", bearer)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertThat(upstreams).as("checks speak TLS, too").doesNotContain("\"healthy\":false");
            anotherNodeStandsIn(node, client, bearer);
        } finally {
            node.stop();
        }
    }

    /** The other one has a certificate of its own, which nobody vouches for but itself, in the cluster. */
    private static void anotherNodeStandsIn(Node node, HttpClient client, String bearer) {
        Node other = Node.start(NodeOptions.in(directory.resolve("other"))
                .joining(node)
                .with("aerofusion.admin-token", "on")
                .with("aerofusion.http.tls-certificate", rsaCertificate.toString())
                .with("aerofusion.http.tls-key", rsaKey.toString()));
        try {
            node.withoutApi();
            HttpRequest me = HttpRequest.newBuilder(node.gatewayUri().resolve("/api/v1/me"))
                    .header("Authorization", bearer)
                    .build();
            await().atMost(LIMIT).untilAsserted(() -> {
                HttpResponse<String> answer = client.send(me, HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            });
        } finally {
            other.stop();
        }
    }

    @Test
    void nodes_talk_to_each_other_with_tls_and_not_to_those_without() throws Exception {
        NodeOptions tls = between(NodeOptions.in(directory.resolve("first")).withDatabase(TestDatabase.migrated()));
        Node first = Node.start(tls);
        try {
            Node second = Node.start(
                    between(NodeOptions.in(directory.resolve("second")).joining(first)));
            try {
                for (int i = 0; i < 10; i++) { // some of them live on the other node, whichever is asked
                    String user = "{'user':'u" + i + "'}";
                    assertThat(Caller.admin(first).post("/api/v1/users", user).status())
                            .isEqualTo(201);
                    assertThat(Caller.admin(second).get("/api/v1/users/u" + i).status())
                            .isEqualTo(200);
                }
            } finally {
                second.stop();
            }
            NodeOptions plain = NodeOptions.in(directory.resolve("third"))
                    .joining(first)
                    .with("aerofusion.cluster.join-timeout", "5s");
            assertThatThrownBy(() -> Node.start(plain)).isInstanceOf(StartException.class);
        } finally {
            first.stop();
        }
    }

    private static NodeOptions between(NodeOptions options) {
        return options.with("aerofusion.cluster.tls-certificate", rsaCertificate.toString())
                .with("aerofusion.cluster.tls-key", rsaKey.toString())
                .with("aerofusion.cluster.tls-authority", rsaCertificate.toString());
    }

    @Test
    void a_key_that_nodes_cannot_use_between_them_is_refused_at_the_start() {
        assertThatThrownBy(() -> Node.start(NodeOptions.in(directory.resolve("refused"))
                        .with("aerofusion.cluster.tls-certificate", certificate.toString())
                        .with("aerofusion.cluster.tls-key", key.toString())
                        .with("aerofusion.cluster.tls-authority", certificate.toString())))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("RSA");
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
