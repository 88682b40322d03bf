package io.aerofusion.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** The upstream processes of a {@link GatewaySoak}: two that stay, one that dies and comes back, one that is slow. */
final class SoakEndpoints implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration SLOW = Duration.ofMillis(300);
    /** So that it dies with requests under way. */
    private static final Duration OF_THE_MORTAL = Duration.ofMillis(30);

    private static final int PLACES = 4;
    static final int FIRST = 0;
    static final int SECOND = 1;
    static final int MORTAL = 2;
    static final int SLOW_ONE = 3;

    private final Path log;
    private final int[] ports = new int[PLACES];
    private final Process[] processes = new Process[PLACES];

    /** Starts all of them. */
    SoakEndpoints(Path directory) {
        log = directory.resolve("endpoints.log");
        try {
            for (int i = 0; i < PLACES; i++) {
                ports[i] = freePort();
                processes[i] = launch(i);
            }
            for (int i = 0; i < PLACES; i++) {
                awaitListening(i);
            }
        } catch (RuntimeException e) {
            close(); // they would outlive this process
            throw e;
        }
    }

    /** {@code kill -9}: answers under way break off. */
    void kill() {
        Process mortal = processes[MORTAL];
        mortal.destroyForcibly();
        Waiting.until("the endpoint is gone", START_MAX, () -> !mortal.isAlive());
    }

    /** Starts it again on its port; returns when it listens. */
    void revive() {
        processes[MORTAL] = launch(MORTAL);
        awaitListening(MORTAL);
    }

    private Process launch(int place) {
        try {
            return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "--sun-misc-unsafe-memory-access=allow",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            SoakUpstream.class.getName(),
                            Integer.toString(ports[place]),
                            Long.toString(delay(place).toMillis()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Duration delay(int place) {
        return place == SLOW_ONE ? SLOW : place == MORTAL ? OF_THE_MORTAL : Duration.ZERO;
    }

    private void awaitListening(int place) {
        Process process = processes[place];
        Waiting.until("an endpoint listens, see " + log, START_MAX, () -> {
            if (!process.isAlive()) {
                throw new IllegalStateException("an endpoint ended: see " + log);
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), ports[place])) {
                return socket.isConnected();
            } catch (IOException e) {
                return false;
            }
        });
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The resources that lead to them; {@link SoakChanges} changes them. */
    String resources() {
        return List.of(
                        upstream("steady", FIRST, SECOND),
                        pool(true),
                        upstream("canary", FIRST),
                        steadyRoute(0),
                        poolRoute(50),
                        route("soak-ws", "/ws", "", "{name: steady}"))
                .stream()
                .collect(java.util.stream.Collectors.joining("---\n"));
    }

    String pool(boolean withSlowOne) {
        return withSlowOne
                ? upstream("pool", FIRST, SECOND, MORTAL, SLOW_ONE)
                : upstream("pool", FIRST, SECOND, MORTAL);
    }

    /** Its responses carry the version. */
    static String steadyRoute(int version) {
        return route("soak-steady", "/steady", """
                      filters:
                        - type: ResponseHeaderModifier
                          responseHeaderModifier: {set: [{name: X-Version, value: "%d"}]}
                        - type: RequestHeaderModifier
                          requestHeaderModifier: {set: [{name: X-Seen, value: "%d"}]}
                """.formatted(version, version), "{name: steady}");
    }

    static String poolRoute(int canaryWeight) {
        return route(
                "soak-pool",
                "/pool",
                "",
                "{name: pool, weight: " + (100 - canaryWeight) + "}, {name: canary, weight: " + canaryWeight + "}");
    }

    static String route(String name, String prefix, String filters, String backends) {
        return """
                kind: HTTPRoute
                metadata: {name: %s}
                spec:
                  rules:
                    - matches: [{path: {type: PathPrefix, value: %s}}]
                %s      backendRefs: [%s]
                """.formatted(name, prefix, filters, backends);
    }

    private String upstream(String name, int... places) {
        StringBuilder endpoints = new StringBuilder();
        for (int place : places) {
            endpoints
                    .append(endpoints.isEmpty() ? "" : ", ")
                    .append("{address: 127.0.0.1, port: ")
                    .append(ports[place])
                    .append('}');
        }
        return """
                kind: Upstream
                metadata: {name: %s}
                spec:
                  endpoints: [%s]
                  healthCheck:
                    active: {path: /health, interval: 1s, timeout: 1s, healthyThreshold: 2, unhealthyThreshold: 2}
                    passive: {consecutive5xx: 5, baseEjectionTime: 5s, maxEjectionPercent: 50}
                  retry: {numRetries: 3, retryOn: [connect-failure, reset]}
                  retryBudget: {percent: 50, minRetriesPerSecond: 50}
                  timeout: {connect: 1s, request: 10s}
                """.formatted(name, endpoints);
    }

    @Override
    public void close() {
        List<Process> launched =
                Arrays.stream(processes).filter(Objects::nonNull).toList();
        launched.forEach(Process::destroyForcibly);
        for (Process process : launched) {
            try {
                process.waitFor(START_MAX.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
