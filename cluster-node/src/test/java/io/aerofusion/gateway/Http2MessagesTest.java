package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.Http2Peer.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What messages have beside head and content, where HTTP/2 is spoken on one side or on both: interim responses, HEAD, trailers; and content that has to wait. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is sent
class Http2MessagesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int BLOCK = 16_384;
    private static final int BLOCKS = 2_048;

    /** Who speaks HTTP/2. */
    enum Sides {
        CLIENT,
        UPSTREAM,
        BOTH
    }

    /** A response as a client saw it: each head with its status, the content, and what came after it. */
    private record Seen(List<Map<String, String>> heads, String content, Map<String, String> trailers) {
        String field(int head, String name) {
            return heads.get(head).get(name);
        }
    }

    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger sent = new AtomicInteger();
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() {
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1));
    }

    @AfterEach
    void stop() throws IOException {
        over.countDown();
        gateway.close();
        upstream.close();
    }

    private void serve(Sides sides) throws Exception {
        upstream = new TestUpstream(
                sides == Sides.CLIENT
                        ? Http2MessagesTest::answer
                        : connection -> answer(Http2Peer.server(connection.socket)));
        route(sides == Sides.CLIENT ? "HTTP" : "H2C");
    }

    private void route(String protocol) throws Exception {
        TestRoutes.yaml(gateway, """
                - {kind: Upstream, metadata: {name: up}, spec: {protocol: %s, endpoints: [{$0}]}}
                - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{backendRefs: [{name: up}]}]}}
                """.formatted(protocol), upstream.address());
    }

    private static void answer(TestUpstream.Connection connection) throws IOException {
        for (String head = connection.head(); head != null; head = connection.head()) {
            switch (head.split(" ", 3)[1]) {
                case "/sent" -> {
                    if (head.contains("100-continue")) connection.write("HTTP/1.1 100 Continue\r\n\r\n");
                    String trailer = connection.readUntil("0\r\n").equals("3\r\nabc\r\n0\r\n")
                            ? connection.readUntil("\r\n\r\n").strip()
                            : "";
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + trailer.length() + "\r\n\r\n" + trailer);
                }
                case "/early" ->
                    connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
                            + "HTTP/1.1 103 Early Hints\r\nLink: </b.js>; rel=preload\r\n\r\n"
                            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                case "/trailed" ->
                    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                            + "2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n");
                case "/untold" ->
                    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + (head.startsWith("HEAD") ? "" : "2\r\nok\r\n0\r\n\r\n"));
                default ->
                    connection.write("HTTP/1.1 200 OK\r\nX-Got: 1\r\nContent-Length: 2\r\n\r\n"
                            + (head.startsWith("HEAD") ? "" : "ok"));
            }
        }
    }

    private static void answer(Http2Peer server) throws IOException {
        while (true) {
            Frame request = server.next(Http2Peer.HEADERS);
            int stream = request.stream();
            boolean head = request.fields().get(":method").equals("HEAD");
            switch (request.fields().get(":path")) {
                case "/sent" -> {
                    if (request.fields().containsKey("expect")) server.headers(stream, false, ":status", "100");
                    StringBuilder content = new StringBuilder();
                    Frame frame = server.on(stream);
                    for (; frame.type() == Http2Peer.DATA; frame = server.on(stream)) content.append(frame.text());
                    assertThat(content).hasToString("abc");
                    assertThat(frame.ends()).isTrue();
                    server.headers(stream, false, ":status", "200")
                            .data(stream, true, "x-sum: " + frame.fields().get("x-sum"));
                }
                case "/early" ->
                    server.headers(stream, false, ":status", "103", "link", "</a.css>; rel=preload")
                            .headers(stream, false, ":status", "103", "link", "</b.js>; rel=preload")
                            .headers(stream, false, ":status", "200", "content-length", "2")
                            .data(stream, true, "ok");
                case "/trailed" ->
                    server.headers(stream, false, ":status", "200", "trailer", "x-sum")
                            .data(stream, false, "ok")
                            .headers(stream, true, "x-sum", "7");
                case "/untold" -> {
                    server.headers(stream, head, ":status", "200");
                    if (!head) server.data(stream, true, "ok");
                }
                default -> {
                    server.headers(stream, head, ":status", "200", "x-got", "1", "content-length", "2");
                    if (!head) server.data(stream, true, "ok");
                }
            }
        }
    }

    /** Sends these requests one after the other over one connection. */
    private List<Seen> ask(Sides sides, String... requests) throws IOException {
        List<Seen> seen = new ArrayList<>();
        if (sides == Sides.UPSTREAM) {
            try (var client = new RawClient(gateway.addresses().getFirst())) {
                for (String request : requests) seen.add(plain(client, request));
            }
            return seen;
        }
        try (var client = Http2Peer.client(gateway.addresses().getFirst())) {
            int stream = 1;
            for (String request : requests) {
                String[] line = request.split(" ");
                client.headers(
                        stream,
                        true,
                        ":method",
                        line[0],
                        ":scheme",
                        "http",
                        ":authority",
                        "a",
                        ":path",
                        line[1],
                        "te",
                        "trailers");
                seen.add(framed(client, stream));
                stream += 2;
            }
        }
        return seen;
    }

    private static Seen framed(Http2Peer client, int stream) throws IOException {
        List<Map<String, String>> heads = new ArrayList<>();
        StringBuilder content = new StringBuilder();
        while (true) {
            Frame frame = client.on(stream);
            assertThat(frame.type()).isIn(Http2Peer.HEADERS, Http2Peer.DATA);
            boolean trailers = frame.type() == Http2Peer.HEADERS && frame.status() == null;
            if (frame.type() == Http2Peer.DATA) content.append(frame.text());
            else if (!trailers) heads.add(frame.fields());
            if (frame.ends()) return new Seen(heads, content.toString(), trailers ? frame.fields() : Map.of());
        }
    }

    private static Seen plain(RawClient client, String request) throws IOException {
        client.send(request + " HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
        List<Map<String, String>> heads = new ArrayList<>();
        while (true) {
            RawClient.Response response = client.response(request.startsWith("HEAD"));
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put(":status", Integer.toString(response.status()));
            response.head()
                    .lines()
                    .skip(1)
                    .filter(line -> line.contains(": "))
                    .forEach(line -> fields.put(line.split(": ", 2)[0], line.split(": ", 2)[1]));
            heads.add(fields);
            if (response.status() < 200) continue;
            String[] content = response.body().split("\\|", 2);
            Map<String, String> trailers = new LinkedHashMap<>();
            Stream.of(content)
                    .skip(1)
                    .forEach(line ->
                            trailers.put(line.split(": ", 2)[0].toLowerCase(Locale.ROOT), line.split(": ", 2)[1]));
            return new Seen(heads, content[0], trailers);
        }
    }

    @ParameterizedTest
    @EnumSource
    void interimResponsesReachTheClient(Sides sides) throws Exception {
        serve(sides);
        for (Seen seen : ask(sides, "GET /early", "GET /early")) {
            assertThat(seen.heads()).extracting(head -> head.get(":status")).containsExactly("103", "103", "200");
            assertThat(seen.field(0, "link")).isEqualTo("</a.css>; rel=preload");
            assertThat(seen.field(1, "link")).isEqualTo("</b.js>; rel=preload");
            assertThat(seen.field(2, "link")).as("each head has its own fields").isNull();
            assertThat(seen.content()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsOnlyAskedForItsHeadHasNoContent(Sides sides) throws Exception {
        serve(sides);
        List<Seen> seen = ask(sides, "HEAD /", "GET /", "HEAD /untold", "GET /untold");
        assertThat(seen).allSatisfy(one -> assertThat(one.heads()).hasSize(1));
        assertThat(seen).extracting(Seen::content).containsExactly("", "ok", "", "ok");
        assertThat(seen.get(0).field(0, ":status")).isEqualTo("200");
        assertThat(seen.get(0).field(0, "x-got")).isEqualTo("1");
        assertThat(seen.get(0).field(0, "content-length"))
                .as("how long the content would be")
                .isEqualTo("2");
        assertThat(seen.get(2).field(0, "content-length")).as("it did not say").isNull();
    }

    @ParameterizedTest
    @EnumSource
    void trailersReachTheClient(Sides sides) throws Exception {
        serve(sides);
        List<Seen> seen = ask(sides, "GET /trailed", "GET /");
        assertThat(seen.getFirst().content()).isEqualTo("ok");
        assertThat(seen.getFirst().trailers()).containsEntry("x-sum", "7").hasSize(1);
        assertThat(seen.getFirst().field(0, "x-sum")).isNull();
        assertThat(seen.getLast().content()).isEqualTo("ok");
        assertThat(seen.getLast().trailers()).isEmpty();
    }

    /** The content is sent when the upstream has said that it wants it, and a sum after it. */
    @ParameterizedTest
    @EnumSource
    void whoAsksFirstIsToldToContinueAndTrailersReachTheUpstream(Sides sides) throws Exception {
        serve(sides);
        if (sides == Sides.UPSTREAM) {
            try (var client = new RawClient(gateway.addresses().getFirst())) {
                client.send(
                        "PUT /sent HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
                assertThat(client.response().status()).isEqualTo(100);
                client.send("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n");
                assertThat(client.response().body()).isEqualTo("x-sum: 7");
            }
            return;
        }
        try (var client = Http2Peer.client(gateway.addresses().getFirst())) {
            client.post(1, "/sent", "expect", "100-continue");
            assertThat(client.on(1).status()).isEqualTo("100");
            client.data(1, false, "abc").headers(1, true, "x-sum", "7");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualToIgnoringCase("x-sum: 7");
        }
    }

    /** What could be sent, once no more can be. */
    private int stalled() {
        AtomicInteger last = new AtomicInteger(-1);
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> sent.get() > 0 && last.getAndSet(sent.get()) == sent.get());
        return sent.get();
    }

    @Test
    void anUploadWaitsForAnUpstreamThatGivesNoWindow() throws Exception {
        upstream = new TestUpstream(connection -> {
            var server = Http2Peer.server(connection.socket);
            int stream = server.next(Http2Peer.HEADERS).stream();
            if (!over.await(60, TimeUnit.SECONDS)) throw new IOException("nobody lets it read");
            receive(server, stream);
        });
        route("H2C");
        upload();
    }

    @Test
    void anUploadWaitsForAnUpstreamOfHttp1ThatDoesNotRead() throws Exception {
        upstream = new TestUpstream(connection -> {
            connection.head();
            if (!over.await(60, TimeUnit.SECONDS)) throw new IOException("nobody lets it read");
            connection.in.skipNBytes((long) BLOCKS * BLOCK);
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nheard");
        });
        route("HTTP");
        upload();
    }

    /** Takes the whole content and opens its window again for what came. */
    private static void receive(Http2Peer server, int stream) throws IOException {
        long length = 0;
        for (Frame frame = server.on(stream); ; frame = server.on(stream)) {
            int taken = frame.payload().length;
            length += taken;
            if (frame.ends()) break;
            server.window(0, taken).window(stream, taken);
        }
        assertThat(length).isEqualTo((long) BLOCKS * BLOCK);
        server.headers(stream, false, ":status", "200").data(stream, true, "heard");
    }

    /** A client that sends as fast as its windows let it: 32 MiB, of which nothing is taken at first. */
    private void upload() throws Exception {
        try (var client = Http2Peer.client(gateway.addresses().getFirst())) {
            client.post(1, "/", "content-length", Long.toString((long) BLOCKS * BLOCK));
            var answer = new CompletableFuture<String>();
            Thread.ofVirtual().start(() -> {
                try {
                    answer.complete(send(client));
                } catch (IOException | RuntimeException | Error failed) {
                    answer.completeExceptionally(failed);
                }
            });
            assertThat(stalled()).as("blocks that were sent").isLessThan(BLOCKS / 2);
            assertThat(answer).isNotDone();
            over.countDown();
            assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("200 heard");
        }
        assertThat(sent).hasValue(BLOCKS);
    }

    private String send(Http2Peer client) throws IOException {
        String block = "x".repeat(BLOCK);
        long connection = 65_535;
        long stream = 65_535;
        while (sent.get() < BLOCKS) {
            while (connection >= BLOCK && stream >= BLOCK && sent.get() < BLOCKS) {
                client.data(1, sent.get() == BLOCKS - 1, block);
                connection -= BLOCK;
                stream -= BLOCK;
                sent.incrementAndGet();
            }
            if (sent.get() == BLOCKS) break;
            Frame frame = client.next();
            if (frame.type() == Http2Peer.WINDOW_UPDATE && frame.stream() == 0) connection += frame.number(0);
            if (frame.type() == Http2Peer.WINDOW_UPDATE && frame.stream() == 1) stream += frame.number(0);
            if (frame.type() == Http2Peer.SETTINGS) stream += windowOf(frame) - 65_535;
            if (frame.type() == Http2Peer.HEADERS) throw new IOException("too early: " + frame);
        }
        return client.on(1).status() + " " + client.rest(1);
    }

    /** The window of new and open streams that SETTINGS tell; the usual one if they do not. */
    private static long windowOf(Frame settings) {
        byte[] payload = settings.payload();
        for (int at = 0; at < payload.length; at += 6)
            if (payload[at + 1] == Http2Peer.INITIAL_WINDOW_SIZE) return settings.number(at + 2);
        return 65_535;
    }
}
