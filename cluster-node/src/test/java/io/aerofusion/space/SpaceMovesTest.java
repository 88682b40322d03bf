package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spaces that live on another node than their devices, move, and come back after a restart. */
final class SpaceMovesTest {
    private static final int SPACES = 8;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path directory;

    @Test
    void devices_of_two_nodes_share_spaces_and_go_on_when_one_node_leaves() throws Exception {
        Node first = Node.start(NodeOptions.in(directory.resolve("first")).withDatabase(TestDatabase.migrated()));
        Node second = Node.start(NodeOptions.in(directory.resolve("second")).joining(first));
        List<TestDevice> devices = new ArrayList<>();
        try {
            List<String> spaces = new ArrayList<>();
            for (int i = 0; i < SPACES; i++) {
                spaces.add(Api.admin(first).newSpace());
            }
            for (String space : spaces) {
                TestDevice here = TestDevice.connect("here-" + space, first.uri(), first.adminToken());
                devices.add(here.follow(space));
                try (TestDevice there = TestDevice.connect("there-" + space, second.uri(), first.adminToken())) {
                    there.follow(space);
                    here.push(space, "c", "1", Map.of("a", 1));
                    here.acked();
                    there.hear(Frame.Delta.class);
                    there.push(space, "c", "1", Map.of("b", 2));
                    assertThat(there.acked().cursor()).isNotNull();
                    here.hear(Frame.Delta.class);
                    assertThat(here.cursor).isEqualTo(there.cursor);
                }
            }
            TestDevice onTheLeavingNode = TestDevice.connect("guest", second.uri(), first.adminToken());
            devices.add(onTheLeavingNode.follow(spaces.getFirst()));
            for (int i = 0; i < SPACES; i++) {
                devices.get(i).send(new Frame.Announce(spaces.get(i), JsonNodeFactory.instance.textNode("here")));
            }
            List<CompletableFuture<HttpResponse<String>>> polls = new ArrayList<>();
            for (int i = 0; i < SPACES; i++) {
                polls.add(HTTP.sendAsync(
                        Api.admin(first)
                                .request(
                                        "GET",
                                        "/sync/v1/spaces/" + spaces.get(i) + "/changes?wait=20&since="
                                                + devices.get(i).cursor,
                                        ""),
                        HttpResponse.BodyHandlers.ofString()));
            }
            awaitPresence(first, spaces);
            second.stop();
            Frame.Bye bye = onTheLeavingNode.hear(Frame.Bye.class);
            assertThat(bye.reason()).isEqualTo(ErrorCode.UNAVAILABLE);
            assertThat(bye.retryAfterMillis())
                    .as("it may come back, to another node")
                    .isNotNegative();
            onTheLeavingNode.hearTheEnd();
            for (int i = 0; i < SPACES; i++) {
                TestDevice device = devices.get(i);
                device.push(spaces.get(i), "c", "2", Map.of("v", 3));
                device.acked();
                assertThat(Api.admin(first)
                                .get("/sync/v1/spaces/" + spaces.get(i) + "/documents/c/1")
                                .http()
                                .body())
                        .isEqualTo("{\"a\":1,\"b\":2}");
            }
            awaitPresence(first, spaces); // those that moved, too
            for (CompletableFuture<HttpResponse<String>> poll : polls) { // whose space moved was not answered at all
                assertThat(poll.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            }
        } finally {
            devices.forEach(TestDevice::close);
            second.stop();
            first.stop();
        }
    }

    /** A space that moved had forgotten who was there, and nobody announced it again. */
    private static void awaitPresence(Node node, List<String> spaces) {
        for (String space : spaces) {
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(Api.admin(node)
                                    .get("/api/v1/spaces/" + space + "/presence")
                                    .json()
                                    .toString())
                            .contains("here-" + space));
        }
    }

    @Test
    void a_node_that_starts_again_knows_everything_and_repeats_count_once() throws Exception {
        NodeOptions options = NodeOptions.in(directory.resolve("node"))
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.entity.snapshot-bytes-min", "2 KiB");
        String space;
        String cursor;
        String hash;
        try (Node node = Node.start(options)) {
            Api api = Api.admin(node);
            space = api.newSpace();
            api.put("/api/v1/spaces/" + space + "/members/somebody", "{\"right\":\"read\"}");
            try (TestDevice device = TestDevice.connect("d", node.uri(), node.adminToken())) {
                device.follow(space);
                for (int i = 0; i < 60; i++) {
                    device.push(space, "c", "d" + i % 7, Map.of("v", i, "more", "text " + i));
                    device.acked();
                }
                cursor = device.cursor;
            }
            hash = api.get("/sync/v1/spaces/" + space + "/hash")
                    .json()
                    .path("hash")
                    .asText();
        }
        try (Node node = Node.start(options)) {
            Api api = Api.admin(node);
            assertThat(api.get("/sync/v1/spaces/" + space + "/hash")
                            .json()
                            .path("hash")
                            .asText())
                    .isEqualTo(hash);
            assertThat(api.get("/api/v1/spaces/" + space)
                            .json()
                            .path("members")
                            .path("somebody")
                            .asText())
                    .isEqualTo("read");
            try (TestDevice device = TestDevice.connect("d", node.uri(), node.adminToken())) {
                device.cursor = cursor;
                device.follow(space);
                assertThat(device.documents).isEmpty();
                device.seq = 60;
                device.push(space, "c", "d3", Map.of("v", 59, "more", "again"));
                device.acked();
                assertThat(device.cursor).isEqualTo(cursor);
            }
        }
    }
}
