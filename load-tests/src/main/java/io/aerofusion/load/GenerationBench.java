package io.aerofusion.load;

import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a change of the gateway takes: from the request that publishes it, sent to each node in turn, until the gateway of each of
 * three nodes answers by it. The route answers with a redirect that names its version, so no upstream is involved.
 */
final class GenerationBench {
    private static final int CHANGES = 200;
    private static final int WARM_UP = 20;
    private static final int OTHER_ROUTES = 5_000;
    private static final int OTHERS_AT_ONCE = 1_000;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private GenerationBench() {}

    static void run(Screen screen, List<String> arguments) throws Exception {
        Path directory = BenchNode.temporaryDirectory();
        List<Node> nodes = new ArrayList<>();
        try {
            nodes.add(Node.start(NodeOptions.in(directory.resolve("first"))));
            nodes.add(Node.start(NodeOptions.in(directory.resolve("second")).joining(nodes.getFirst())));
            nodes.add(Node.start(NodeOptions.in(directory.resolve("third")).joining(nodes.getFirst())));
            if (arguments.contains("large")) {
                for (int from = 0; from < OTHER_ROUTES; from += OTHERS_AT_ONCE) {
                    publish(nodes.getFirst(), others(from));
                }
            }
            Latencies published = new Latencies();
            Latencies first = new Latencies();
            Latencies all = new Latencies();
            Screen.Bar bar = screen.bar("Changing the gateway", CHANGES + WARM_UP);
            for (int version = 1; version <= CHANGES + WARM_UP; version++) {
                long begun = System.nanoTime();
                publish(nodes.get(version % nodes.size()), route(version));
                long answered = System.nanoTime() - begun;
                long earliest = Long.MAX_VALUE;
                for (Node node : nodes) {
                    awaitVersion(node, version);
                    earliest = Math.min(earliest, System.nanoTime() - begun);
                }
                if (version > WARM_UP) {
                    published.record(answered);
                    first.record(earliest);
                    all.record(System.nanoTime() - begun);
                }
                bar.advance(1);
            }
            bar.finish(CHANGES + " generations");
            screen.table(List.of(
                    new Screen.Row("published (the request is answered)", published.toString()),
                    new Screen.Row("served by the first gateway asked", first.toString()),
                    new Screen.Row("served by all three", all.toString())));
        } finally {
            nodes.reversed().forEach(Node::stop);
            BenchNode.delete(directory);
        }
    }

    private static void awaitVersion(Node node, int version) throws IOException, InterruptedException {
        URI uri = node.gatewayUri().resolve("/version");
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            HttpResponse<Void> response =
                    HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
            if (response.headers().firstValue("Location").orElse("").endsWith("/" + version)) {
                return;
            }
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException(node.gatewayUri() + " does not serve version " + version);
            }
        }
    }

    private static String route(int version) {
        return """
                {"kind":"HTTPRoute","metadata":{"name":"version"},"spec":{"rules":[{"matches":[{"path":\
                {"type":"Exact","value":"/version"}}],"filters":[{"type":"RequestRedirect","requestRedirect":\
                {"path":{"type":"ReplaceFullPath","replaceFullPath":"/%d"}}}]}]}}""".formatted(version);
    }

    private static String others(int from) {
        StringBuilder documents = new StringBuilder("[");
        for (int i = from; i < from + OTHERS_AT_ONCE; i++) {
            documents.append(i == from ? "" : ",").append("""
                    {"kind":"HTTPRoute","metadata":{"name":"other-%1$d"},"spec":{"hostnames":["h%2$d.example.com"],\
                    "rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/p%1$d"}}],"filters":[{"type":"RequestRedirect",\
                    "requestRedirect":{"statusCode":302}}]}]}}""".formatted(i, i % 250));
        }
        return documents.append("]").toString();
    }

    private static void publish(Node node, String configuration) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(node.uri().resolve("/api/v1/gateway/configuration"))
                .header("Authorization", "Bearer " + node.adminToken())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(configuration))
                .build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
    }
}
