package io.aerofusion.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The proxies of the comparison and the upstream behind them, as processes of their own. Each proxy has the first core to itself; the
 * upstream and the load share the second.
 */
final class GatewayPeers implements AutoCloseable {
    private static final String PROXY_CORE = "0";
    private static final String LOAD_CORE = "1";
    private static final Duration START_MAX = Duration.ofSeconds(60);

    private final Path files = NodeProcess.checkout().resolve("load-tests/gateway");
    private final Path built = NodeProcess.checkout().resolve("load-tests/target/gateway");
    private final Path work;
    private final List<Process> processes = new ArrayList<>();
    private final Map<Integer, Process> byPort = new HashMap<>();
    private final Map<Integer, Integer> allocationTold = new HashMap<>();
    private final int backend = freePort();

    /** Starts the upstream. @throws IllegalStateException when setup.sh did not run */
    GatewayPeers(Path work) {
        this.work = work;
        for (String needed : List.of("backend", "pace", "scg.jar")) {
            if (!Files.exists(built.resolve(needed))) {
                throw new IllegalStateException("the peers are not set up: run load-tests/gateway/setup.sh first");
            }
        }
        start("backend", LOAD_CORE, List.of(built("backend"), "" + backend), backend);
    }

    /** A program that setup.sh made. */
    String built(String name) {
        return built.resolve(name).toString();
    }

    int backend() {
        return backend;
    }

    /** The ports of an nginx. */
    record Nginx(int plain, int http2, int grpc) {}

    Nginx nginx() {
        return nginx(backend);
    }

    /** One whose third port passes gRPC to this upstream. */
    Nginx nginx(int grpcUpstream) {
        Nginx ports = new Nginx(freePort(), freePort(), freePort());
        Path config = configuration(
                "nginx.conf",
                Map.of(
                        "PLAIN", "" + ports.plain(),
                        "H2", "" + ports.http2(),
                        "GRPC", "" + ports.grpc(),
                        "GRPC_BACKEND", "" + grpcUpstream));
        start("nginx", PROXY_CORE, List.of("nginx", "-p", work.toString(), "-c", config.toString()), ports.plain());
        byPort.put(ports.http2(), processes.getLast());
        byPort.put(ports.grpc(), processes.getLast());
        return ports;
    }

    /** The port of HAProxy that only forwards, and the one that checks tokens. */
    int[] haproxy() {
        int plain = freePort();
        int tokens = freePort();
        Path config = configuration("haproxy.cfg", Map.of("PLAIN", "" + plain, "TOKENS", "" + tokens));
        start("haproxy", PROXY_CORE, List.of("haproxy", "-db", "-f", config.toString()), plain);
        byPort.put(tokens, processes.getLast());
        return new int[] {plain, tokens};
    }

    int springCloudGateway(boolean tokens) {
        int port = freePort();
        start(
                "scg-" + tokens,
                PROXY_CORE,
                List.of(
                        java(),
                        "-Xmx512m",
                        "-jar",
                        built.resolve("scg.jar").toString(),
                        "--server.port=" + port,
                        "--server.address=127.0.0.1",
                        "--peer.upstream=http://127.0.0.1:" + backend,
                        "--peer.tokens=" + tokens,
                        "--peer.key=" + work.resolve("public.pem")),
                port);
        return port;
    }

    /** This gateway's data path with the given resources. */
    int gateway(String name, Path resources, String... jvm) {
        int port = freePort();
        int told = freePort();
        List<String> command = new ArrayList<>(
                List.of(java(), "@" + NodeProcess.checkout().resolve("deploy/jvm.options"), "-Xmx512m"));
        command.addAll(List.of(jvm));
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                GatewayProcess.class.getName(),
                "" + port,
                resources.toString(),
                "" + told));
        allocationTold.put(port, told);
        start(name, PROXY_CORE, command, told); // it listens there when it serves the resources
        byPort.put(port, processes.getLast());
        return port;
    }

    /** The CPU time that the proxy at a port has used since its start, its workers included. */
    Duration cpu(int port) {
        Process process = byPort.get(port);
        if (process == null) {
            throw new IllegalArgumentException("no proxy was started for port " + port);
        }
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .map(each -> each.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** How many bytes the threads of this gateway's process at a port have allocated since its start. */
    long allocatedBytes(int port) {
        try (java.net.Socket socket =
                new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), allocationTold.getOrDefault(port, 0))) {
            return Long.parseLong(
                    new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An upstream that answers with as many bytes as it is asked for. */
    int sizedUpstream() {
        return upstream(SoakUpstream.class, "0");
    }

    /** An upstream that speaks gRPC. */
    int grpcUpstream() {
        return upstream(GrpcUpstream.class);
    }

    private int upstream(Class<?> main, String... more) {
        int port = freePort();
        List<String> command = new ArrayList<>(
                List.of(java(), "@" + NodeProcess.checkout().resolve("deploy/jvm.options"), "-Xmx256m"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), "" + port));
        command.addAll(List.of(more));
        start(main.getSimpleName(), LOAD_CORE, command, port);
        return port;
    }

    /** What a tool of the load printed; it runs on the second core. */
    String load(List<String> command) {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", LOAD_CORE));
        pinned.addAll(command);
        try {
            Process tool = new ProcessBuilder(pinned).redirectErrorStream(true).start();
            String output = new String(tool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!tool.waitFor(START_MAX.toSeconds(), TimeUnit.SECONDS) || tool.exitValue() != 0) {
                throw new IllegalStateException(command + ":\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private Path configuration(String name, Map<String, String> values) {
        try {
            String text = Files.readString(files.resolve(name))
                    .replace("@WORK@", work.toString())
                    .replace("@BACKEND@", "" + backend);
            for (Map.Entry<String, String> value : values.entrySet()) {
                text = text.replace("@" + value.getKey() + "@", value.getValue());
            }
            return Files.writeString(work.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void start(String name, String core, List<String> command, int port) {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", core));
        pinned.addAll(command);
        Path log = work.resolve(name + ".log");
        try {
            Process process = new ProcessBuilder(pinned)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            processes.add(process);
            byPort.put(port, process);
            Waiting.until(name + " listens (its log: " + log + ")", START_MAX, () -> {
                if (!process.isAlive()) {
                    throw new IllegalStateException(name + " ended: see " + log);
                }
                return listens(port);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean listens(int port) {
        try (java.net.Socket socket = new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    @Override
    public void close() {
        processes.reversed().forEach(process -> process.descendants().forEach(ProcessHandle::destroy));
        processes.reversed().forEach(Process::destroy);
        for (Process process :
                processes) { // they remove files of their own, which must not disappear under the cleaning up
            Waiting.until("a proxy ends", START_MAX, () -> !process.isAlive());
        }
    }
}
