package io.aerofusion.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The gateway's data path beside nginx, HAProxy and Spring Cloud Gateway: each proxy has one core, 64 connections are kept open, responses have
 * 1 kB. All run at the same time and are loaded in turn, round after round, so that whatever else the machine does meets all of them. On two
 * cores the load and the upstream may be slower than a proxy; so the proxy's CPU time for each request is given, too.
 */
final class GatewayBench {
    static final int CONNECTIONS = 64;
    private static final int STREAMS = 4;
    private static final int TOKENS = 1_000;
    private static final int NEW_TOKENS = 200_000;
    private static final int GRPC_MESSAGE_BYTES = 100;
    private static final int SMALL_BYTES = 1_000;
    private static final int LARGE_BYTES = 100_000;
    private static final int ALLOCATION_REQUESTS = 10_000;
    private static final long TOKEN_LIFE_S = 86_400;
    private static final Pattern WRK = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern H2LOAD = Pattern.compile("finished in [^,]*, ([0-9.]+) req/s");

    private static final String US = "aerofusion";

    private GatewayBench() {}

    /** How long each proxy is loaded; {@code --short} shows that a part works, and measures nothing. */
    record Effort(int rounds, Duration round, Duration warmUp) {
        static final Effort WHOLE = new Effort(9, Duration.ofSeconds(3), Duration.ofSeconds(45));
        static final Effort SHORT = new Effort(1, Duration.ofSeconds(1), Duration.ofSeconds(3));
    }

    /** One proxy under one kind of load. */
    record Contender(String name, int port) {
        String url() {
            return "http://127.0.0.1:" + port + "/";
        }
    }

    static void run(Screen screen, List<String> arguments) throws Exception {
        Effort effort = arguments.contains("--short") ? Effort.SHORT : Effort.WHOLE;
        List<String> named =
                arguments.stream().filter(each -> !each.equals("--short")).toList();
        List<String> parts =
                named.isEmpty() ? List.of("plain", "latency", "h2", "grpc", "alloc", "tokens", "new-tokens") : named;
        Path work = BenchNode.temporaryDirectory();
        try (GatewayPeers peers = new GatewayPeers(work)) {
            KeyPair key = keyPair();
            Files.writeString(work.resolve("public.pem"), pem(key));
            for (String part : parts) {
                switch (part) {
                    case "plain" -> plain(screen, effort, peers, work);
                    case "latency" -> latency(effort, peers, work).evenly(screen);
                    case "latency-bursts" -> latency(effort, peers, work).inBursts(screen);
                    case "h2" -> http2(screen, effort, peers, work);
                    case "grpc" -> grpc(screen, effort, peers, work);
                    case "alloc" -> allocation(screen, peers, work);
                    case "tokens" -> tokens(screen, effort, peers, work, key, TOKENS);
                    case "new-tokens" -> tokens(screen, effort, peers, work, key, NEW_TOKENS);
                    default ->
                        throw new IllegalArgumentException(
                                "gateway knows plain, latency, latency-bursts, h2, grpc, alloc, tokens, new-tokens");
                }
            }
        } finally {
            BenchNode.delete(work);
        }
    }

    private static void plain(Screen screen, Effort effort, GatewayPeers peers, Path work) throws IOException {
        List<Contender> contenders = List.of(
                new Contender(US, peers.gateway("plain", plainResources(work, peers.backend()))),
                new Contender("nginx", peers.nginx().plain()),
                new Contender("HAProxy", peers.haproxy()[0]),
                new Contender("Spring Cloud Gateway", peers.springCloudGateway(false)));
        rates(screen, effort, peers, "plain", contenders, (contender, time) -> wrk(peers, contender, time, List.of()));
    }

    private static GatewayLatency latency(Effort effort, GatewayPeers peers, Path work) throws IOException {
        return new GatewayLatency(
                effort,
                peers,
                List.of(
                        new Contender("no proxy", peers.backend()),
                        new Contender(US, peers.gateway("latency", plainResources(work, peers.backend()))),
                        new Contender("nginx", peers.nginx().plain()),
                        new Contender("HAProxy", peers.haproxy()[0])),
                work.resolve("latencies"));
    }

    private static void tokens(Screen screen, Effort effort, GatewayPeers peers, Path work, KeyPair key, int count)
            throws Exception {
        Path tokens = work.resolve("tokens-" + count);
        screen.line("  signing " + Screen.number(count) + " tokens");
        Files.write(tokens, sign(key, count));
        List<String> script = List.of(
                "-s",
                NodeProcess.checkout().resolve("load-tests/gateway/tokens.lua").toString());
        List<String> file = List.of("--", tokens.toString());
        List<Contender> contenders = List.of(
                new Contender(US, peers.gateway("tokens", tokenResources(work, peers.backend(), key))),
                new Contender("HAProxy", peers.haproxy()[1]),
                new Contender("Spring Cloud Gateway", peers.springCloudGateway(true)));
        rates(
                screen,
                effort,
                peers,
                "RS256 tokens, " + Screen.number(count) + " of them",
                contenders,
                (contender, time) -> {
                    List<String> more = new ArrayList<>(script);
                    more.addAll(file);
                    return wrk(peers, contender, time, more);
                });
    }

    private static void http2(Screen screen, Effort effort, GatewayPeers peers, Path work) throws IOException {
        List<Contender> contenders = List.of(
                new Contender(US, peers.gateway("h2", plainResources(work, peers.backend()))),
                new Contender("nginx", peers.nginx().http2()));
        rates(
                screen,
                effort,
                peers,
                "HTTP/2 to HTTP/1.1, " + STREAMS + " streams each",
                contenders,
                (contender, time) -> {
                    String output = peers.load(List.of(
                            "h2load",
                            "-t1",
                            "-c" + CONNECTIONS,
                            "-m" + STREAMS,
                            "-D" + time.toSeconds(),
                            contender.url()));
                    return succeeded(contender, output);
                });
    }

    /** Unary calls: a message of {@value #GRPC_MESSAGE_BYTES} bytes there and back. */
    private static void grpc(Screen screen, Effort effort, GatewayPeers peers, Path work) throws IOException {
        int upstream = peers.grpcUpstream();
        Path message = work.resolve("message");
        Files.write(message, GrpcUpstream.message(GRPC_MESSAGE_BYTES));
        Path resources = Files.writeString(
                work.resolve("grpc.yaml"),
                upstream(upstream)
                                .replace("protocol: HTTP", "protocol: H2C")
                                .replaceAll("(?s)  healthCheck:.*?(?=  circuit)", "")
                        + route());
        List<Contender> contenders = List.of(
                new Contender(US, peers.gateway("grpc", resources)),
                new Contender("nginx", peers.nginx(upstream).grpc()));
        rates(screen, effort, peers, "gRPC unary, " + STREAMS + " streams each", contenders, (contender, time) -> {
            String output = peers.load(List.of(
                    "h2load",
                    "-t1",
                    "-c" + CONNECTIONS,
                    "-m" + STREAMS,
                    "-D" + time.toSeconds(),
                    "-d" + message,
                    "-Hcontent-type: application/grpc",
                    "-Hte: trailers",
                    contender.url() + "bench.Echo/Unary"));
            return succeeded(contender, output);
        });
    }

    /** The rate, when every answer was a good one. */
    private static double succeeded(Contender contender, String output) {
        if (!output.contains(" 0 failed, 0 errored") || !output.contains(" 0 3xx, 0 4xx, 0 5xx")) {
            throw new IllegalStateException(contender.name() + " failed requests:\n" + output);
        }
        return number(H2LOAD, output);
    }

    /** What our data path allocates for a request, and whether a byte of a body costs any. */
    private static void allocation(Screen screen, GatewayPeers peers, Path work) throws IOException {
        int upstream = peers.sizedUpstream();
        int port = peers.gateway("alloc", plainResources(work, upstream));
        List<Screen.Row> rows = new ArrayList<>();
        for (boolean upload : List.of(false, true)) {
            double small = allocated(peers, port, upload, SMALL_BYTES);
            double large = allocated(peers, port, upload, LARGE_BYTES);
            String what = upload ? "POST, echoed, " : "GET, answer of ";
            rows.add(new Screen.Row(what + "1 kB", String.format(Locale.ROOT, "%,.0f bytes a request", small)));
            rows.add(new Screen.Row(
                    what + "100 kB",
                    String.format(
                            Locale.ROOT,
                            "%,.0f bytes a request: %.4f for each further byte of body",
                            large,
                            (large - small) / (LARGE_BYTES - SMALL_BYTES) / (upload ? 2 : 1))));
        }
        screen.title("allocation of the data path");
        screen.table(rows);
    }

    private static double allocated(GatewayPeers peers, int port, boolean upload, int bytes) throws IOException {
        String body = upload ? "x".repeat(bytes) : "";
        long before = 0;
        try (SoakConnection connection =
                SoakConnection.open(new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), port))) {
            for (int i = 0; i < 2 * ALLOCATION_REQUESTS; i++) {
                if (i == ALLOCATION_REQUESTS) {
                    before = peers.allocatedBytes(port); // what came before was compiling and warming up
                }
                SoakConnection.Answer answer =
                        connection.exchange(upload ? "POST" : "GET", SoakUpstream.SIZED + bytes, "1", body);
                if (answer.status() != 200 || answer.body().length() != bytes) {
                    throw new IllegalStateException("answered " + answer.status());
                }
            }
        }
        return (double) (peers.allocatedBytes(port) - before) / ALLOCATION_REQUESTS;
    }

    @FunctionalInterface
    private interface Load {
        double requestsPerSecond(Contender contender, Duration time);
    }

    private static void rates(
            Screen screen, Effort effort, GatewayPeers peers, String title, List<Contender> contenders, Load load) {
        Screen.Bar bar = screen.bar(title, (long) (effort.rounds() + 1) * contenders.size());
        for (Contender contender : contenders) {
            load.requestsPerSecond(contender, effort.warmUp());
            bar.advance(1);
        }
        Map<Contender, double[]> rates = new LinkedHashMap<>();
        Map<Contender, double[]> micros = new LinkedHashMap<>();
        for (int round = 0; round < effort.rounds(); round++) {
            for (Contender contender : contenders) {
                Duration before = peers.cpu(contender.port());
                double rate = load.requestsPerSecond(contender, effort.round());
                Duration used = peers.cpu(contender.port()).minus(before);
                rates.computeIfAbsent(contender, each -> new double[effort.rounds()])[round] = rate;
                micros.computeIfAbsent(contender, each -> new double[effort.rounds()])[round] =
                        used.toNanos() / 1e3 / (rate * effort.round().toSeconds());
                bar.advance(1);
            }
        }
        bar.finish("done");
        double ours = median(rates.values().iterator().next());
        double ourMicros = median(micros.values().iterator().next());
        List<Screen.Row> rows = new ArrayList<>();
        rates.forEach((contender, rate) -> {
            double[] cpu = micros.getOrDefault(contender, new double[1]);
            rows.add(new Screen.Row(
                    contender.name(),
                    String.format(
                            Locale.ROOT,
                            "%,.0f requests/s (%s), ours is %.2fx; %.1f us of CPU each, ours takes %.2fx",
                            median(rate),
                            range(rate),
                            ours / median(rate),
                            median(cpu),
                            ourMicros / median(cpu))));
        });
        screen.table(rows);
    }

    static double wrk(GatewayPeers peers, Contender contender, Duration time, List<String> more) {
        List<String> command =
                new ArrayList<>(List.of("wrk", "-t1", "-c" + CONNECTIONS, "-d" + time.toSeconds() + "s"));
        int split = more.indexOf("--");
        command.addAll(split < 0 ? more : more.subList(0, split));
        command.add(contender.url());
        command.addAll(split < 0 ? List.of() : more.subList(split, more.size()));
        String output = peers.load(command);
        // while a JVM warms up on one core, answers may come too late; not afterwards
        if (output.contains("Non-2xx") || (output.contains("Socket errors") && !warmingUp(time))) {
            throw new IllegalStateException(contender.name() + " failed requests:\n" + output);
        }
        return number(WRK, output);
    }

    private static boolean warmingUp(Duration time) {
        return time.equals(Effort.WHOLE.warmUp()) || time.equals(Effort.SHORT.warmUp());
    }

    private static double number(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new IllegalStateException("no rate in:\n" + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String range(double[] values) {
        return String.format(
                Locale.ROOT,
                "%,.0f to %,.0f",
                Arrays.stream(values).min().orElseThrow(),
                Arrays.stream(values).max().orElseThrow());
    }

    // --- what our gateway serves

    private static Path plainResources(Path work, int backend) throws IOException {
        return Files.writeString(work.resolve("plain.yaml"), upstream(backend) + route());
    }

    private static Path tokenResources(Path work, int backend, KeyPair key) throws IOException {
        java.security.interfaces.RSAPublicKey rsa = (java.security.interfaces.RSAPublicKey) key.getPublic();
        String policy = """
                ---
                kind: Policy
                metadata: {name: tokens}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: all}]
                  authentication:
                    anyOf:
                      - jwt:
                          providers:
                            - name: bench
                              issuer: bench
                              audiences: [bench]
                              algorithms: [RS256]
                              localJWKS: {keys: [{kty: RSA, use: sig, alg: RS256, kid: bench, n: "%s", e: "%s"}]}
                  authorization: {defaultAction: Allow}
                  rateLimit:
                    - {key: Claim, name: sub, requests: 100000, unit: Second, burst: 100000}
                """.formatted(unsigned(rsa.getModulus()), unsigned(rsa.getPublicExponent()));
        return Files.writeString(work.resolve("tokens.yaml"), upstream(backend) + route() + policy);
    }

    private static String upstream(int backend) {
        return """
                kind: Upstream
                metadata: {name: backend}
                spec:
                  protocol: HTTP
                  endpoints: [{address: 127.0.0.1, port: %d}]
                  healthCheck:
                    active: {path: /, interval: 5s, timeout: 1s}
                    passive: {consecutive5xx: 5}
                  circuitBreaker: {failureThreshold: 5}
                  timeout: {connect: 1s, request: 30s}
                """.formatted(backend);
    }

    private static String route() {
        return """
                ---
                kind: HTTPRoute
                metadata: {name: all}
                spec:
                  rules:
                    - matches: [{path: {type: PathPrefix, value: /}}]
                      backendRefs: [{name: backend}]
                """;
    }

    // --- tokens

    private static KeyPair keyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private static String pem(KeyPair key) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(key.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    private static List<String> sign(KeyPair key, int count) {
        long expires = System.currentTimeMillis() / 1_000 + TOKEN_LIFE_S;
        String head = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"bench\"}".getBytes(StandardCharsets.UTF_8));
        return IntStream.range(0, count)
                .parallel()
                .mapToObj(i -> {
                    String claims = "{\"iss\":\"bench\",\"aud\":\"bench\",\"sub\":\"consumer-" + i
                            + "\",\"scope\":\"read write\",\"exp\":" + expires + "}";
                    String signed = head + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
                    try {
                        Signature signature = Signature.getInstance("SHA256withRSA");
                        signature.initSign(key.getPrivate());
                        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
                        return signed + "." + base64(signature.sign());
                    } catch (GeneralSecurityException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .toList();
    }

    private static String unsigned(java.math.BigInteger number) {
        byte[] bytes = number.toByteArray();
        return base64(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
