package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Devices at real sockets of a real node on a real database. */
final class SyncTest {
    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void two_devices_share_one_document() throws Exception {
        String space = api.newSpace();
        try (TestDevice phone = TestDevice.connect("phone", node.uri(), node.adminToken());
                TestDevice tablet = TestDevice.connect("tablet", node.uri(), node.adminToken())) {
            phone.follow(space);
            tablet.follow(space);
            phone.push(space, "runways", "1", Map.of("length", 2500, "closed", false));
            Frame.Ack ack = phone.acked();
            assertThat(ack.cursor()).isNotNull();
            Frame.Delta delta = tablet.hear(Frame.Delta.class);
            assertThat(delta.to()).isEqualTo(ack.cursor());
            tablet.push(space, "runways", "1", Map.of("closed", true));
            tablet.acked();
            phone.hear(Frame.Delta.class);

            assertThat(phone.cell("runways", "1", "closed").booleanValue()).isTrue();
            assertThat(tablet.cell("runways", "1", "length").longValue()).isEqualTo(2500);
            assertThat(phone.cursor).isEqualTo(tablet.cursor);
            assertThat(api.get("/sync/v1/spaces/" + space + "/documents/runways/1")
                            .http()
                            .body())
                    .isEqualTo("{\"closed\":true,\"length\":2500}");
        }
    }

    @Test
    void a_device_catches_up_from_its_cursor() throws Exception {
        String space = api.newSpace();
        try (TestDevice phone = TestDevice.connect("phone", node.uri(), node.adminToken())) {
            phone.follow(space);
            phone.push(space, "runways", "1", Map.of("length", 2500));
            phone.acked();
            String before = phone.cursor;
            phone.push(space, "runways", "2", Map.of("length", 900));
            phone.acked();
            try (TestDevice tablet = TestDevice.connect("tablet", node.uri(), node.adminToken())) {
                tablet.cursor = before;
                tablet.follow(space);
                assertThat(tablet.documents).containsOnlyKeys("runways/2");
                assertThat(tablet.cursor).isEqualTo(phone.cursor);
            }
        }
    }

    @Test
    void the_same_over_http() throws Exception {
        String space = api.newSpace();
        JsonNode pushed = api.push(
                        space, "curl", 1, "{\"collection\":\"tasks\",\"id\":\"a\",\"set\":{\"title\":\"x\"}}")
                .json();
        assertThat(pushed.path("ackedUpTo").asLong()).isEqualTo(1);
        JsonNode changes = api.get("/sync/v1/spaces/" + space + "/changes").json();
        assertThat(changes.path("changes").path(0).path("set").path("title").asText())
                .isEqualTo("x");
        assertThat(changes.path("cursor")).isEqualTo(pushed.path("cursor"));
    }

    /** The example route of a new node leads to the node's own API. */
    @Test
    void sessions_and_http_go_through_the_gateway_too() throws Exception {
        Api gateway = Api.throughTheGateway(node);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertThat(gateway.get("/api/v1/me").status()).isEqualTo(200));
        String space = gateway.newSpace();
        try (TestDevice phone = TestDevice.connect("phone", node.gatewayUri(), node.adminToken());
                TestDevice tablet = TestDevice.connect("tablet", node.gatewayUri(), node.adminToken())) {
            phone.follow(space);
            tablet.follow(space);
            phone.push(space, "runways", "1", Map.of("length", 2500));
            assertThat(phone.acked().cursor()).isNotNull();
            assertThat(tablet.hear(Frame.Delta.class).to()).isEqualTo(phone.cursor);
            assertThat(tablet.cell("runways", "1", "length").longValue()).isEqualTo(2500);

            JsonNode pushed = gateway.push(
                            space, "curl", 1, "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"closed\":true}}")
                    .json();
            assertThat(pushed.path("ackedUpTo").asLong()).as(pushed.toString()).isEqualTo(1);
            for (TestDevice device : List.of(phone, tablet)) {
                device.catchUpTo(pushed.path("cursor").asText());
                assertThat(device.cell("runways", "1", "closed").booleanValue()).isTrue();
            }
            assertThat(gateway.get("/sync/v1/spaces/" + space + "/documents/runways/1")
                            .http()
                            .body())
                    .isEqualTo("{\"closed\":true,\"length\":2500}");
        }
    }

    /** A value, what a session answers to it, and what HTTP does. */
    static Stream<Arguments> bad() {
        String deep = "nested-too-deep";
        String invalid = "invalid-value";
        String malformed = "bye malformed-frame";
        return Stream.of(
                Arguments.of("a document nested too deep", nested(33), "rej " + deep, "200 " + deep),
                Arguments.of("a message nested too deep", nested(500), "fail " + deep, "422 " + deep),
                Arguments.of(
                        "a document too large",
                        "\"" + "x".repeat(300_000) + "\"",
                        "rej document-too-large",
                        "200 document-too-large"),
                Arguments.of("no number", "NaN", malformed, "400 malformed-json"),
                Arguments.of("infinity", "1e999", "fail " + invalid, "200 " + invalid),
                Arguments.of("2^53 + 1", "9007199254740993", "fail " + invalid, "200 " + invalid),
                Arguments.of("an integer of 100 digits", "9".repeat(100), "fail " + invalid, "200 " + invalid),
                Arguments.of("half of a surrogate pair", "\"\\ud800\"", "fail " + invalid, "200 " + invalid),
                Arguments.of("bytes that are no UTF-8", "\"\u00ff\"", malformed, "400 malformed-json"),
                Arguments.of("JSON that ends too early", "[", malformed, "400 malformed-json"),
                Arguments.of("a member twice", "{\"a\":1,\"a\":2}", malformed, "400 malformed-json"));
    }

    private static String nested(int levels) {
        return "[".repeat(levels) + "]".repeat(levels);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bad")
    void a_bad_value_is_refused_by_its_code_and_harms_nobody(String what, String value, String told, String overHttp)
            throws Exception {
        String space = api.newSpace();
        try (TestDevice bad = TestDevice.connect("bad", node.uri(), node.adminToken());
                TestDevice good = TestDevice.connect("good", node.uri(), node.adminToken())) {
            good.follow(space);
            String frame = FrameCodec.text(new Frame.Push(
                    space, 1, null, List.of(Mutation.set("c", "1", 0, TestDevice.values(Map.of("v", "?")))), null));
            bad.sendBytes(("\0" + frame.replace("\"?\"", value)).getBytes(StandardCharsets.ISO_8859_1));
            assertThat(refusal(bad)).isEqualTo(told);

            String body = "{\"device\":\"curl\",\"firstSeq\":1,\"ops\":["
                    + "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":" + value + "}}]}";
            Api.Answer answer =
                    api.post("/sync/v1/spaces/" + space + "/push", body.getBytes(StandardCharsets.ISO_8859_1));
            String code = answer.status() == 200
                    ? answer.json().path("rejected").path(0).path("code").asText()
                    : answer.code();
            assertThat(answer.status() + " " + code).isEqualTo(overHttp);

            good.push(space, "c", "2", Map.of("v", 1));
            good.acked();
            assertThat(api.get("/sync/v1/spaces/" + space + "/changes")
                            .json()
                            .path("changes")
                            .findValuesAsText("id"))
                    .containsExactly("2");
            if (!told.startsWith("bye")) { // its own session goes on too
                bad.seq = 2;
                bad.push(space, "c", "3", Map.of("v", 1));
                assertThat(bad.acked().upTo()).isEqualTo(2);
            }
        }
    }

    private static String refusal(TestDevice device) throws Exception {
        while (true) {
            switch (device.hear()) {
                case Frame.Bye bye -> {
                    device.hearTheEnd();
                    return "bye " + bye.reason().code();
                }
                case Frame.Failure failure -> {
                    return "fail " + failure.code().code();
                }
                case Frame.Rej rej -> {
                    assertThat(device.hear(Frame.Ack.class).upTo()).isEqualTo(1);
                    return "rej " + rej.rejections().getFirst().code().code();
                }
                default -> {}
            }
        }
    }

    @Test
    void of_a_push_with_too_many_mutations_none_is_taken() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = TestDevice.connect("d", node.uri(), node.adminToken())) {
            Mutation one = Mutation.set("c", "1", 0, TestDevice.values(Map.of("v", 1)));
            device.push(space, Collections.nCopies(501, one));
            assertThat(device.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.BATCH_TOO_LARGE);
            device.seq = 1;
            device.push(space, Collections.nCopies(500, one));
            assertThat(device.acked().upTo()).isEqualTo(500);
        }
        String op = "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}";
        Api.Answer refused = api.push(space, "curl", 1, String.join(",", Collections.nCopies(501, op)));
        assertThat(refused.status() + " " + refused.code()).isEqualTo("413 batch-too-large");
        JsonNode taken = api.push(space, "curl", 1, String.join(",", Collections.nCopies(500, op)))
                .json();
        assertThat(taken.path("ackedUpTo").asInt()).isEqualTo(500);
    }

    @Test
    void a_clock_years_behind_loses_to_what_it_has_not_seen_and_wins_over_what_it_has() throws Exception {
        String space = api.newSpace();
        long behind = HybridClock.ofMillis(
                System.currentTimeMillis() - Duration.ofDays(3650).toMillis());
        try (TestDevice old = TestDevice.connect("old", node.uri(), node.adminToken());
                TestDevice fresh = TestDevice.connect("fresh", node.uri(), node.adminToken())) {
            fresh.follow(space);
            fresh.push(space, "c", "1", Map.of("v", 1));
            fresh.acked();
            old.push(space, List.of(Mutation.set("c", "1", behind, TestDevice.values(Map.of("v", 2)))));
            Frame.Ack ack = old.acked();
            assertThat(ack.restamps()).isEmpty(); // that is what offline means
            old.follow(space);
            assertThat(old.cell("c", "1", "v").longValue()).isEqualTo(1);
            old.push(space, List.of(Mutation.set("c", "1", behind, TestDevice.values(Map.of("v", 3)))));
            old.acked();
            fresh.catchUpTo(old.cursor);
            assertThat(fresh.cell("c", "1", "v").longValue()).isEqualTo(3);
        }
    }

    /** What a push that is merged, one that is rejected beside another, and one that meets another leave in the metrics. */
    @Test
    void what_happens_to_pushes_is_seen_in_the_metrics() throws Exception {
        String space = api.newSpace();
        api.put("/api/v1/spaces/" + space + "/collections/c/schema", "{\"properties\":{\"n\":{\"type\":\"integer\"}}}");
        List<String> names = List.of(
                "space_sessions_welcomed_total",
                "space_push_seconds_count",
                "space_operations_total{outcome=\"merged\"}",
                "space_operations_rejected_total{code=\"schema-violation\"}",
                "space_conflicts_total{policy=\"merge\"}",
                "space_delta_size_bytes_count",
                "space_sent_bytes_total");
        Map<String, Double> before = metrics();
        try (TestDevice a =
                        TestDevice.connect("a", node.uri(), node.adminToken()).follow(space);
                TestDevice b = TestDevice.connect("b", node.uri(), node.adminToken())) {
            a.push(space, "c", "1", Map.of("n", 1), Map.of("n", "one"));
            a.acked();
            b.push(space, "c", "1", Map.of("n", 2)); // has not seen the other's
            b.acked();
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                Map<String, Double> now = metrics();
                assertThat(names)
                        .allSatisfy(name -> assertThat(now.getOrDefault(name, 0.0))
                                .as(name)
                                .isGreaterThan(before.getOrDefault(name, 0.0)));
                assertThat(now.get("space_sessions")).isGreaterThanOrEqualTo(2);
                assertThat(now.get("aerofusion_entity_recovery_seconds_count{type=\"Space\"}"))
                        .isPositive();
                assertThat(now.get("aerofusion_journal_lag_seconds_count")).isPositive();
                assertThat(now.get("aerofusion_projection_lag_seconds_count{projection=\"read-models\"}"))
                        .isPositive();
            });
        }
    }

    private static Map<String, Double> metrics() throws Exception {
        return api.get("/metrics")
                .http()
                .body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf(' ')),
                        line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
    }
}
