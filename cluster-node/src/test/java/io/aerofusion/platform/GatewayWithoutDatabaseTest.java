package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.platform.persistence.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose database goes away and comes back. */
final class GatewayWithoutDatabaseTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final String CONFIGURATION = "/api/v1/gateway/configuration";

    @TempDir
    private Path data;

    private DatabaseLink link;
    private HttpServer upstream;
    private Node node;
    private Caller admin;

    @BeforeEach
    void start() throws IOException {
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        upstream.start();
        link = new DatabaseLink(TestDatabase.migrated());
        node = Node.start(NodeOptions.in(data).withDatabase(link.url()));
        admin = Caller.admin(node);
    }

    @AfterEach
    void stop() throws IOException {
        if (node != null) {
            node.stop();
        }
        link.close();
        upstream.stop(0);
    }

    private String route(String name) {
        return """
                kind: Upstream
                metadata: {name: %1$s}
                spec: {endpoints: [{address: 127.0.0.1, port: %2$d}]}
                ---
                kind: HTTPRoute
                metadata: {name: %1$s}
                spec: {rules: [{matches: [{path: {value: /%1$s}}], backendRefs: [{name: %1$s}]}]}
                """.formatted(name, upstream.getAddress().getPort());
    }

    /** Publishes, again if it takes too long, and answers with the generation: the same again is no further one. */
    private long published(String resources) {
        return await().atMost(LIMIT)
                .until(() -> admin.yaml("POST", CONFIGURATION, resources), answer -> answer.status() == 200)
                .body()
                .path("generation")
                .asLong();
    }

    private int throughGateway(String path) throws Exception {
        return HTTP.send(
                        HttpRequest.newBuilder(node.gatewayUri().resolve(path))
                                .timeout(LIMIT)
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private JsonNode ready() {
        Caller.Response ready = admin.get("/health/ready");
        assertThat(ready.status()).as("it serves").isEqualTo(200);
        return ready.body().path("gateway");
    }

    private JsonNode status() {
        return admin.get("/api/v1/gateway/status").body().at("/nodes/0");
    }

    @Test
    void it_serves_on_and_is_stale_until_the_database_is_back() throws Exception {
        long generation = published(route("kept"));
        await().atMost(LIMIT).until(() -> throughGateway("/kept") == 204);
        assertThat(ready().path("stale").asBoolean(true)).isFalse();

        link.cut();
        Caller.Response lost = admin.yaml("POST", CONFIGURATION, route("lost"));
        assertThat(lost.status()).as(lost.body().toString()).isEqualTo(504);
        assertThat(lost.code()).isEqualTo("timeout");
        assertThat(lost.text("detail"))
                .as("by the writer, not by a bound of time")
                .contains("newest generation");
        Caller.Response later = admin.yaml("POST", CONFIGURATION, route("lost"));
        assertThat(later.status()).as(later.body().toString()).isEqualTo(503);
        assertThat(later.code()).isEqualTo("unavailable");
        assertThat(later.text("detail")).contains("nothing was changed");
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(throughGateway("/kept")).isEqualTo(204);
            assertThat(ready().path("stale").asBoolean()).isTrue();
        });
        assertThat(ready().path("generation").asLong()).isEqualTo(generation);
        JsonNode stale = status();
        assertThat(stale.path("stale").asBoolean()).isTrue();
        assertThat(stale.path("ageMs").asLong()).isGreaterThan(15_000);
        assertThat(stale.path("generation").asLong()).isEqualTo(generation);
        assertThat(stale.path("serving").asLong()).isEqualTo(generation);
        assertThat(throughGateway("/kept")).isEqualTo(204);
        assertThat(throughGateway("/lost")).isEqualTo(404);

        link.mend();
        await().atMost(LIMIT).until(() -> !ready().path("stale").asBoolean(true));
        assertThat(status().path("stale").asBoolean(true)).isFalse();
        assertThat(throughGateway("/lost")).as("what was refused is not there").isEqualTo(404);
        assertThat(published(route("lost"))).isEqualTo(generation + 1);
        await().atMost(LIMIT).until(() -> throughGateway("/lost") == 204);
        assertThat(throughGateway("/kept")).isEqualTo(204);
    }
}
