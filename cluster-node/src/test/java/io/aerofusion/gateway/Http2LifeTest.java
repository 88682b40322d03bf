package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.Http2Peer.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends over HTTP/2: streams in which nothing moves, connections without streams, and all of them when the gateway stops. */
class Http2LifeTest {
    private static final Duration LONG = Duration.ofHours(20);
    private static final int WINDOW = 65_535;
    private static final int INTERNAL_ERROR = 2;
    private static final String ROUTE = """
            - {kind: Upstream, metadata: {name: up}, spec: {protocol: HTTP, endpoints: [{$0}], timeout: {request: 24h, idle: 24h}}}
            - kind: HTTPRoute
              metadata: {name: all}
              spec:
                rules:
                - {matches: [{path: {value: /events}}], timeouts: {request: 30s}, backendRefs: [{name: up}]}
                - {backendRefs: [{name: up}]}
            """;

    private final AtomicLong now = new AtomicLong();
    private final CountDownLatch answer = new CountDownLatch(1);
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        // head 10 s, body idle 30 s, keep alive 75 s, send idle 60 s, tunnel idle 600 s, linger 2 s
        Timeouts d = Timeouts.DEFAULT;
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withTicker(now::get)
                .withTimeouts(new Timeouts(
                        d.head(),
                        d.bodyIdle(),
                        d.keepAlive(),
                        LONG,
                        d.sendIdle(),
                        d.connect(),
                        LONG,
                        d.tunnelIdle(),
                        d.linger())));
        upstream = new TestUpstream(this::answer);
        TestRoutes.yaml(gateway, ROUTE, upstream.address());
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private void answer(TestUpstream.Connection connection) throws IOException, InterruptedException {
        for (String head = connection.head(); head != null; head = connection.head()) {
            String path = head.split(" ", 3)[1];
            switch (path) {
                case "/large" ->
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000));
                case "/slow" -> {
                    if (!answer.await(60, TimeUnit.SECONDS)) throw new IOException("nobody lets it answer");
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow");
                }
                case "/body" -> {
                    connection.readUntil("\r\nabc\r\n");
                    heard.complete(null);
                    connection.head();
                }
                case "/talk" -> {
                    connection.readUntil("\r\nabc\r\n");
                    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
                    connection.readUntil("\r\ndef\r\n");
                    connection.write("3\r\nyou\r\n");
                    connection.head();
                }
                case "/events/text/event-stream", "/events/application/grpc" -> {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Type: " + path.substring("/events/".length())
                            + "\r\nTransfer-Encoding: chunked\r\n\r\n");
                    for (String event = "e0"; event != null; event = events.poll(60, TimeUnit.SECONDS))
                        connection.write("2\r\n" + event + "\r\n");
                }
                default -> connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    }

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> heard = new CompletableFuture<>();

    private Http2Peer client(int... settings) throws IOException {
        return Http2Peer.client(gateway.addresses().getFirst(), settings);
    }

    /** Lets time pass, at least 10 s; when it returns, the gateway has looked at all its deadlines. */
    private void pass(Duration time) throws IOException {
        try (var silent = new RawClient(gateway.addresses().getFirst())) {
            // an answer to the first piece says that its loop has taken the connection; its head then never comes
            silent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET ");
            assertThat(silent.response().status()).isEqualTo(200);
            now.addAndGet(time.toNanos());
            assertThat(silent.response().status()).isEqualTo(408);
        }
    }

    @Test
    void aBodyThatStopsIsRefused() throws Exception {
        try (var client = client()) {
            client.post(1, "/body").data(1, false, "abc");
            heard.get(60, TimeUnit.SECONDS);
            pass(Duration.ofSeconds(20));
            client.get(3, "/");
            assertThat(client.on(3).status()).as("not yet").isEqualTo("200");
            assertThat(client.rest(3)).isEqualTo("ok");
            pass(Duration.ofSeconds(11));
            assertThat(client.on(1).status()).isEqualTo("408");
            assertThat(client.rest(1)).contains("\"code\":\"body-timeout\"");
        }
        assertThat(gateway.counters().faults(Fault.BODY_TIMEOUT).sum()).isEqualTo(1);
    }

    @Test
    void whoseResponseHasBegunMayThinkAsLongAsInATunnel() throws Exception {
        try (var client = client()) {
            client.post(1, "/talk").data(1, false, "abc");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, 2)).isEqualTo("hi");
            pass(Duration.ofMinutes(9));
            client.data(1, false, "def");
            assertThat(client.content(1, 3)).isEqualTo("you");
            pass(Duration.ofMinutes(9));
            // the client's end of the connection lives as long as its stream
            client.get(3, "/");
            assertThat(client.on(3).status()).isEqualTo("200");
            assertThat(client.rest(3)).isEqualTo("ok");
            pass(Duration.ofMinutes(2));
            Frame end = client.on(1);
            assertThat(end.type()).isEqualTo(Http2Peer.RST_STREAM);
            assertThat(end.number(0)).isEqualTo(INTERNAL_ERROR);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/event-stream", "application/grpc"})
    void aStreamLastsAsLongAsItSaysSomething(String type) throws Exception {
        try (var client = client()) {
            client.get(1, "/events/" + type);
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, 2)).isEqualTo("e0");
            for (int i = 1; i < 3; i++) {
                pass(Duration.ofMinutes(9));
                events.add("e" + i);
                assertThat(client.content(1, 2))
                        .as("the time of a request does not end it")
                        .isEqualTo("e" + i);
            }
            pass(Duration.ofMinutes(11));
            assertThat(client.on(1).type()).isEqualTo(Http2Peer.RST_STREAM);
            client.get(3, "/");
            assertThat(client.on(3).status()).as("the connection serves on").isEqualTo("200");
        }
        assertThat(gateway.counters().faults(Fault.UPSTREAM_TIMEOUT).sum()).isEqualTo(1);
        assertThat(gateway.upstreamStates().getFirst().endpoints().getFirst().failures())
                .isZero();
    }

    @Test
    void aStreamLastsAsLongAsItSaysSomethingOverHttp1Too() throws Exception {
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            client.send("GET /events/text/event-stream HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertThat(client.read(7)).isEqualTo("2\r\ne0\r\n");
            pass(Duration.ofMinutes(9));
            events.add("e1");
            assertThat(client.read(7)).isEqualTo("2\r\ne1\r\n");
            pass(Duration.ofMinutes(11));
            assertThat(client.ended()).isTrue();
        }
    }

    @Test
    void aCallOfGrpcMayThinkBeforeTheAnswerToo() throws Exception {
        try (var client = client()) {
            client.post(1, "/body", "content-type", "application/grpc", "te", "trailers")
                    .data(1, false, "abc");
            heard.get(60, TimeUnit.SECONDS);
            pass(Duration.ofMinutes(9));
            client.get(3, "/");
            assertThat(client.on(3).status()).isEqualTo("200");
            assertThat(client.rest(3)).isEqualTo("ok");
            pass(Duration.ofMinutes(2));
            Frame end = client.on(1);
            assertThat(end.fields())
                    .containsEntry("content-type", "application/grpc")
                    .containsKey("grpc-status");
        }
    }

    @Test
    void aResponseThatNobodyTakesIsCut() throws Exception {
        try (var client = client()) {
            client.get(1, "/large");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, WINDOW)).hasSize(WINDOW);
            pass(Duration.ofSeconds(40));
            client.window(0, 10).window(1, 10);
            assertThat(client.content(1, 10)).as("it takes a little").hasSize(10);
            pass(Duration.ofSeconds(40));
            client.window(0, 10).window(1, 10);
            assertThat(client.content(1, 10)).as("that counted").hasSize(10);
            pass(Duration.ofSeconds(61));
            assertThat(client.on(1).type()).isEqualTo(Http2Peer.RST_STREAM);
            client.window(0, WINDOW).get(3, "/");
            assertThat(client.on(3).status()).as("the connection serves on").isEqualTo("200");
        }
        assertThat(gateway.counters().faults(Fault.CLIENT_GONE).sum()).isEqualTo(1);
    }

    @Test
    void theLastPieceOfAResponseIsNotWaitedForLonger() throws Exception {
        try (var client = client(Http2Peer.INITIAL_WINDOW_SIZE, 0)) {
            client.get(1, "/");
            assertThat(client.on(1).status()).isEqualTo("200");
            pass(Duration.ofSeconds(61));
            assertThat(client.on(1).type()).isEqualTo(Http2Peer.RST_STREAM);
        }
    }

    @Test
    void streamsThatWaitForTheWindowTheyShareAreAliveWhileItMoves() throws Exception {
        try (var client = client(Http2Peer.INITIAL_WINDOW_SIZE, 10 * WINDOW)) {
            client.get(1, "/large");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.content(1, WINDOW)).hasSize(WINDOW);
            pass(Duration.ofSeconds(40));
            client.window(0, 10);
            assertThat(client.content(1, 10)).hasSize(10);
            pass(Duration.ofSeconds(40));
            client.window(0, 10);
            assertThat(client.content(1, 10)).hasSize(10);
            pass(Duration.ofSeconds(61));
            assertThat(client.on(1).type()).isEqualTo(Http2Peer.RST_STREAM);
        }
    }

    @Test
    void aConnectionWithoutStreamsIsClosedAfterItsTime() throws Exception {
        try (var client = client();
                var silent = Http2Peer.silent(gateway.addresses().getFirst())) {
            client.get(1, "/");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualTo("ok");
            silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            silent.next(Http2Peer.SETTINGS);
            pass(Duration.ofSeconds(11));
            assertThat(silent.ended()).as("it never said how it wants to speak").isTrue();
            pass(Duration.ofSeconds(60));
            // a ping is no request
            client.send(Http2Peer.PING, 0, 0, new byte[8]);
            assertThat(client.next(Http2Peer.PING).flags()).isEqualTo(Http2Peer.ACK);
            pass(Duration.ofSeconds(10));
            assertThat(client.next(Http2Peer.GOAWAY).number(4)).isZero();
            assertThat(client.ended()).isTrue();
        }
    }

    @Test
    void drainingServesWhatIsOpenAndTellsTheLast() throws Exception {
        try (var busy = client();
                var idle = client()) {
            idle.get(1, "/");
            assertThat(idle.on(1).status()).isEqualTo("200");
            assertThat(idle.rest(1)).isEqualTo("ok");
            busy.get(1, "/slow");
            upstream.head();
            upstream.head();
            var drained = gateway.drain(LONG).toCompletableFuture();
            Frame ping = announced(busy);
            // it had not heard yet
            busy.get(3, "/");
            assertThat(busy.on(3).status()).isEqualTo("200");
            assertThat(busy.rest(3)).isEqualTo("ok");
            busy.send(Http2Peer.PING, Http2Peer.ACK, 0, ping.payload());
            Frame last = busy.next(Http2Peer.GOAWAY);
            assertThat(last.number(0)).isEqualTo(3);
            busy.get(5, "/late");
            assertThat(drained).isNotDone();
            answer.countDown();
            assertThat(busy.on(1).status()).isEqualTo("200");
            assertThat(busy.rest(1)).isEqualTo("slow");
            assertThat(busy.ended()).isTrue();

            Frame asked = announced(idle);
            idle.send(Http2Peer.PING, Http2Peer.ACK, 0, asked.payload());
            assertThat(idle.next(Http2Peer.GOAWAY).number(0)).isEqualTo(1);
            assertThat(idle.ended()).isTrue();
            drained.get(60, TimeUnit.SECONDS);
        }
        assertThat(upstream.heads).as("the head of /, not of /late").hasSize(1);
    }

    private static Frame announced(Http2Peer client) throws IOException {
        Frame all = client.next(Http2Peer.GOAWAY);
        assertThat(all.number(0)).as("no more streams, but none is lost").isEqualTo(Integer.MAX_VALUE);
        assertThat(all.number(4)).isZero();
        return client.next(Http2Peer.PING);
    }

    @Test
    void drainingDoesNotWaitForAnAnswerThatDoesNotCome() throws Exception {
        try (var client = client()) {
            client.get(1, "/");
            assertThat(client.on(1).status()).isEqualTo("200");
            assertThat(client.rest(1)).isEqualTo("ok");
            var drained = gateway.drain(LONG).toCompletableFuture();
            announced(client);
            now.addAndGet(Duration.ofSeconds(3).toNanos());
            assertThat(client.next(Http2Peer.GOAWAY).number(0)).isEqualTo(1);
            assertThat(client.ended()).isTrue();
            drained.get(60, TimeUnit.SECONDS);
        }
    }
}
