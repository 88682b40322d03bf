package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What passes through the gateway between a client and an upstream, both of raw bytes. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class GatewayHttp1Test {
    private TestUpstream upstream;
    private Gateway gateway;

    private void start(TestUpstream answering) throws Exception {
        start(
                answering,
                GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                        .withThreads(1));
    }

    private void start(TestUpstream answering, GatewaySettings settings) throws Exception {
        upstream = answering;
        gateway = Gateway.start(settings);
        TestRoutes.all(
                gateway, "/", TestRoutes.patient(Duration.ofMinutes(1), Duration.ofMinutes(1), upstream.address()));
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    @AfterEach
    void stop() throws IOException {
        if (gateway != null) gateway.close();
        if (upstream != null) upstream.close();
    }

    @Test
    void aRequestIsPassedOnAndAnsweredOverKeptConnections() throws Exception {
        start(TestUpstream.answering("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello"));
        try (var client = client()) {
            for (int i = 0; i < 20; i++) {
                var response = client.get("/a?b=" + i);
                assertEquals(200, response.status());
                assertEquals("hello", response.body());
                assertEquals("1", response.field("x-a"));
                assertFalse(response.field("date").isEmpty());
                assertTrue(upstream.head().startsWith("GET /a?b=" + i + " HTTP/1.1\r\nHost: test\r\n"));
            }
        }
        assertEquals(1, upstream.connections.get());
    }

    @Test
    void theUpstreamLearnsWhoAskedAndNotWhatTheClientClaims() throws Exception {
        start(TestUpstream.answering("HTTP/1.1 204 No Content\r\n\r\n"));
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a.example:81\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n"
                    + "Connection: keep-alive, X-Hop, host\r\nX-Hop: 1\r\nKeep-Alive: 3\r\nX-Real-IP: 9.9.9.9\r\n\r\n");
            assertEquals(204, client.response().status());
        }
        assertEquals(
                "GET / HTTP/1.1\r\nHost: a.example:81\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n"
                        + "x-forwarded-host: a.example:81\r\nvia: 1.1 aerofusion\r\n"
                        + "x-request-id: ID\r\ntraceparent: 00-ID-ID-02\r\n\r\n",
                upstream.head().replaceAll("[0-9a-f]{16,}", "ID"));
    }

    @Test
    void bodiesOfBothFramingsPassBothWays() throws Exception {
        start(new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                String body = head.contains("chunked")
                        ? connection.readUntil("0\r\n\r\n")
                        : connection.read(Integer.parseInt(head.replaceAll("(?s).*Content-Length: (\\d+).*", "$1")));
                String answer = body.length() + ":" + body.hashCode();
                connection.write(
                        head.startsWith("POST /c")
                                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        + Integer.toHexString(answer.length()) + "\r\n" + answer + "\r\n0\r\n\r\n"
                                : "HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
            }
        }));
        String body = "0123456789".repeat(30_000);
        try (var client = client()) {
            for (String path : List.of("/l", "/c")) {
                client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n"
                        + body);
                assertEquals(
                        body.length() + ":" + body.hashCode(), client.response().body());
                client.send(
                        "POST " + path
                                + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1 ; a ;b = \"c;\\\"\\r\"\r\nd\r\n0\r\n\r\n");
                // how the pieces arrived decides how they are framed; there is no extension in any case
                var response = client.response();
                assertEquals(200, response.status());
            }
        }
    }

    @Test
    void trailersPassBothWays() throws Exception {
        start(new TestUpstream(connection -> {
            connection.head();
            String body = connection.readUntil("\r\n\r\n");
            connection.write(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: "
                            + body.replace("\r\n", "/") + "\r\n\r\n");
        }));
        try (var client = client()) {
            client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
            assertEquals("ok|X-Sum: 3/abc/0/X-T: 1//", client.response().body());
        }
    }

    @Test
    void responsesWithoutBodyKeepTheirConnection() throws Exception {
        start(new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head())
                connection.write(
                        head.startsWith("HEAD")
                                ? "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
                                : "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 7\r\n\r\n");
        }));
        try (var client = client()) {
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals("1000", client.response(true).field("content-length"));
            assertEquals(304, client.get("/").status());
            assertEquals(304, client.get("/").status());
        }
        assertEquals(1, upstream.connections.get());
    }

    @Test
    void aCloseDelimitedResponseIsChunkedForTheClient() throws Exception {
        start(new TestUpstream(connection -> {
            connection.head();
            connection.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        }));
        try (var client = client()) {
            assertEquals("until the end", client.get("/").body());
            assertEquals("until the end", client.get("/").body());
        }
        try (var client = client()) {
            client.send("GET / HTTP/1.0\r\n\r\n");
            var response = client.response();
            assertEquals("until the end", response.body());
            assertEquals("", response.field("transfer-encoding"));
        }
        assertEquals(3, upstream.connections.get());
    }

    @Test
    void interimResponsesReachTheClient() throws Exception {
        start(new TestUpstream(connection -> {
            String head = connection.head();
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
            if (head.contains("Expect: 100-continue")) connection.write("HTTP/1.1 100 Continue\r\n\r\n");
            String body = connection.read(3);
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body);
        }));
        try (var client = client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
            var hints = client.response();
            assertEquals(103, hints.status());
            assertEquals("</a>", hints.field("link"));
            assertEquals(100, client.response().status());
            client.send("abc");
            assertEquals("abc", client.response().body());
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        start(new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                String path = head.split(" ")[1];
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path);
            }
        }));
        var requests = new StringBuilder();
        for (int i = 0; i < 500; i++) requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
        try (var client = client()) {
            client.send(requests.toString());
            for (int i = 0; i < 500; i++)
                assertEquals("/" + i, client.response().body());
        }
    }

    @Test
    void aLargeResponseWaitsForASlowClient() throws Exception {
        byte[] block = new byte[1 << 20];
        int blocks = 64;
        var written = new java.util.concurrent.atomic.AtomicInteger();
        start(new TestUpstream(connection -> {
            connection.head();
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + ((long) block.length * blocks) + "\r\n\r\n");
            for (int i = 0; i < blocks; i++) {
                connection.out.write(block);
                written.incrementAndGet();
            }
            connection.head();
        }));
        try (var client = client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            // the sockets' own buffers take a few MiB, the gateway takes no more than its bounds
            var before = new java.util.concurrent.atomic.AtomicInteger();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(250))
                    .until(() -> written.get() > 0 && before.getAndSet(written.get()) == written.get());
            assertTrue(written.get() < blocks / 2, "the upstream could write " + written.get() + " MiB");
            assertEquals(
                    block.length * blocks, client.read(block.length * blocks).length());
        }
    }

    @Test
    void faultsSayWhichSideFailed() throws Exception {
        start(new TestUpstream(connection -> {
            String head = connection.head();
            if (head.startsWith("GET /t/garbage")) connection.write("SSH-2.0-x\r\n\r\n");
            if (head.startsWith("GET /t/cut")) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        }));
        TestRoutes.all(
                gateway, "/t", TestRoutes.patient(Duration.ofMinutes(1), Duration.ofMinutes(1), upstream.address()));
        try (var client = client()) {
            var unknown = client.get("/none");
            assertEquals(404, unknown.status());
            assertEquals("application/problem+json", unknown.field("content-type"));
            assertTrue(unknown.body().contains("\"code\":\"route-unknown\""), unknown.body());
            assertTrue(unknown.body().contains("\"side\":\"gateway\""), unknown.body());
            try (var broken = client()) {
                var malformed = broken.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                        .response();
                assertEquals(400, malformed.status());
                assertTrue(malformed.body().contains("\"code\":\"host-ambiguous\""), malformed.body());
                assertTrue(malformed.body().contains("\"side\":\"client\""), malformed.body());
            }
            var garbage = client.get("/t/garbage");
            assertEquals(502, garbage.status());
            assertTrue(garbage.body().contains("\"code\":\"upstream-malformed\""), garbage.body());
            assertTrue(garbage.body().contains("\"side\":\"upstream\""), garbage.body());
            assertTrue(client.get("/t/reset").body().contains("\"code\":\"upstream-reset\""));
            client.send("GET /t/cut HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertEquals("abc", client.read(3));
            assertTrue(client.ended());
        }
    }

    @Test
    void anUpstreamThatCannotBeReachedIsAnswered() throws Exception {
        start(TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        upstream.close();
        try (var client = client()) {
            var response = client.get("/");
            assertEquals(503, response.status());
            assertTrue(response.body().contains("\"code\":\"upstream-connect-failed\""), response.body());
            assertEquals(503, client.get("/").status());
        }
    }

    @Test
    void aKeptConnectionThatTheUpstreamClosedIsReplaced() throws Exception {
        start(new TestUpstream(connection -> {
            connection.head();
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            // closes without having said so, when the next request is on its way
            connection.head();
        }));
        try (var client = client()) {
            for (int i = 0; i < 10; i++) assertEquals("ok", client.get("/").body());
        }
    }
}
