package io.aerofusion.platform.http;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Endpoints of a test behind the real server, with short limits and without cluster or database. */
final class ServedApi {
    static final String ADMIN = "token-of-an-admin";
    static final String OPERATOR = "token-of-an-operator";
    static final String USER = "token-of-a-user";
    static final int BODY_BYTES_MAX = 64 * 1024;

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Config LIMITS = ConfigFactory.parseString("""
            akka.actor.provider = local
            akka.persistence.journal.auto-start-journals = []
            akka.persistence.snapshot-store.auto-start-snapshot-stores = []
            aerofusion.http {
              body-bytes-max = 64 KiB
              bodies-in-flight-bytes-max = 128 KiB
              body-timeout = 1s
              head-timeout = 2s
              handler-timeout = 60s
            }
            """);

    private final ActorSystem<?> system;
    private final ServerBinding binding;

    ServedApi(Endpoint... endpoints) throws Exception {
        this("", endpoints);
    }

    /** With these settings, too. */
    ServedApi(String settings, Endpoint... endpoints) throws Exception {
        Config config = NodeConfig.load(ConfigFactory.parseString(settings).withFallback(LIMITS));
        Telemetry.start(config);
        system = ActorSystem.create(Behaviors.empty(), "served-api", config);
        binding = ApiServer.bind(
                        system, "127.0.0.1", 0, Optional.empty(), HttpSettings.of(config), List.of(endpoints), people())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static Authenticator people() {
        return token -> CompletableFuture.completedFuture(
                switch (token) {
                    case ADMIN -> new Authenticator.Accepted(person("ada", EnumSet.allOf(Principal.Role.class)));
                    case OPERATOR -> new Authenticator.Accepted(person("otto", Set.of(Principal.Role.OPERATOR)));
                    case USER -> new Authenticator.Accepted(person("uma", Set.of(Principal.Role.USER)));
                    default -> Authenticator.UNKNOWN;
                });
    }

    private static Principal person(String name, Set<Principal.Role> roles) {
        return new Principal("default", name, roles, null);
    }

    /** An endpoint without parameters; it takes a body when it is a POST, PUT or PATCH. */
    static Endpoint endpoint(HttpMethod method, String path, Endpoint.Access access, Endpoint.Handler handler) {
        boolean body =
                method.equals(HttpMethods.POST) || method.equals(HttpMethods.PUT) || method.equals(HttpMethods.PATCH);
        return new Endpoint(
                method,
                path,
                method.value() + path,
                "An endpoint of a test",
                access,
                List.of(),
                body ? "{}" : "",
                List.of(new Endpoint.Reply(200, "fine", "application/json", "{}")),
                handler);
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    int port() {
        return binding.localAddress().getPort();
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    HttpResponse<String> post(String path, String type, byte[] body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path))
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** Opens a connection and sends these characters, byte by byte as they are. */
    Socket open(String latin1) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return socket;
    }

    /** What comes back until the server closes the connection. */
    String exchange(String latin1) throws IOException {
        try (Socket socket = open(latin1)) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    static JsonNode json(HttpResponse<String> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }

    static String code(HttpResponse<String> response) throws IOException {
        return json(response).path("code").asText();
    }

    static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    void close() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
