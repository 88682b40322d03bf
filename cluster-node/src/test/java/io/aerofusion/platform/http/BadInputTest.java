package io.aerofusion.platform.http;

import static io.aerofusion.platform.http.ServedApi.code;
import static io.aerofusion.platform.http.ServedApi.endpoint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.http.javadsl.model.HttpMethods;
import io.aerofusion.platform.http.Endpoint.Access;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the door does with requests that are broken, hostile or never end: a clear code, and everybody else is served. */
final class BadInputTest {
    private static final String HEAD =
            "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";
    private static ServedApi api;
    private static final AtomicInteger WAITING = new AtomicInteger();
    /** Completed by a test that lets a request wait. */
    private static volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

    @BeforeAll
    static void serve() throws Exception {
        api = new ServedApi(
                endpoint(HttpMethods.POST, "/echo", Access.PUBLIC, request -> Answer.now(Answer.json(request.json()))),
                endpoint(HttpMethods.POST, "/waits", Access.PUBLIC, request -> {
                    WAITING.incrementAndGet();
                    return gate.thenApply(opened -> Answer.nothing());
                }),
                endpoint(HttpMethods.GET, "/open/{id}", Access.PUBLIC, request -> Answer.now(Answer.nothing())));
    }

    @AfterAll
    static void close() throws Exception {
        api.close();
    }

    @AfterEach
    void everybody_else_is_served() throws Exception {
        assertThat(api.get("/open/1").statusCode()).isEqualTo(204);
        assertThat(post("{\"a\":[1,2]}").body()).isEqualTo("{\"a\":[1,2]}");
    }

    static Stream<Arguments> bodies() {
        return Stream.of(
                Arguments.of("", "malformed-json"),
                Arguments.of("{", "malformed-json"),
                Arguments.of("{\"a\":1,}", "malformed-json"),
                Arguments.of("{'a':1}", "malformed-json"),
                Arguments.of("{\"a\":1} {\"b\":2}", "malformed-json"),
                Arguments.of("{\"a\":1,\"a\":2}", "malformed-json"),
                Arguments.of("{\"a\":NaN}", "malformed-json"),
                Arguments.of("{\"a\":0x10}", "malformed-json"),
                Arguments.of("{\"a\":01}", "malformed-json"),
                Arguments.of("\u0000", "malformed-json"),
                Arguments.of(
                        "[".repeat(JsonBody.NESTING_MAX + 1) + "]".repeat(JsonBody.NESTING_MAX + 1), "nested-too-deep"),
                Arguments.of("{\"a\":".repeat(20_000 / 5), "nested-too-deep"),
                Arguments.of("[" + "9".repeat(JsonBody.NUMBER_LENGTH_MAX + 1) + "]", "invalid-value"),
                Arguments.of("{\"" + "n".repeat(JsonBody.NAME_LENGTH_MAX + 1) + "\":1}", "invalid-value"));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void a_body_that_is_not_json_is_named_as_such(String body, String expected) throws Exception {
        HttpResponse<String> response = post(body);
        assertThat(code(response)).isEqualTo(expected);
        // four nines occur in a request id now and then, twelve do not
        assertThat(response.body()).doesNotContain("jackson", "Exception", "nnnn", "9".repeat(12));
    }

    @Test
    void invalid_utf_8_is_refused() throws Exception {
        for (byte[] bad : List.of(
                new byte[] {'"', (byte) 0xFF, '"'},
                new byte[] {'"', (byte) 0xC0, (byte) 0x80, '"'}, // overlong
                new byte[] {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"'}, // a lone surrogate
                new byte[] {'"', (byte) 0xE2, (byte) 0x82})) {
            HttpResponse<String> response = api.post("/echo", "application/json", bad);
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(code(response)).isEqualTo("malformed-json");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/xml", "application/x-www-form-urlencoded"})
    void another_media_type_is_refused(String type) throws Exception {
        HttpResponse<String> response = api.post("/echo", type, "{}".getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).isEqualTo(415);
        assertThat(code(response)).isEqualTo("unsupported-media-type");
    }

    @Test
    void json_has_more_than_one_name() throws Exception {
        for (String type :
                List.of("application/json", "application/json; charset=UTF-8", "application/merge-patch+json")) {
            assertThat(api.post("/echo", type, "{}".getBytes(StandardCharsets.UTF_8))
                            .statusCode())
                    .as(type)
                    .isEqualTo(200);
        }
    }

    @Test
    void a_compressed_body_is_refused_instead_of_inflated() throws Exception {
        String response = api.exchange(HEAD + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
        assertThat(response).startsWith("HTTP/1.1 415").contains("unsupported-media-type");
    }

    @Test
    void a_body_that_declares_too_much_is_refused_unread() throws Exception {
        String response = api.exchange(HEAD + "Content-Length: 10000000000\r\n\r\n{");
        assertThat(response).startsWith("HTTP/1.1 413").contains("\"code\":\"body-too-large\"");
    }

    @Test
    void a_chunked_body_that_grows_too_large_is_cut_off() throws Exception {
        String chunk = "8000\r\n" + " ".repeat(0x8000) + "\r\n";
        String response = api.exchange(HEAD + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(3) + "0\r\n\r\n");
        assertThat(response).startsWith("HTTP/1.1 413").contains("\"code\":\"body-too-large\"");
    }

    @Test
    void a_body_of_the_largest_size_is_fine() throws Exception {
        String body = "\"" + "x".repeat(ServedApi.BODY_BYTES_MAX - 2) + "\"";
        assertThat(post(body).body()).isEqualTo(body);
    }

    @Test
    void a_body_that_does_not_arrive_is_not_waited_for() throws Exception {
        String response = api.exchange(HEAD + "Content-Length: 100\r\n\r\n{\"a\":");
        assertThat(response).startsWith("HTTP/1.1 408").contains("\"code\":\"request-timeout\"");
    }

    @Test
    void a_body_that_breaks_off_harms_nobody() throws Exception {
        for (int i = 0; i < 50; i++) {
            api.open(HEAD + "Content-Length: 100\r\n\r\n{\"a\":").close();
        }
        assertThat(api.get("/open/1").statusCode()).isEqualTo(204);
    }

    @Test
    void bodies_together_are_bounded() throws Exception {
        gate = new CompletableFuture<>();
        String large = "Content-Length: " + ServedApi.BODY_BYTES_MAX + "\r\n\r\n\""
                + "x".repeat(ServedApi.BODY_BYTES_MAX - 2) + "\"";
        try (Socket first = api.open(HEAD.replace("/echo", "/waits") + large);
                Socket second = api.open(HEAD.replace("/echo", "/waits") + large)) {
            await().atMost(Duration.ofSeconds(60)).until(() -> WAITING.get() == 2);
            assertThat(api.exchange(HEAD + large))
                    .startsWith("HTTP/1.1 503")
                    .contains("\"code\":\"unavailable\"", "Retry-After: 1");
            gate.complete(null);
            assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 204");
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 204");
        }
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                Arguments.of("this is garbage, no request\r\n\r\n", "400", "invalid-request"),
                Arguments.of("GET /open/1 HTTP/9.9\r\nHost: x\r\n\r\n", "400", "invalid-request"),
                Arguments.of(
                        "GET /open/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400", "invalid-request"),
                Arguments.of(
                        "GET /open/%FF HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400", "invalid-request"),
                Arguments.of(
                        "GET /open/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400", "invalid-request"),
                Arguments.of("GET /open/1 HTTP/1.1\r\nConnection: close\r\n\r\n", "400", "invalid-request"),
                Arguments.of("GET /" + "a".repeat(9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "414", "uri-too-long"),
                Arguments.of(
                        "GET /open/1 HTTP/1.1\r\nHost: x\r\nX-Long: " + "a".repeat(9_000) + "\r\n\r\n",
                        "431",
                        "headers-too-large"),
                Arguments.of(
                        "GET /open/1 HTTP/1.1\r\nHost: x\r\n" + "X-Many: 1\r\n".repeat(100) + "\r\n",
                        "431",
                        "headers-too-large"),
                Arguments.of(
                        HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        "400",
                        "invalid-request"),
                Arguments.of(HEAD + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400", "invalid-request"),
                Arguments.of(HEAD + "Content-Length: -1\r\n\r\n", "400", "invalid-request"));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void a_request_that_is_not_http_gets_an_answer_in_the_same_form(String request, String status, String code)
            throws Exception {
        assertThat(api.exchange(request))
                .startsWith("HTTP/1.1 " + status)
                .contains("Content-Type: application/problem+json", "\"code\":\"" + code + "\"")
                .doesNotContain("aaaa");
    }

    @Test
    void a_thousand_half_open_sockets_are_closed_and_harm_nobody() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 1_000; i++) {
                // nothing at all, half of a request line, a head without its end
                sockets.add(api.open(List.of("", "GET /op", "GET /open/1 HTTP/1.1\r\nHost: x\r\n")
                        .get(i % 3)));
            }
            assertThat(api.get("/open/1").statusCode()).isEqualTo(204);
            for (Socket socket : sockets) {
                assertThat(ends(socket)).isTrue();
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** Whether the server ends the connection, which this waits for (60 s at most). */
    private static boolean ends(Socket socket) throws IOException {
        try {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true; // a reset ends it, too
        }
    }

    private static HttpResponse<String> post(String body) throws Exception {
        return api.post("/echo", "application/json", body.getBytes(StandardCharsets.UTF_8));
    }
}
