package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that was away for longer than its lease, at the door: docs/protocol.md, 8.6. */
final class LeaseTest {
    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.entity.lease", "300ms")
                .with("aerofusion.space.entity.purge-interval", "100ms"));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void what_a_device_changed_in_documents_that_are_forgotten_waits_for_somebody_to_decide() throws Exception {
        String space = api.newSpace();
        String quarantine = "/api/v1/spaces/" + space + "/quarantine";
        String document = "/sync/v1/spaces/" + space + "/documents/c/";
        Api reader = api.user("onlooker");
        api.put("/api/v1/spaces/" + space + "/members/onlooker", "{\"right\":\"write\"}");
        String away;
        try (TestDevice device =
                TestDevice.connect("away", node.uri(), api.token()).follow(space)) {
            device.push(space, "c", "1", Map.of("v", 1));
            device.push(space, "c", "2", Map.of("v", 1));
            device.push(space, "c", "3", Map.of("v", 1));
            away = device.acked().cursor();
        }
        String first = delete(space, 1, "1", away);
        delete(space, 2, "2", away);
        String changes = "/sync/v1/spaces/" + space + "/changes?since=" + first;
        await().atMost(Duration.ofSeconds(60)) // the lease is over, and the tombstones are purged
                .until(() -> api.get(changes).json().path("reset").asBoolean());

        try (TestDevice device = TestDevice.connect("away", node.uri(), api.token())) {
            device.seq = 4;
            device.send(new Frame.Sub(space, List.of(), away));
            assertThat(device.hear(Frame.Reset.class).reason()).isEqualTo(ErrorCode.CURSOR_EXPIRED);
            device.catchUp();
            assertThat(device.documents).containsOnlyKeys("c/3");
            List<Mutation> offline = List.of(
                    new Mutation(
                            "c",
                            "1",
                            0,
                            TestDevice.values(Map.of("v", 2)),
                            List.of("w"),
                            false,
                            Map.of(),
                            Map.of(),
                            Map.of(),
                            Map.of()),
                    Mutation.set("c", "2", 0, TestDevice.values(Map.of("v", 2))),
                    Mutation.set("c", "3", 0, TestDevice.values(Map.of("v", 2))));
            device.send(new Frame.Push(space, 4, away, offline, null));
            Frame.Rej rej = device.hear(Frame.Rej.class);
            assertThat(rej.rejections()).extracting(Rejection::seq).containsExactly(4L, 5L);
            assertThat(rej.rejections()).extracting(Rejection::code).containsOnly(ErrorCode.QUARANTINED);
            assertThat(device.hear(Frame.Ack.class).upTo()).isEqualTo(6);

            JsonNode held = api.get(quarantine).json().path("items");
            assertThat(held.findValuesAsText("id")).containsExactly("1", "2");
            assertThat(held.path(0).path("device").asText()).isEqualTo("away");
            assertThat(held.path(0).path("set").path("v").asInt()).isEqualTo(2);
            assertThat(held.path(0).path("unset").path(0).asText()).isEqualTo("w");
            JsonNode page = api.get(quarantine + "?limit=1").json();
            assertThat(page.path("items").findValuesAsText("id")).containsExactly("1");
            JsonNode rest = api.get(
                            quarantine + "?limit=1&cursor=" + page.path("next").asText())
                    .json();
            assertThat(rest.path("items").findValuesAsText("id")).containsExactly("2");
            assertThat(api.get(quarantine + "?cursor=" + rest.path("next").asText())
                            .json()
                            .path("items"))
                    .isEmpty();
            assertThat(reader.post(quarantine + "/away/4", "{\"accept\":true}").code())
                    .isEqualTo("forbidden");
            assertThat(api.post(quarantine + "/away/4", "{\"accept\":true}").status())
                    .isEqualTo(200);
            assertThat(api.post(quarantine + "/away/5", "{\"accept\":false}").status())
                    .isEqualTo(200);
            assertThat(api.post(quarantine + "/away/5", "{\"accept\":true}").code())
                    .isEqualTo("not-found");
            assertThat(api.get(quarantine).json().path("items")).isEmpty();
            assertThat(api.get(document + "1").json().path("v").asInt()).isEqualTo(2);
            assertThat(api.get(document + "2").code()).isEqualTo("not-found");
            assertThat(api.get(document + "3").json().path("v").asInt()).isEqualTo(2);
            device.hear(Frame.Delta.class); // what was accepted reaches everybody
            assertThat(device.cell("c", "1", "v").longValue()).isEqualTo(2);
        }
    }

    /** Deletes a document in knowledge of it; the cursor after that. */
    private static String delete(String space, long seq, String id, String base) throws Exception {
        Api.Answer answer = api.post(
                "/sync/v1/spaces/" + space + "/push",
                "{\"device\":\"curl\",\"firstSeq\":" + seq + ",\"base\":\"" + base
                        + "\",\"ops\":[{\"collection\":\"c\",\"id\":\"" + id + "\",\"delete\":true}]}");
        return answer.json().path("cursor").asText();
    }
}
