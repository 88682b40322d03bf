package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdInputStream;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.cache.Purge;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.transform.Coding;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that are compressed, changed and kept on their way, on real sockets. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is sent
class TreatedResponsesTest {
    private static final String TEXT = "all work and no play makes a dull gateway\n".repeat(200);

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);
    private final GuardState state = new GuardState(
            (uri, headers, form) -> CompletableFuture.failedFuture(new IllegalStateException("no network")),
            () -> Instant.ofEpochMilli(millis.get()),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private volatile String answer = "";
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                seen.add(head);
                assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
                connection.write(answer);
            }
        });
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withPolicies(new GuardPolicies(state)));
    }

    @AfterEach
    void stop() throws Exception {
        gate.countDown();
        client.shutdownNow();
        gateway.close();
        upstream.close();
        state.close();
    }

    private void serve(String policy) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}]}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            - {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}], %s}}
            """.formatted(policy), upstream.address());
    }

    private void answer(String body, String... fields) {
        answer = "HTTP/1.1 200 OK\r\n" + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n")
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private HttpRequest request(String method, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + gateway.addresses().getFirst().getPort() + "/a?b=c"))
                .timeout(Duration.ofSeconds(60))
                .method(method, BodyPublishers.noBody());
        if (headers.length > 0) request.headers(headers);
        return request.build();
    }

    private HttpResponse<byte[]> get(String... headers) throws Exception {
        return client.send(request("GET", headers), BodyHandlers.ofByteArray());
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static String field(HttpResponse<byte[]> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static String unzipped(HttpResponse<byte[]> response) throws Exception {
        return new String(
                new GZIPInputStream(new ByteArrayInputStream(response.body())).readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void anAnswerIsCompressedForThoseWhoTakeIt() throws Exception {
        serve("compression: {}");
        answer(TEXT, "Content-Type: text/plain", "ETag: \"1\"");
        HttpResponse<byte[]> zipped = get("accept-encoding", "gzip");
        assertThat(field(zipped, "content-encoding")).isEqualTo("gzip");
        assertThat(field(zipped, "vary")).isEqualTo("Accept-Encoding");
        assertThat(field(zipped, "etag")).isEqualTo("W/\"1\"");
        assertThat(unzipped(zipped)).isEqualTo(TEXT);
        assertThat(zipped.body().length).isLessThan(TEXT.length() / 10);
        HttpResponse<byte[]> plain = get();
        assertThat(field(plain, "content-encoding")).isNull();
        assertThat(field(plain, "content-length")).isEqualTo(Integer.toString(TEXT.length()));
        assertThat(text(plain)).isEqualTo(TEXT);
        HttpResponse<byte[]> zstd = get("accept-encoding", "gzip;q=0.1, zstd");
        assertThat(field(zstd, "content-encoding")).isEqualTo("zstd");
        assertThat(zstd.body().length).isLessThan(TEXT.length() / 10);
        try (var decoded = new ZstdInputStream(new ByteArrayInputStream(zstd.body()))) {
            assertThat(new String(decoded.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo(TEXT);
        }
        answer = "HTTP/1.1 200 OK\r\n"
                + "Content-Type: text/plain\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
                + "5\r\n"
                + "hello\r\n"
                + "6\r\n"
                + " world\r\n"
                + "0\r\n\r\n";
        assertThat(unzipped(get("accept-encoding", "gzip"))).isEqualTo("hello world");
    }

    @Test
    void whatIsFreshIsAnsweredFromTheCacheAndWhatIsStaleIsValidated() throws Exception {
        serve("cache: {}, compression: {minBytes: 0}, transform: {response: {setHeaders: [{name: x-via, value: g}]}}");
        answer(TEXT, "Content-Type: text/plain", "Cache-Control: max-age=60", "ETag: \"1\"");
        assertThat(field(get(), "age")).isNull();
        millis.addAndGet(10_000);
        HttpResponse<byte[]> hit = get();
        assertThat(text(hit)).isEqualTo(TEXT);
        assertThat(field(hit, "age")).isEqualTo("10");
        assertThat(field(hit, "x-via")).isEqualTo("g");
        HttpResponse<byte[]> zipped = get("accept-encoding", "gzip");
        assertThat(unzipped(zipped)).as("kept as it came, compressed for each").isEqualTo(TEXT);
        HttpResponse<byte[]> same = get("if-none-match", "\"1\"");
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(same.body()).isEmpty();
        HttpResponse<byte[]> head = client.send(request("HEAD"), BodyHandlers.ofByteArray());
        assertThat(field(head, "content-length")).isEqualTo(Integer.toString(TEXT.length()));
        assertThat(seen).as("asked once").hasSize(1);

        millis.addAndGet(60_000);
        answer = "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=90\r\nETag: \"1\"\r\n\r\n";
        HttpResponse<byte[]> validated = get();
        assertThat(validated.statusCode()).isEqualTo(200);
        assertThat(text(validated)).isEqualTo(TEXT);
        assertThat(seen.getLast()).containsIgnoringCase("if-none-match: \"1\"");
        millis.addAndGet(80_000);
        assertThat(field(get(), "age")).isEqualTo("80");
        assertThat(seen).hasSize(2);

        answer("", "Cache-Control: no-store");
        client.send(request("DELETE"), BodyHandlers.ofByteArray());
        answer("new", "Cache-Control: max-age=60");
        assertThat(text(get())).as("gone by DELETE").isEqualTo("new");
        assertThat(state.purge(new Purge("r", null, "/a", null, null))).isEqualTo(1);
        answer("newer", "Cache-Control: max-age=60");
        assertThat(text(get())).isEqualTo("newer");
    }

    @Test
    void onlyTheMethodsThatThePolicyNamesAreAnsweredFromTheCache() throws Exception {
        serve("cache: {methods: [GET]}");
        answer("kept", "Cache-Control: max-age=60");
        for (int i = 0; i < 2; i++) assertThat(text(get())).isEqualTo("kept");
        assertThat(seen).hasSize(1);
        answer = "HTTP/1.1 200 OK\r\nX-From: upstream\r\nContent-Length: 4\r\n\r\n";
        HttpResponse<byte[]> head = client.send(request("HEAD"), BodyHandlers.ofByteArray());
        assertThat(field(head, "x-from")).isEqualTo("upstream");
        assertThat(seen).hasSize(2);
    }

    @Test
    void whoAsksInAnotherLanguageGetsAnotherAnswer() throws Exception {
        serve("cache: {}");
        answer("hallo", "Cache-Control: max-age=60", "Vary: Accept-Language");
        assertThat(text(get("accept-language", "de"))).isEqualTo("hallo");
        answer("salut", "Cache-Control: max-age=60", "Vary: Accept-Language");
        assertThat(text(get("accept-language", "fr"))).isEqualTo("salut");
        HttpResponse<byte[]> again = get("accept-language", "de");
        assertThat(text(again)).isEqualTo("hallo");
        assertThat(field(again, "vary")).isEqualTo("Accept-Language");
        assertThat(text(get("accept-language", "fr"))).isEqualTo("salut");
        assertThat(seen).as("asked once for each").hasSize(2);
        answer("anything", "Cache-Control: max-age=60", "Vary: *");
        assertThat(text(get("accept-language", "it"))).isEqualTo("anything");
        answer("else", "Cache-Control: max-age=60", "Vary: *");
        assertThat(text(get("accept-language", "it"))).as("never kept").isEqualTo("else");
    }

    @Test
    void ofManyWhoWantTheSameOneAsksAndAllGetIt() throws Exception {
        serve("cache: {}");
        answer("shared", "Cache-Control: max-age=60");
        gate = new CountDownLatch(1);
        List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) all.add(client.sendAsync(request("GET"), BodyHandlers.ofByteArray()));
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> gateway.counters().requestsStarted.sum() == 10);
        gate.countDown();
        for (CompletableFuture<HttpResponse<byte[]>> one : all)
            assertThat(text(one.get(60, TimeUnit.SECONDS))).isEqualTo("shared");
        assertThat(seen).hasSize(1);
    }

    @Test
    void aStaleAnswerStandsInForAnUpstreamThatIsDown() throws Exception {
        serve("cache: {}");
        answer("old", "Cache-Control: max-age=10, stale-if-error=100");
        get();
        millis.addAndGet(20_000);
        answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown";
        HttpResponse<byte[]> failing = get();
        assertThat(failing.statusCode()).isEqualTo(200);
        assertThat(text(failing)).isEqualTo("old");
        upstream.close();
        HttpResponse<byte[]> dead = get();
        assertThat(dead.statusCode()).isEqualTo(200);
        assertThat(text(dead)).isEqualTo("old");
        millis.addAndGet(100_000);
        assertThat(get().statusCode()).isGreaterThanOrEqualTo(502);
    }

    @Test
    void bodiesAreChangedBeforeTheyAreKept() throws Exception {
        serve("cache: {}, transform: {response: {json: [{op: Remove, path: /secret}, {op: Set, path: /by, value:"
                + " gateway}]}}");
        answer(
                "{\"a\":1,\"secret\":\"s\"}",
                "Content-Type: application/json; charset=utf-8",
                "Cache-Control: max-age=60",
                "ETag: \"1\"");
        for (int i = 0; i < 2; i++) assertThat(text(get())).isEqualTo("{\"a\":1,\"by\":\"gateway\"}");
        assertThat(seen).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void anEncodedBodyIsChangedAndABombIsNotPassedOn(Coding coding) throws Exception {
        serve(
                "compression: {minBytes: 0}, transform: {bodyBytesMax: 1000000, response: {json: [{op: Remove, path: /secret}]}}");
        answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: " + coding.token() + "\r\n"
                + content(Encoded.of(coding, "{\"a\":1,\"secret\":\"s\"}"));
        HttpResponse<byte[]> edited = get();
        assertThat(text(edited)).isEqualTo("{\"a\":1}");
        assertThat(field(edited, "content-encoding")).isNull();
        assertThat(unzipped(get("accept-encoding", "gzip"))).isEqualTo("{\"a\":1}");
        answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: " + coding.token() + "\r\n"
                + content(Encoded.bomb(coding));
        HttpResponse<byte[]> bomb = get();
        assertThat(bomb.statusCode()).isEqualTo(502);
        assertThat(field(bomb, "content-type")).isEqualTo("application/problem+json");
        assertThat(text(bomb)).contains("response-not-treated");
        answer("gone", "Content-Type: application/json", "Content-Encoding: unknown");
        assertThat(get().statusCode()).isEqualTo(502);
        assertThat(gateway.counters().faults(Fault.RESPONSE_NOT_TREATED).sum()).isEqualTo(2);
    }

    /** The end of a head, and a body. */
    private static String content(byte[] body) {
        return "Content-Length: " + body.length + "\r\n\r\n" + new String(body, StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"secret\":", "\"x\"}{\"secret\":1}", "{\"secret\":1,\"secret\":2}"})
    void aBodyThatCannotBeChangedIsNotPassedOn(String body) throws Exception {
        serve("transform: {bodyBytesMax: 30, response: {json: [{op: Remove, path: /secret}]}}");
        answer(body, "Content-Type: application/json");
        HttpResponse<byte[]> broken = get();
        assertThat(broken.statusCode()).isEqualTo(502);
        assertThat(text(broken)).contains("response-not-treated").doesNotContain("secret");
        answer("{\"secret\":\"" + "x".repeat(40) + "\"}", "Content-Type: application/problem+json");
        HttpResponse<byte[]> large = get();
        assertThat(large.statusCode()).isEqualTo(502);
        assertThat(text(large)).contains("response-not-treated").doesNotContain("secret");
        answer("secret: not JSON and not said to be", "Content-Type: text/plain");
        assertThat(text(get())).startsWith("secret");
    }
}
