package io.aerofusion.gateway.conformance;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backend as the suite's: it answers with the request that it saw. {@code X-Echo-Set-Header} names headers for the answer, {@code delay} in the
 * query lets it wait, {@code responseCode} and {@code succeedAfter} let it fail so many times first.
 */
final class EchoBackend implements AutoCloseable {
    /** The header by which a case's request is found again. */
    static final String CASE = "x-case";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String pods;
    private final HttpServer server;
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<String, AtomicInteger> tries = new ConcurrentHashMap<>();
    private final Queue<String> cases = new ConcurrentLinkedQueue<>();

    EchoBackend(String pods) throws IOException {
        this.pods = pods;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(workers);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    /** Whether the request of a case came here. */
    boolean saw(String id) {
        return cases.contains(id);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            String id = exchange.getRequestHeaders().getFirst(CASE);
            if (id != null) {
                cases.add(id);
            }
            if (query.contains("delay=1s")) {
                closed.await(1, TimeUnit.SECONDS);
            }
            for (String set : String.valueOf(exchange.getRequestHeaders().getFirst("X-Echo-Set-Header"))
                    .split(",")) {
                int colon = set.indexOf(':');
                if (colon > 0) {
                    exchange.getResponseHeaders().add(set.substring(0, colon), set.substring(colon + 1));
                }
            }
            byte[] body = exchange.getRequestMethod().equals("HEAD") ? new byte[0] : body(exchange);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.getResponseHeaders().add("X-Echo-Backend", pods);
            exchange.sendResponseHeaders(status(query), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private int status(String query) {
        Map<String, String> parameters = new HashMap<>();
        for (String parameter : query.split("&")) {
            parameters.put(parameter.replaceAll("=.*", ""), parameter.replaceAll(".*=", ""));
        }
        if (!parameters.containsKey("succeedAfter")) {
            return 200;
        }
        int before = tries.computeIfAbsent(parameters.get("uuid"), first -> new AtomicInteger())
                .getAndIncrement();
        boolean succeeds = before >= Integer.parseInt(parameters.get("succeedAfter"));
        return succeeds ? 200 : Integer.parseInt(parameters.get("responseCode"));
    }

    private byte[] body(HttpExchange exchange) throws IOException {
        ObjectNode seen = JSON.createObjectNode()
                .put("method", exchange.getRequestMethod())
                .put("host", exchange.getRequestHeaders().getFirst("Host"))
                .put("path", exchange.getRequestURI().toString());
        ObjectNode headers = seen.putObject("headers");
        for (Map.Entry<String, List<String>> header :
                exchange.getRequestHeaders().entrySet()) {
            var values = headers.putArray(header.getKey());
            header.getValue().forEach(values::add);
        }
        return JSON.writeValueAsBytes(seen);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        workers.close();
    }
}
