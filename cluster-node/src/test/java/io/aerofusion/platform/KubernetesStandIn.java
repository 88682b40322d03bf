package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.aerofusion.gateway.TestCertificates;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * An API server of Kubernetes on the loopback that lists pods as the real one does, and the files of a service account beside it. It knows one
 * token, whose account may do what the Role in deploy/ says.
 */
final class KubernetesStandIn implements AutoCloseable {
    static final String NAMESPACE = "hangar";

    private static final Path ROLE = Path.of("..", "deploy", "kubernetes-discovery.yaml");

    private final TestCertificates authority = new TestCertificates();
    private final TestCertificates.Issued certificate = authority.issue("127.0.0.1", "localhost");
    private final Path account;
    private HttpsServer server;
    /** What was asked, as path and query. */
    final List<String> questions = new CopyOnWriteArrayList<>();

    volatile List<String> pods = List.of();
    volatile String goodToken = "first";
    volatile boolean trickles;
    /** Whoever asked has closed the connection on which the answer trickled. */
    final CountDownLatch brokenOff = new CountDownLatch(1);

    volatile boolean mayList = rolePermits("list", "pods");

    /** @param account directory for the files of the account */
    KubernetesStandIn(Path account) throws IOException {
        this.account = Files.createDirectories(account);
        Files.writeString(account.resolve("ca.crt"), authority.authorityPem);
        Files.writeString(account.resolve("namespace"), NAMESPACE);
        mountToken(goodToken);
        server = listening(0);
    }

    /** What the account's token file holds from now on, with the newline that editors leave. */
    void mountToken(String token) throws IOException {
        Files.writeString(account.resolve("token"), token + "\n");
    }

    /** The settings that in a pod are defaults. */
    Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>();
        settings.put(
                "akka.discovery.kubernetes-api.api-ca-path",
                account.resolve("ca.crt").toString());
        settings.put(
                "akka.discovery.kubernetes-api.api-token-path",
                account.resolve("token").toString());
        settings.put(
                "akka.discovery.kubernetes-api.pod-namespace-path",
                account.resolve("namespace").toString());
        settings.put("akka.discovery.kubernetes-api.api-service-host", "127.0.0.1");
        settings.put(
                "akka.discovery.kubernetes-api.api-service-port",
                String.valueOf(server.getAddress().getPort()));
        return settings;
    }

    void stop() {
        server.stop(0);
    }

    /** Listens again where it did. */
    void startAgain() throws IOException {
        server = listening(server.getAddress().getPort());
    }

    private HttpsServer listening(int port) throws IOException {
        HttpsServer made = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        made.setHttpsConfigurator(new HttpsConfigurator(authority.context(certificate)));
        made.createContext("/", this::answer);
        made.start();
        return made;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            questions.add(exchange.getRequestURI().toString());
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            if (!("Bearer " + goodToken).equals(token)) {
                respond(exchange, 401, status(401, "Unauthorized", "Unauthorized"));
            } else if (!mayList) {
                respond(
                        exchange,
                        403,
                        status(
                                403,
                                "Forbidden",
                                "pods is forbidden: User \"system:serviceaccount:hangar:aerofusion\" cannot list"
                                        + " resource \"pods\" in API group \"\" in the namespace \"hangar\""));
            } else if (!exchange.getRequestMethod().equals("GET")
                    || !exchange.getRequestURI().getPath().equals("/api/v1/namespaces/" + NAMESPACE + "/pods")) {
                respond(exchange, 404, status(404, "NotFound", "the server could not find the requested resource"));
            } else if (trickles) {
                trickle(exchange);
            } else {
                respond(exchange, 200, """
                        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "4711"}, "items": [%s]}
                        """.formatted(String.join(",", pods)));
            }
        }
    }

    /** An answer without end. */
    private void trickle(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try {
            while (true) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        } catch (IOException e) {
            brokenOff.countDown();
            throw e;
        }
    }

    private static void respond(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String status(int code, String reason, String message) {
        return """
                {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "%s", "reason": "%s", "code": %d}
                """.formatted(message.replace("\"", "\\\""), reason, code);
    }

    /** A running pod that is ready, with one container and these ports, as {@code name:number}. */
    static String pod(String name, String ip, String... ports) {
        StringBuilder listed = new StringBuilder();
        for (String port : ports) {
            String[] parts = port.split(":", 2);
            listed.append(listed.isEmpty() ? "" : ",");
            listed.append("{%s\"containerPort\": %s, \"protocol\": \"TCP\"}"
                    .formatted(parts[0].isEmpty() ? "" : "\"name\": \"" + parts[0] + "\", ", parts[1]));
        }
        return """
                {"metadata": {"name": "%1$s", "namespace": "hangar", "labels": {"app.kubernetes.io/name": "shop"}},
                 "spec": {"containers": [
                   {"name": "proxy", "image": "proxy:1"},
                   {"name": "app", "image": "shop:1", "ports": [%3$s]}]},
                 "status": {"phase": "Running", "podIP": "%2$s", "podIPs": [{"ip": "%2$s"}],
                   "conditions": [
                     {"type": "PodScheduled", "status": "True"},
                     {"type": "Ready", "status": "True"},
                     {"type": "ContainersReady", "status": "True"}],
                   "containerStatuses": [{"name": "app", "ready": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}
                """.formatted(name, ip, listed);
    }

    /** The pod while its readiness probe fails. */
    static String notReady(String pod) {
        return pod.replace(
                        "\"Ready\", \"status\": \"True\"",
                        "\"Ready\", \"status\": \"False\", \"reason\": \"ContainersNotReady\"")
                .replace("\"ready\": true", "\"ready\": false");
    }

    /** The pod from the moment on that it was told to end, while it is still ready. */
    static String terminating(String pod) {
        return pod.replace(
                "\"namespace\"",
                "\"deletionTimestamp\": \"2026-01-01T00:10:00Z\", \"deletionGracePeriodSeconds\": 30, \"namespace\"");
    }

    /** The pod while it waits for a node, without an address. */
    static String pending(String pod) {
        return notReady(pod).replace("Running", "Pending").replaceFirst("\"podIP\".*\n", "\n");
    }

    private static boolean rolePermits(String verb, String resource) {
        try (var documents =
                new ObjectMapper(new YAMLFactory()).readerFor(JsonNode.class).<JsonNode>readValues(ROLE.toFile())) {
            while (documents.hasNext()) {
                for (JsonNode rule : documents.next().path("rules")) {
                    if (contains(rule.path("apiGroups"), "")
                            && contains(rule.path("resources"), resource)
                            && contains(rule.path("verbs"), verb)) {
                        return true;
                    }
                }
            }
            return false;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean contains(JsonNode all, String one) {
        for (JsonNode each : all) {
            if (each.asText().equals(one)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        stop();
    }
}
