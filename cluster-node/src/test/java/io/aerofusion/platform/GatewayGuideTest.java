package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.TestCertificates;
import io.aerofusion.gateway.security.TestIssuer;
import io.aerofusion.gateway.upstream.DnsServer;
import io.aerofusion.platform.persistence.TestDatabase;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/gateway.md shows is published as it stands there, leads where it says, and its requests are answered as it says. */
final class GatewayGuideTest {
    private static final Path GUIDE = Path.of("..", "docs", "gateway.md");
    private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final Pattern EXPLAIN =
            Pattern.compile("# explain: (\\S+) (\\S+) (\\S+)(?: (\\S+): (\\S+))? -> (\\S+)");
    private static final Pattern CALL = Pattern.compile("# call: (\\S+) (\\S+) -> (.+)");
    private static final Pattern CURL =
            Pattern.compile("\\$ curl -si -H '(.+)' localhost:8000(\\S+)\n(HTTP/1.1 .+)\n((?:\\S+: .+\n)+)\n(.+)\n");
    private static final Pattern CONSUMER = Pattern.compile("kind: Consumer\nmetadata: \\{name: (\\S+)}");
    private static final Pattern PEM = Pattern.compile(
            "( *)(caCertificates|certificateChain|privateKey): \\|\n *-----BEGIN.*\n.*\n *-----END.*\n");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String CONFIGURATION = "/api/v1/gateway/configuration";

    private final TestCertificates authority = new TestCertificates();
    private final TestCertificates.Issued server = authority.issue("shop.example.com", "shop.internal");
    private final KeyPair issuer = TestIssuer.pair("guide", "RSA");
    private final AtomicInteger flaky = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer one = started(HttpServer.create());
    private final HttpServer two = started(HttpServer.create());
    private final HttpServer secured = started(secured());
    private final GuideGrpc grpc = new GuideGrpc();
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final DnsServer names = new DnsServer(group);

    @TempDir
    private Path data;

    private Node node;
    private Caller admin;

    GatewayGuideTest() throws IOException {}

    private HttpsServer secured() throws IOException {
        HttpsServer made = HttpsServer.create();
        made.setHttpsConfigurator(new HttpsConfigurator(authority.context(server)));
        return made;
    }

    private HttpServer started(HttpServer made) throws IOException {
        made.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        made.setExecutor(threads);
        made.createContext("/", this::answer);
        made.start();
        return made;
    }

    @AfterEach
    void stop() {
        if (node != null) {
            node.stop();
        }
        List.of(one, two, secured).forEach(upstream -> upstream.stop(0));
        grpc.close();
        names.close();
        assertThat(group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(20_000))
                .isTrue();
        threads.close();
    }

    /** The services of the examples: an issuer of tokens, and upstreams that say what reached them. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            StringBuilder echo = new StringBuilder(exchange.getRequestMethod() + " " + exchange.getRequestURI() + "\n");
            exchange.getRequestHeaders()
                    .forEach((name, values) -> echo.append(name.toLowerCase(Locale.ROOT))
                            .append(": ")
                            .append(String.join(",", values))
                            .append("\n"));
            int status = 200;
            String type = "application/json";
            String answer = switch (exchange.getRequestURI().getPath()) {
                case "/jwks.json" -> TestIssuer.jwks(TestIssuer.jwk("k1", issuer, ""));
                case "/introspect" -> "{\"active\":" + body.contains("token=good&") + "}";
                case "/json" -> "{\"secret\":\"s\",\"number\":7}";
                case "/cacheable" -> {
                    type = "text/plain";
                    exchange.getResponseHeaders().set("Cache-Control", "max-age=600");
                    yield echo.toString();
                }
                case "/flaky" -> {
                    status = flaky.incrementAndGet() % 2 == 1 ? 503 : 200;
                    yield "{}";
                }
                default -> {
                    type = "text/plain";
                    yield echo.toString();
                }
            };
            exchange.getResponseHeaders().set("Content-Type", type);
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    /** An example with the addresses, tokens and certificates of this test. */
    private String filledIn(String example) {
        boolean calls = example.contains("protocol: GRPC");
        String text = example.replace("10.0.0.1, port: 8080", "127.0.0.1, port: 9001")
                .replace("10.0.0.2, port: 8080", "127.0.0.1, port: 9002")
                .replace("port: 9001", "port: " + port(one))
                .replace("port: 9002", "port: " + (calls ? grpc.port() : port(two)))
                .replace("port: 9443", "port: " + port(secured))
                .replace("https://login.example.com/", "http://127.0.0.1:" + port(one) + "/")
                .replace("Bearer TOKEN", "Bearer " + token());
        return PEM.matcher(text)
                .replaceAll(pem -> pem.group(1) + pem.group(2) + ": |\n"
                        + pem(pem.group(2)).strip().indent(pem.group(1).length() + 2));
    }

    private String pem(String field) {
        return switch (field) {
            case "caCertificates" -> authority.authorityPem;
            case "certificateChain" -> server.chain();
            default -> server.key();
        };
    }

    private static int port(HttpServer upstream) {
        return upstream.getAddress().getPort();
    }

    private String token() {
        long expires =
                InstantSource.system().instant().plus(Duration.ofHours(1)).getEpochSecond();
        return TestIssuer.token(
                TestIssuer.header("RS256", "k1"),
                "{\"iss\":\"https://login.example.com\",\"aud\":\"me\",\"sub\":\"alice\",\"scope\":\"read\",\"tenant\":\"blue\",\"exp\":"
                        + expires + "}",
                "RS256",
                issuer.getPrivate());
    }

    @Test
    void every_example_is_valid_and_does_what_it_says() throws Exception {
        String guide = Files.readString(GUIDE);
        List<String> examples = YAML.matcher(guide)
                .results()
                .map(block -> filledIn(block.group(1)))
                .toList();
        assertThat(examples).hasSizeGreaterThan(25);
        Map<String, Object> http =
                Map.of("name", "http", "host", "127.0.0.1", "port", 0, "hostname", "", "protocol", "HTTP");
        Map<String, Object> https =
                Map.of("name", "https", "host", "127.0.0.1", "port", 0, "hostname", "", "protocol", "HTTPS");
        names.addresses("one.internal.example", 300, "127.0.0.1");
        names.services("_shop._tcp.internal.example", 300, "10 1 " + port(one) + " one.internal.example");
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.gateway.listeners", List.of(http, https))
                .with("aerofusion.gateway.discovery", "config")
                .with(
                        "aerofusion.gateway.name-servers",
                        List.of("127.0.0.1:" + names.address().getPort()))
                .with(
                        "akka.discovery.config.services",
                        Map.of("shop", Map.of("endpoints", List.of(Map.of("host", "127.0.0.1", "port", port(one)))))));
        admin = Caller.admin(node);
        for (String example : examples) {
            // what has no route and upstream of its own goes with the first one
            boolean whole = example.contains("Route\n") && example.contains("kind: Upstream\n");
            long generation = apply("PUT", whole ? example : examples.getFirst());
            if (!whole) {
                generation = apply("POST", example);
            }
            check(example, generation);
        }
        checkCommands(guide, examples);
        checkCurl(guide);
    }

    /** What the guide does by the shell. */
    private void checkCommands(String guide, List<String> examples) throws Exception {
        String mobile = examples.stream()
                .filter(example -> example.contains("metadata: {name: mobile}"))
                .findFirst()
                .orElseThrow();
        String shown = "mobile-app.u-0a1b2c3d4e5f";
        String made = shown;
        List<GuideCommand> commands = GuideCommand.in(guide);
        assertThat(commands).hasSizeGreaterThan(8);
        for (GuideCommand command : commands) {
            if (command.path().contains("/consumers/mobile/")) {
                apply("POST", mobile);
            }
            HttpResponse<String> answer =
                    command.about(shown, made).send(node.uri(), node.adminToken(), examples.getFirst());
            assertThat(answer.statusCode()).as(command.line() + answer.body()).isIn(200, 201);
            if (command.path().endsWith("/portal/consumers")) {
                made = new ObjectMapper().readTree(answer.body()).path("name").asText();
                assertThat(made).startsWith("mobile-app.u-").hasSameSizeAs(shown);
            }
        }
    }

    /** An answer that the guide shows. */
    private void checkCurl(String guide) throws IOException {
        Matcher shown = CURL.matcher(guide);
        assertThat(shown.find()).isTrue();
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), node.gatewayUri().getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream()
                    .write(("GET " + shown.group(2) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                    + shown.group(1) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith(shown.group(3) + "\r\n").endsWith(shown.group(5));
            assertThat(answer.lines()).containsAll(shown.group(4).lines().toList());
        }
    }

    /** Publishes it, as a generation of this number. */
    private long apply(String method, String example) {
        Caller.Response applied = admin.yaml(method, CONFIGURATION, example);
        assertThat(applied.status()).as(example + applied.body()).isEqualTo(200);
        return applied.body().path("generation").asLong();
    }

    private void check(String example, long generation) throws Exception {
        Matcher question = EXPLAIN.matcher(example);
        while (question.find()) {
            JsonNode answer = admin.post(
                            "/api/v1/gateway/explain",
                            "{'method':'%s','host':'%s','path':'%s','headers':{%s}}"
                                    .formatted(
                                            question.group(1),
                                            question.group(2),
                                            question.group(3),
                                            question.group(4) == null
                                                    ? ""
                                                    : "'" + question.group(4) + "':'" + question.group(5) + "'"))
                    .body();
            assertThat(answer.at("/chosen/route").asText()).as(answer + example).isEqualTo(question.group(6));
        }
        Matcher consumer = CONSUMER.matcher(example);
        String keyed = example;
        long served = generation;
        if (example.contains("KEY ") && consumer.find()) {
            Caller.Response key = admin.post("/api/v1/gateway/consumers/" + consumer.group(1) + "/keys", "{}");
            keyed = example.replace("KEY ", key.text("key") + " ");
            served = generation + 1;
        }
        long wanted = served;
        List<GuideRequest> requests = GuideRequest.in(keyed);
        List<MatchResult> calls = CALL.matcher(example).results().toList();
        assertThat(requests.size() + calls.size()).as(example).isPositive();
        JsonNode listeners = await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .atMost(LIMIT)
                .until(
                        () -> admin.get("/api/v1/gateway/status").body().at("/nodes/0"),
                        here -> here.path("serving").asLong(-1) >= wanted)
                .path("listeners");
        for (GuideRequest request : requests) {
            request.check(
                    listeners.at("/" + (request.tls() ? 1 : 0) + "/port").asInt(),
                    authority.context(authority.issue("robot")));
        }
        for (MatchResult call : calls) {
            assertThat(GuideGrpc.call(listeners.at("/0/port").asInt(), call.group(1), call.group(2)))
                    .as(call.group())
                    .contains(call.group(3) + "\n");
        }
    }

    @Test
    void the_table_of_settings_names_every_setting() throws Exception {
        String guide = Files.readString(GUIDE);
        Config gateway = ConfigFactory.parseResources("reference.conf").getConfig("aerofusion.gateway");
        Set<String> missing = new TreeSet<>();
        gateway.entrySet().forEach(entry -> {
            if (!guide.contains("`" + entry.getKey() + "`")) {
                missing.add(entry.getKey());
            }
        });
        assertThat(missing).isEmpty();
    }
}
