package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices at real sockets of a real node on a real database. */
final class SyncTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static Node node;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data));
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void two_devices_share_one_document() throws Exception {
        String space = newSpace();
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
            assertThat(get("/sync/v1/spaces/" + space + "/documents/runways/1").body())
                    .isEqualTo("{\"closed\":true,\"length\":2500}");
        }
    }

    @Test
    void a_device_catches_up_from_its_cursor() throws Exception {
        String space = newSpace();
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
        String space = newSpace();
        JsonNode pushed = JSON.readTree(
                send("POST", "/sync/v1/spaces/" + space + "/push", """
                        {"device":"curl","firstSeq":1,"ops":[{"collection":"tasks","id":"a","set":{"title":"x"}}]}""").body());
        assertThat(pushed.path("ackedUpTo").asLong()).isEqualTo(1);
        JsonNode changes =
                JSON.readTree(get("/sync/v1/spaces/" + space + "/changes").body());
        assertThat(changes.path("changes").path(0).path("set").path("title").asText())
                .isEqualTo("x");
        assertThat(changes.path("cursor")).isEqualTo(pushed.path("cursor"));
    }

    static String newSpace() throws Exception {
        String space = "s" + UUID.randomUUID();
        HttpResponse<String> created = send("POST", "/api/v1/spaces", "{\"space\":\"" + space + "\"}");
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        return space;
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return send("GET", path, "");
    }

    private static HttpResponse<String> send(String method, String path, String body) throws Exception {
        HttpRequest.BodyPublisher publisher =
                body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        return HTTP.send(
                HttpRequest.newBuilder(node.uri().resolve(path))
                        .method(method, publisher)
                        .header("Authorization", "Bearer " + node.adminToken())
                        .header("Content-Type", "application/json")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
