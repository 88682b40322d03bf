package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import akka.actor.CoordinatedShutdown;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import io.aerofusion.platform.persistence.StartException;
import io.aerofusion.platform.persistence.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A node of its own, seen from outside. */
final class NodeTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static Node node;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data));
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void it_is_alive_and_ready() throws Exception {
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(json(get("/health/ready")).path("ready").asBoolean()).isTrue();
    }

    @Test
    void it_describes_itself() throws Exception {
        assertThat(json(get("/openapi.json")).path("paths").has("/health/ready"))
                .isTrue();
        HttpResponse<String> docs = get("/docs");
        assertThat(docs.statusCode()).isEqualTo(200);
        assertThat(docs.headers().firstValue("Content-Security-Policy")).isPresent();
    }

    @Test
    void it_has_metrics() throws Exception {
        assertThat(get("/metrics").statusCode()).isEqualTo(200);
    }

    @Test
    void what_it_does_not_know_is_a_problem() throws Exception {
        HttpResponse<String> unknown = get("/nowhere");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(unknown).path("code").asText()).isEqualTo("not-found");
    }

    @Test
    void the_admin_token_is_for_its_owner_only() throws Exception {
        Path file = node.data().resolve("admin-token");
        assertThat(Files.readString(file).strip()).isEqualTo(node.adminToken());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void what_it_prints_holds_no_secret() {
        assertThat(Banner.of(node))
                .contains(
                        node.uri() + "/api/v1",
                        node.uri() + "/docs",
                        node.uri() + "/openapi.json",
                        node.uri() + "/metrics",
                        node.gatewayUri().toString(),
                        node.data().resolve("admin-token").toString(),
                        node.clusterAddress())
                .doesNotContain(node.adminToken())
                .doesNotContain(node.databaseUrl());
    }

    @Test
    void what_was_stored_is_there_after_a_restart(@TempDir Path data) throws Exception {
        Node first = Node.start(NodeOptions.in(data));
        assertThat(new ApiClient(first)
                        .post("/api/v1/users", "{\"user\":\"ada\"}")
                        .statusCode())
                .isEqualTo(201);
        HttpResponse<String> revoked =
                new ApiClient(first).post("/api/v1/gateway/revocations", "{\"jti\":\"lost\",\"note\":\"stolen\"}");
        assertThat(revoked.statusCode()).isEqualTo(201);
        HttpServer upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        upstream.start();
        Caller.Response published = Caller.admin(first).yaml("POST", "/api/v1/gateway/configuration", """
                kind: Upstream
                metadata: {name: kept}
                spec: {endpoints: [{address: 127.0.0.1, port: %d}]}
                ---
                kind: HTTPRoute
                metadata: {name: kept}
                spec: {rules: [{matches: [{path: {value: /kept}}], backendRefs: [{name: kept}]}]}
                """.formatted(
                        upstream.getAddress().getPort()));
        assertThat(published.status()).as(published.body().toString()).isEqualTo(200);
        long generation = published.body().path("generation").asLong();
        await().atMost(LIMIT).until(() -> throughGateway(first) == 204);
        first.stop();
        Node second = Node.start(NodeOptions.in(data)
                .with("akka.coordinated-shutdown.run-by-actor-system-terminate", false)
                .with("aerofusion.gateway.portal.enabled", false)
                .with("aerofusion.gateway.portal.roles", List.of("reader", "operator", "admin")));
        try {
            assertThat(throughGateway(second)).as("from the disk, at once").isEqualTo(204);
            assertThat(second.adminToken()).isEqualTo(first.adminToken());
            HttpResponse<String> ada = new ApiClient(second).get("/api/v1/users/ada");
            assertThat(json(ada).path("user").asText()).isEqualTo("ada");
            JsonNode revocations = json(new ApiClient(second).get("/api/v1/gateway/revocations"));
            assertThat(revocations.at("/items/0/id").asText())
                    .isEqualTo(json(revoked).path("id").asText());
            assertThat(revocations.at("/items/0/note").asText()).isEqualTo("stolen");
            // and with the settings of this start
            Caller admin = Caller.admin(second);
            Caller user = admin.with(
                    admin.post("/api/v1/users/ada/tokens", "{'name':'t'}").text("secret"));
            JsonNode portal = user.get("/api/v1/gateway/portal").body();
            assertThat(portal.path("selfService").asBoolean(true)).isFalse();
            assertThat(portal.path("roles").toString())
                    .as("a role of the platform only for who has it")
                    .isEqualTo("[\"reader\"]");
            Caller.Response closed = user.post("/api/v1/gateway/portal/consumers", "{'title':'App'}");
            assertThat(closed.code()).isEqualTo("forbidden");
            assertThat(closed.text("detail")).contains("ask an operator");
            second.embeddedDatabase().orElseThrow().close();
            assertThat(throughGateway(second)).as("without a database").isEqualTo(204);
            JsonNode ready = json(new ApiClient(second).get("/health/ready"));
            assertThat(ready.at("/gateway/generation").asLong()).isEqualTo(generation);
        } finally {
            second.crash(); // without a database nothing is left to be handed over
            upstream.stop(0);
        }
    }

    private static int throughGateway(Node node) throws Exception {
        return HTTP.send(
                        HttpRequest.newBuilder(node.gatewayUri().resolve("/kept"))
                                .timeout(LIMIT)
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void a_second_node_on_the_same_directory_is_refused_and_told_what_to_do() throws Exception {
        assertThatThrownBy(() -> Node.start(NodeOptions.in(node.data())))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("in use by another node");
        Process second = process(node.data());
        try {
            assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(second.exitValue()).isEqualTo(1);
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("aerofusion: The data directory ", "is in use by another node (process ")
                    .contains("stop that node, or give this one a directory of its own with --data.");
        } finally {
            second.destroyForcibly();
        }
    }

    private static Process process(Path data) throws IOException {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--data",
                        data.toString(),
                        "--port=0",
                        "--gateway-port=0")
                .redirectErrorStream(true)
                .start();
    }

    /** Its database ran on until the next start. */
    @Test
    @DisabledOnOs(OS.WINDOWS) // there a process is not asked to end
    void a_process_that_is_ended_during_its_start_leaves_no_database_behind(@TempDir Path data) throws Exception {
        Process starting = process(data);
        try {
            await().atMost(LIMIT)
                    .until(() -> Files.exists(data.resolve("postgres").resolve("postmaster.pid")));
            starting.destroy();
            assertThat(starting.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(EmbeddedDatabase.running(data)).isEmpty();
        } finally {
            starting.destroyForcibly();
        }
    }

    @Test
    void a_port_that_is_taken_is_named(@TempDir Path data) {
        NodeOptions options =
                NodeOptions.in(data).withPort(node.uri().getPort()).with("aerofusion.gateway.port", 0);
        assertThatThrownBy(() -> Node.start(options))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("port " + node.uri().getPort());
        // and what was started before it is stopped again
        assertThatCode(() -> Node.start(options.withPort(0)).stop()).doesNotThrowAnyException();
    }

    @Test
    void a_start_that_fails_while_the_database_is_opened_leaves_none_behind(@TempDir Path data) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NodeOptions options = NodeOptions.in(data).with("aerofusion.cluster.port", taken.getLocalPort());
            assertThatThrownBy(() -> Node.start(options))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("127.0.0.1 port " + taken.getLocalPort())
                    .hasMessageContaining("aerofusion.cluster.port");
        }
        assertThat(EmbeddedDatabase.running(data)).isEmpty();
    }

    @Test
    void a_node_that_is_ended_right_after_its_start_ends_at_once(@TempDir Path data) {
        ListAppender<ILoggingEvent> told = new ListAppender<>();
        told.list = new CopyOnWriteArrayList<>();
        told.start();
        Logger log = (Logger) LoggerFactory.getLogger(CoordinatedShutdown.class);
        log.addAppender(told);
        try {
            Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()))
                    .stop();
        } finally {
            log.detachAppender(told);
        }
        assertThat(told.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .noneMatch(line -> line.contains("timed out"));
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(node.uri().resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }
}
