package io.aerofusion.platform.http;

import static io.aerofusion.platform.http.ServedApi.code;
import static io.aerofusion.platform.http.ServedApi.endpoint;
import static io.aerofusion.platform.http.ServedApi.header;
import static io.aerofusion.platform.http.ServedApi.json;
import static org.assertj.core.api.Assertions.assertThat;

import akka.http.javadsl.model.HttpMethods;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Endpoint.Access;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The conventions every endpoint gets from the server. */
final class ApiServerTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static ServedApi api;

    @BeforeAll
    static void serve() throws Exception {
        api = new ServedApi(
                endpoint(HttpMethods.GET, "/open", Access.PUBLIC, request -> Answer.now(Answer.json(text("open")))),
                endpoint(
                        HttpMethods.GET,
                        "/things/{id}",
                        Access.PUBLIC,
                        request -> Answer.now(Answer.json(text(request.path("id"))))),
                endpoint(
                        HttpMethods.GET,
                        "/things/special",
                        Access.PUBLIC,
                        request -> Answer.now(Answer.json(text("the special one")))),
                endpoint(HttpMethods.DELETE, "/things/{id}", Access.ADMIN, request -> Answer.now(Answer.nothing())),
                endpoint(
                        HttpMethods.GET,
                        "/whoami",
                        Access.AUTHENTICATED,
                        request -> Answer.now(Answer.json(text(request.caller().user())))),
                endpoint(HttpMethods.GET, "/operators", Access.OPERATOR, request -> Answer.now(Answer.nothing())),
                endpoint(HttpMethods.GET, "/admins", Access.ADMIN, request -> Answer.now(Answer.nothing())),
                endpoint(HttpMethods.GET, "/refuses", Access.PUBLIC, request -> {
                    throw new ProblemException(ErrorCode.QUOTA_EXCEEDED, "No room.");
                }),
                endpoint(
                        HttpMethods.GET,
                        "/refuses-later",
                        Access.PUBLIC,
                        request -> CompletableFuture.failedFuture(
                                new ProblemException(ErrorCode.ALREADY_EXISTS, "There is one."))),
                endpoint(HttpMethods.GET, "/breaks", Access.PUBLIC, request -> {
                    throw new IllegalStateException("secret of the implementation");
                }),
                endpoint(
                        HttpMethods.GET,
                        "/breaks-later",
                        Access.PUBLIC,
                        request -> CompletableFuture.failedFuture(
                                new IllegalStateException("secret of the implementation"))),
                endpoint(
                        HttpMethods.GET,
                        "/times-out",
                        Access.PUBLIC,
                        request -> CompletableFuture.failedFuture(
                                new TimeoutException("Ask timed out on secret of the implementation"))),
                endpoint(HttpMethods.GET, "/pages", Access.PUBLIC, request -> {
                    Paging paging = Paging.of(request);
                    return Answer.now(paging.page(List.of(text(paging.after()), text("" + paging.limit())), "k/ü"));
                }),
                endpoint(HttpMethods.GET, "/tagged", Access.PUBLIC, request -> {
                    EntityTag.of(7).require(request);
                    return Answer.now(Answer.tagged(Answer.json(text("seven")), EntityTag.of(7)));
                }));
    }

    @AfterAll
    static void close() throws Exception {
        api.close();
    }

    private static TextNode text(String text) {
        return JsonNodeFactory.instance.textNode(text);
    }

    @Test
    void a_literal_segment_comes_before_a_variable_one() throws Exception {
        assertThat(api.get("/things/special").body()).isEqualTo("\"the special one\"");
        assertThat(api.get("/things/other").body()).isEqualTo("\"other\"");
    }

    @Test
    void an_encoded_slash_is_data() throws Exception {
        assertThat(api.get("/things/a%2Fb%20%C3%BC").body()).isEqualTo("\"a/b ü\"");
    }

    @Test
    void an_empty_segment_and_a_trailing_slash_are_other_addresses() throws Exception {
        assertThat(api.get("/things/").statusCode()).isEqualTo(404);
        assertThat(api.get("/open/").statusCode()).isEqualTo(404);
        assertThat(api.get("//open").statusCode()).isEqualTo(404);
    }

    @Test
    void an_unknown_path_is_not_found() throws Exception {
        HttpResponse<String> response = api.get("/nowhere");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
        ObjectNode problem = (ObjectNode) json(response);
        assertThat(problem.path("code").asText()).isEqualTo("not-found");
        assertThat(problem.path("status").asInt()).isEqualTo(404);
        assertThat(problem.path("type").asText()).isEqualTo("/docs#error-not-found");
        assertThat(problem.path("requestId").asText()).isEqualTo(header(response, "X-Request-Id"));
    }

    @Test
    void a_wrong_method_learns_the_right_ones() throws Exception {
        HttpResponse<String> response =
                api.send(HttpRequest.newBuilder(api.uri("/things/1")).PUT(HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(code(response)).isEqualTo("method-not-allowed");
        assertThat(header(response, "Allow")).isEqualTo("DELETE, GET, HEAD, OPTIONS");
    }

    @Test
    void options_name_the_methods() throws Exception {
        HttpResponse<String> response = api.send(
                HttpRequest.newBuilder(api.uri("/open")).method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
        assertThat(response.statusCode()).isEqualTo(204);
        assertThat(header(response, "Allow")).isEqualTo("GET, HEAD, OPTIONS");
    }

    @Test
    void head_is_get_without_the_body() throws Exception {
        assertThat(api.exchange("HEAD /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .endsWith("\r\n\r\n");
    }

    @Test
    void a_token_is_needed() throws Exception {
        HttpResponse<String> response = api.get("/whoami");
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(code(response)).isEqualTo("unauthenticated");
        assertThat(header(response, "WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(as(ServedApi.USER, "/whoami").body()).isEqualTo("\"uma\"");
    }

    @Test
    void a_token_that_is_given_must_be_right_even_where_none_is_needed() throws Exception {
        assertThat(as("guessed", "/open").statusCode()).isEqualTo(401);
        assertThat(as(ServedApi.USER, "/open").statusCode()).isEqualTo(200);
        HttpResponse<String> basic =
                api.send(HttpRequest.newBuilder(api.uri("/open")).header("Authorization", "Basic YTpi"));
        assertThat(basic.statusCode()).isEqualTo(401);
        assertThat(basic.body()).doesNotContain("YTpi");
    }

    @Test
    void roles_are_held() throws Exception {
        assertThat(as(ServedApi.USER, "/operators").statusCode()).isEqualTo(403);
        assertThat(as(ServedApi.OPERATOR, "/operators").statusCode()).isEqualTo(204);
        assertThat(as(ServedApi.ADMIN, "/operators").statusCode()).isEqualTo(204);
        assertThat(code(as(ServedApi.OPERATOR, "/admins"))).isEqualTo("forbidden");
        assertThat(as(ServedApi.ADMIN, "/admins").statusCode()).isEqualTo(204);
    }

    @Test
    void a_request_id_comes_back() throws Exception {
        HttpResponse<String> named =
                api.send(HttpRequest.newBuilder(api.uri("/open")).header("X-Request-Id", "my-request.7"));
        assertThat(header(named, "X-Request-Id")).isEqualTo("my-request.7");
        HttpResponse<String> hostile =
                api.send(HttpRequest.newBuilder(api.uri("/open")).header("X-Request-Id", "{\"level\":\"fatal\"}"));
        assertThat(header(hostile, "X-Request-Id")).matches("[0-9a-f]{24}");
    }

    @Test
    void a_trace_goes_on() throws Exception {
        HttpResponse<String> traced = api.send(
                HttpRequest.newBuilder(api.uri("/open")).header("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01"));
        assertThat(header(traced, "traceparent")).matches("00-" + TRACE + "-(?!00f067aa0ba902b7)[0-9a-f]{16}-01");
        HttpResponse<String> broken =
                api.send(HttpRequest.newBuilder(api.uri("/open")).header("traceparent", "00-xyz"));
        assertThat(header(broken, "traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]");
    }

    @Test
    void problems_of_an_endpoint_are_told() throws Exception {
        assertThat(code(api.get("/refuses"))).isEqualTo("quota-exceeded");
        assertThat(json(api.get("/refuses")).path("detail").asText()).isEqualTo("No room.");
        assertThat(code(api.get("/refuses-later"))).isEqualTo("already-exists");
    }

    @Test
    void the_message_of_an_exception_stays_inside() throws Exception {
        for (String path : List.of("/breaks", "/breaks-later")) {
            HttpResponse<String> response = api.get(path);
            assertThat(response.statusCode()).isEqualTo(500);
            assertThat(code(response)).isEqualTo("internal");
            assertThat(response.body()).doesNotContain("secret", "Exception");
        }
    }

    @Test
    void a_part_that_does_not_answer_is_a_timeout() throws Exception {
        assertThat(code(api.get("/times-out"))).isEqualTo("timeout");
        assertThat(api.get("/times-out").body()).doesNotContain("secret");
        ServedApi quick = new ServedApi(
                "aerofusion.http.handler-timeout = 1s",
                endpoint(HttpMethods.GET, "/never", Access.PUBLIC, request -> new CompletableFuture<>()));
        try {
            assertThat(code(quick.get("/never"))).isEqualTo("timeout");
        } finally {
            quick.close();
        }
    }

    @Test
    void pages_have_limits_and_cursors() throws Exception {
        String next = json(api.get("/pages?limit=5")).path("next").asText();
        HttpResponse<String> second = api.get("/pages?cursor=" + next);
        assertThat(json(second).path("items").toString()).isEqualTo("[\"k/ü\",\"100\"]");
        for (String limit : List.of("0", "1001", "-1", "ten", "")) {
            assertThat(code(api.get("/pages?limit=" + limit))).as(limit).isEqualTo("invalid-request");
        }
        for (String cursor : List.of("***", "gICA", "x".repeat(3_000))) {
            assertThat(code(api.get("/pages?cursor=" + cursor))).as(cursor).isEqualTo("bad-cursor");
        }
    }

    @Test
    void preconditions_are_held() throws Exception {
        assertThat(code(api.get("/tagged"))).isEqualTo("precondition-required");
        assertThat(code(ifMatch("\"6\""))).isEqualTo("precondition-failed");
        assertThat(code(ifMatch("W/\"7\""))).isEqualTo("invalid-request");
        assertThat(ifMatch("*").statusCode()).isEqualTo(200);
        HttpResponse<String> matched = ifMatch("\"6\", \"7\"");
        assertThat(matched.statusCode()).isEqualTo(200);
        assertThat(header(matched, "ETag")).isEqualTo("\"7\"");
    }

    @Test
    void every_response_is_guarded() throws Exception {
        for (String path : List.of("/open", "/nowhere")) {
            HttpResponse<String> response = api.get(path);
            assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
            assertThat(header(response, "Server")).isEmpty();
        }
    }

    private static HttpResponse<String> ifMatch(String tags) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri("/tagged")).header("If-Match", tags));
    }

    private static HttpResponse<String> as(String token, String path) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri(path)).header("Authorization", "Bearer " + token));
    }

    @Test
    void a_node_is_ready_when_every_condition_holds() throws Exception {
        Map<String, Boolean> checks = new ConcurrentHashMap<>(Map.of("joined", true, "warm", false));
        ServedApi starting = new ServedApi(
                NodeEndpoints.with(List.of(), "1", () -> checks, JsonNodeFactory.instance::objectNode, () -> "")
                        .toArray(Endpoint[]::new));
        try {
            HttpResponse<String> early = starting.get("/health/ready");
            assertThat(early.statusCode()).isEqualTo(503);
            assertThat(code(early)).isEqualTo("unavailable");
            assertThat(json(early).at("/checks/warm").asBoolean(true)).isFalse();
            assertThat(json(early).at("/checks/joined").asBoolean()).isTrue();
            checks.put("warm", true);
            assertThat(starting.get("/health/ready").statusCode()).isEqualTo(200);
            checks.put("joined", false); // it leaves
            assertThat(starting.get("/health/ready").statusCode()).isEqualTo(503);
            assertThat(starting.get("/health/live").statusCode()).isEqualTo(200);
        } finally {
            starting.close();
        }
    }
}
