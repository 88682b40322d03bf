package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Three nodes in processes of their own that share a PostgreSQL. */
final class SoakNodes implements SoakGateways {
    private static final int NODES = 3;
    private static final Duration PUBLISH_MAX = Duration.ofSeconds(30);

    private final DrillDatabase database;
    private final List<NodeProcess> nodes = new ArrayList<>();
    private final List<NodeProcess.Options> options = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private final String token;

    SoakNodes(Path directory, Screen screen) throws IOException {
        database = DrillDatabase.start(directory.resolve("database"));
        try {
            Screen.Bar bar = screen.bar("Starting " + NODES + " nodes", NODES);
            for (int i = 0; i < NODES; i++) {
                start(directory.resolve("node-" + i));
                bar.advance(1);
            }
            bar.finish("ready");
            token = BenchNode.adminToken(nodes.getFirst().data());
        } catch (RuntimeException | IOException e) {
            close();
            throw e;
        }
    }

    private void start(Path data) throws IOException {
        NodeProcess.Options how =
                NodeProcess.Options.in(data).withJvm("-Xmx768m").with("--database", database.url());
        if (!nodes.isEmpty()) {
            NodeProcess first = nodes.getFirst();
            Path key = Path.of("secrets", "regional.key");
            Files.createDirectories(data.resolve("secrets"));
            Files.copy(first.data().resolve(key), data.resolve(key));
            how = how.with("--join", first.clusterAddress());
        }
        NodeProcess node = NodeProcess.start(how);
        nodes.add(node);
        options.add(how.with(
                "--port", Integer.toString(node.uri().getPort()),
                "--gateway-port", Integer.toString(node.gatewayUri().getPort())));
    }

    @Override
    public int count() {
        return nodes.size();
    }

    @Override
    public synchronized InetSocketAddress address(int gateway) {
        URI uri = nodes.get(gateway).gatewayUri();
        return new InetSocketAddress(uri.getHost(), uri.getPort());
    }

    @Override
    public void publish(int gateway, String yaml) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (var read = new YAMLMapper().readerFor(JsonNode.class).<JsonNode>readValues(yaml)) {
            read.forEachRemaining(documents::add);
        }
        send(gateway, "POST", "/api/v1/gateway/configuration", documents.toString());
    }

    @Override
    public void removeRoute(int gateway, String name) throws IOException {
        send(gateway, "DELETE", "/api/v1/gateway/routes/" + name, "");
    }

    private void send(int gateway, String method, String path, String body) throws IOException {
        URI node;
        synchronized (this) {
            node = nodes.get(gateway).uri();
        }
        HttpRequest request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(PUBLISH_MAX)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            boolean done =
                    response.statusCode() / 100 == 2 || (method.equals("DELETE") && response.statusCode() == 404);
            if (!done && response.statusCode() >= 500) {
                throw new IOException(response.statusCode() + " " + response.body());
            }
            if (!done) {
                throw new IllegalStateException(response.statusCode() + " " + response.body());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void stop(int gateway) {
        node(gateway).close();
    }

    @Override
    public void startAgain(int gateway) {
        NodeProcess started = NodeProcess.start(options.get(gateway));
        synchronized (this) {
            nodes.set(gateway, started);
        }
    }

    private synchronized NodeProcess node(int gateway) {
        return nodes.get(gateway);
    }

    @Override
    public long heapBytes(int gateway) {
        return node(gateway).heapBytesAfterCollection();
    }

    @Override
    public void close() {
        nodes.reversed().forEach(NodeProcess::close);
        http.shutdownNow();
        database.close();
    }
}
