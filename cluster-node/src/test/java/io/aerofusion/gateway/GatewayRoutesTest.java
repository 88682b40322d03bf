package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What routes do to requests on their way, policies among it, and the change from one generation to the next. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are what is tested
class GatewayRoutesTest {
    private static final String UPSTREAMS = """
            - {kind: Upstream, metadata: {name: one}, spec: {endpoints: [{$0}]}}
            - {kind: Upstream, metadata: {name: two}, spec: {endpoints: [{$1}], retry: {numRetries: 2, retryOn: [5xx]}}}
            """;

    private TestUpstream one;
    private TestUpstream two;
    private Gateway gateway;
    private final AtomicInteger failures = new AtomicInteger();
    private Step step = request -> Verdict.PASS;

    @BeforeEach
    void start() throws IOException {
        one = named("one");
        two = named("two");
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withPolicies(compiled -> rule -> List.of(request -> step.check(request))));
    }

    private TestUpstream named(String name) throws IOException {
        return new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                String length = head.replaceAll("(?is).*content-length: (\\d+).*", "$1");
                String body = length.equals(head) ? "" : connection.read(Integer.parseInt(length));
                boolean fail = failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
                String answer = name + body;
                connection.write((fail ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 200 OK")
                        + "\r\nX-Up: 1\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
            }
        });
    }

    private void serve(String rules) throws Exception {
        TestRoutes.yaml(
                gateway,
                UPSTREAMS + "- {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [" + rules + "]}}",
                one.address(),
                two.address());
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.addresses().getFirst());
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        one.close();
        two.close();
    }

    @Test
    void rewritesAndHeaderChangesReachTheUpstream() throws Exception {
        serve("""
                {matches: [{path: {type: PathPrefix, value: /old}}], filters: [
                  {type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}},
                  {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: s}], remove: [x-gone]}},
                  {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: X-More, value: m}], remove: [x-up]}}],
                 backendRefs: [{name: one}]}""");
        try (var client = client()) {
            client.send("GET /old/a?q=1 HTTP/1.1\r\nHost: a\r\nX-Gone: 1\r\n\r\n");
            var response = client.response();
            assertEquals("one", response.body());
            assertEquals("m", response.field("x-more"));
            assertEquals("", response.field("x-up"));
            String head = one.head();
            assertTrue(head.startsWith("GET /new/a?q=1 HTTP/1.1\r\n"), head);
            assertTrue(head.contains("host: inner.example\r\n"), head);
            assertTrue(head.contains("x-set: s\r\n"), head);
            assertTrue(!head.contains("X-Gone"), head);
            assertEquals(404, client.get("/other").status());
        }
    }

    @Test
    void redirectsAndPreflightsAreAnsweredHere() throws Exception {
        serve("""
                {matches: [{path: {type: PathPrefix, value: /away}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example, statusCode: 301}}]},
                {filters: [{type: CORS, cors: {allowOrigins: ['https://app.example'], allowMethods: [GET, PUT]}}], backendRefs: [{name: one}]}""");
        try (var client = client()) {
            var redirect = client.get("/away/x?y");
            assertEquals(301, redirect.status());
            assertEquals(
                    "http://b.example:" + gateway.addresses().getFirst().getPort() + "/away/x?y",
                    redirect.field("location"));
            client.send(
                    "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
            var preflight = client.response();
            assertEquals(204, preflight.status());
            assertEquals("https://app.example", preflight.field("access-control-allow-origin"));
            client.send("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n");
            var actual = client.response();
            assertEquals("one", actual.body());
            assertEquals("https://app.example", actual.field("access-control-allow-origin"));
        }
    }

    @Test
    void aMirrorGetsTheSameRequestAndItsAnswerIsDropped() throws Exception {
        serve("""
                {filters: [{type: RequestMirror, requestMirror: {backendRef: {name: two}}}], backendRefs: [{name: one}]}""");
        try (var client = client()) {
            client.send("POST /m HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            assertEquals("oneabc", client.response().body());
            assertEquals("one", client.get("/n").body());
        }
        assertTrue(two.head().startsWith("POST /m "));
        assertTrue(two.head().startsWith("GET /n "));
    }

    @Test
    void aFailedTryIsRepeatedWithItsBody() throws Exception {
        serve("{backendRefs: [{name: two}]}");
        failures.set(2);
        try (var client = client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            assertEquals("twoabc", client.response().body());
            assertEquals(2, gateway.counters().retries.sum());
            // not idempotent: what happened is passed on
            failures.set(1);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            assertEquals(503, client.response().status());
        }
    }

    @Test
    void pathsThatCanBeReadInTwoWaysAreRefused() throws Exception {
        serve("{backendRefs: [{name: one}], allowAmbiguousPaths: [EncodedSlash]}");
        List<String> paths = List.of(
                "/a/../b", "/a/%2e%2e/b", "/a//b", "/a/..;/b", "/a/%00", "/a/%c0%af", "/a;x/b", "/a/%", "/a%5cb");
        try (var client = client();
                var http2 = Http2Peer.client(gateway.addresses().getFirst())) {
            int stream = 1;
            for (String path : paths) {
                var refused = client.get(path);
                assertEquals(400, refused.status(), path);
                assertTrue(refused.body().contains("\"code\":\"path-ambiguous\""), refused.body());
                assertTrue(refused.body().contains("\"side\":\"client\""), refused.body());
                http2.get(stream, path);
                assertEquals("400", http2.on(stream).status(), path);
                assertTrue(http2.rest(stream).contains("\"code\":\"path-ambiguous\""), path);
                stream += 2;
            }
            assertEquals(
                    2L * paths.size(),
                    gateway.counters().faults(Fault.PATH_AMBIGUOUS).sum());
            assertEquals("one", client.get("/a%2Fb").body());
            assertTrue(one.head().startsWith("GET /a%2Fb "));
            assertEquals("one", client.get("/%61/b").body());
            assertTrue(one.head().startsWith("GET /%61/b "));
        }
    }

    @Test
    void policiesDecideAtOnceOrLater() throws Exception {
        serve("{backendRefs: [{name: one}]}");
        var later = new CompletableFuture<Verdict>();
        step = request -> switch (request.path()) {
            case "/no" ->
                new Verdict.Refuse(
                        401, "unauthenticated", "Say who you are.", java.util.Map.of("www-authenticate", "Bearer"));
            case "/later" -> new Verdict.Later(later);
            case "/broken" -> throw new IllegalStateException("a test's");
            default -> {
                request.setHeader("x-who", "me");
                request.setResponseHeader("x-limit", "9");
                yield Verdict.PASS;
            }
        };
        try (var client = client()) {
            var refused = client.get("/no");
            assertEquals(401, refused.status());
            assertEquals("Bearer", refused.field("www-authenticate"));
            assertTrue(refused.body().contains("\"code\":\"unauthenticated\""), refused.body());
            var passed = client.get("/yes");
            assertEquals("9", passed.field("x-limit"));
            assertTrue(one.head().contains("x-who: me\r\n"));
            assertEquals(503, client.get("/broken").status());
            client.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS).execute(() -> later.complete(Verdict.PASS));
            assertEquals("oneabc", client.response().body());
        }
    }

    @Test
    void noRequestIsLostWhileGenerationsChange() throws Exception {
        serve("{backendRefs: [{name: one}]}");
        var stop = new AtomicBoolean();
        var loads = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 4; i++) {
            loads.add(CompletableFuture.supplyAsync(
                    () -> {
                        int answered = 0;
                        try (var client = client()) {
                            while (answered < 100 || !stop.get()) {
                                var response = client.get("/" + answered++);
                                if (response.status() != 200) throw new AssertionError(response.toString());
                            }
                        } catch (IOException lost) {
                            throw new AssertionError("after " + answered, lost);
                        }
                        return answered;
                    },
                    task -> Thread.ofVirtual().start(task)));
        }
        try (var client = client()) {
            for (int i = 0; i < 30; i++) {
                String name = i % 2 == 0 ? "two" : "one";
                serve("{backendRefs: [{name: " + name + "}]}");
                assertEquals(name, client.get("/").body());
            }
        }
        stop.set(true);
        for (var load : loads) assertTrue(load.get(60, TimeUnit.SECONDS) > 0);
        assertEquals(5, gateway.counters().connectionsOpened.sum());
    }
}
