package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The order in which a session hears of one space: docs/protocol.md, 8.4. {@link TestDevice} refuses a delta that does not join on. */
@Timeout(120)
final class OrderTest {
    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.epoch", 2)
                .with("aerofusion.space.session.credit-bytes", "4000"));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    private static TestDevice connect(String name) throws Exception {
        return TestDevice.connect(name, node.uri(), api.token());
    }

    @Test
    void acks_and_deltas_of_devices_that_push_at_once_join_on_without_a_gap() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String space = api.newSpace();
        try (TestDevice a = connect("a").follow(space);
                TestDevice b = connect("b").follow(space);
                TestDevice reader = connect("reader").follow(space)) {
            List<TestDevice> writers = List.of(a, b);
            Map<TestDevice, Long> answered = new HashMap<>();
            for (int round = 0; round < 60; round++) {
                for (TestDevice writer : writers) {
                    for (int pushes = random.nextInt(3); pushes > 0; pushes--) {
                        writer.push(space, "c", "d" + random.nextInt(5), Map.of("v", round, writer.name, round));
                    }
                }
                for (TestDevice writer : writers) {
                    hearUpToTheAck(writer, answered);
                }
                for (TestDevice device : List.of(a, b, reader)) {
                    device.send(new Frame.Credit(4000));
                }
            }
            String last = api.get("/sync/v1/spaces/" + space + "/changes")
                    .json()
                    .path("cursor")
                    .asText();
            for (TestDevice device : List.of(a, b, reader)) {
                device.catchUpTo(last); // fails on a gap
            }
            assertThat(reader.documents).as("seed %d", seed).isEqualTo(served(space));
            assertThat(a.cursor).as("seed %d", seed).isEqualTo(reader.cursor).isEqualTo(b.cursor);
        }
    }

    private static void hearUpToTheAck(TestDevice writer, Map<TestDevice, Long> answered) throws Exception {
        while (answered.getOrDefault(writer, 0L) < writer.seq - 1) {
            Frame frame = writer.hear();
            writer.apply(frame);
            if (frame instanceof Frame.Ack ack) {
                answered.put(writer, ack.upTo());
            }
        }
    }

    private static Map<String, Map<String, JsonNode>> served(String space) throws Exception {
        Map<String, Map<String, JsonNode>> documents = new TreeMap<>();
        for (var change :
                api.get("/sync/v1/spaces/" + space + "/changes").json().path("changes")) {
            Map<String, JsonNode> cells = new TreeMap<>();
            change.path("set")
                    .properties()
                    .forEach(cell -> cells.put(
                            cell.getKey(),
                            JsonNodeFactory.instance.numberNode(cell.getValue().longValue())));
            documents.put(
                    change.path("collection").asText() + "/" + change.path("id").asText(), cells);
        }
        return documents;
    }

    @Test
    void a_device_is_not_told_its_own_commits() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d").follow(space)) {
            for (int i = 0; i < 5; i++) {
                device.push(space, "c", "1", Map.of("v", i));
                Frame answer = device.hear();
                assertThat(answer).isInstanceOf(Frame.Ack.class);
                device.apply(answer);
            }
            assertThat(device.hearsNothing(300)).isTrue();
        }
    }

    @Test
    void rejections_and_conflicts_come_before_their_ack() throws Exception {
        String space = api.newSpace();
        api.put(
                "/api/v1/spaces/" + space + "/collections/c/schema",
                "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}");
        try (TestDevice first = connect("first").follow(space);
                TestDevice second = connect("second").follow(space)) {
            first.push(space, "c", "1", Map.of("n", 1));
            first.acked();
            // The second has not heard of it when it makes its changes: a conflict; and one that the schema refuses.
            second.push(space, "c", "1", Map.of("n", 2), Map.of("n", "two"));
            List<Class<?>> heard = new ArrayList<>();
            for (Frame frame = second.hear(); ; frame = second.hear()) {
                heard.add(frame.getClass());
                second.apply(frame);
                if (frame instanceof Frame.Ack) {
                    break;
                }
            }
            assertThat(heard)
                    .as("up to and with the ack")
                    .contains(Frame.Rej.class, Frame.Conflicts.class)
                    .endsWith(Frame.Ack.class);
        }
    }

    @Test
    void who_is_behind_gets_acks_without_a_cursor_and_then_one_delta() throws Exception {
        String space = api.newSpace();
        try (TestDevice slow = connect("slow").follow(space);
                TestDevice writer = connect("writer").follow(space)) {
            String stood = slow.cursor;
            for (int i = 0; i < 30; i++) {
                writer.push(
                        space,
                        "c",
                        "1",
                        Map.of(
                                "v",
                                i,
                                "text",
                                "x" + new Random(i).nextLong() + "y".repeat(300)
                                        + new Random(i + 1000)
                                                .ints(300, 33, 126)
                                                .mapToObj(c -> "" + (char) c)
                                                .reduce("", String::concat)));
                writer.acked();
                writer.send(new Frame.Credit(4000));
            }
            slow.hearWhatWasSent();
            assertThat(slow.cursor).isNotEqualTo(stood).isNotEqualTo(writer.cursor); // its credit ended in between
            String behind = slow.cursor;
            slow.push(space, "c", "2", Map.of("v", 1));
            Frame.Ack ack = slow.hear(Frame.Ack.class);
            assertThat(ack.cursor()).isNull();
            assertThat(slow.cursor).isEqualTo(behind);
            slow.send(new Frame.Credit(4000));
            Frame.Delta delta = slow.hear(Frame.Delta.class);
            assertThat(delta.from()).isEqualTo(behind);
            assertThat(slow.cell("c", "1", "v").longValue()).isEqualTo(29);
            assertThat(slow.cell("c", "2", "v").longValue()).isEqualTo(1);
            assertThat(slow.hearsNothing(300)).isTrue();
        }
    }

    @Test
    void a_reset_comes_before_the_snap_that_replaces_the_state() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d").follow(space)) {
            device.push(space, "c", "1", Map.of("v", 1));
            device.acked();
            Cursor known = Cursor.decode(device.cursor);
            device.send(new Frame.Sub(
                    space,
                    List.of(),
                    new Cursor(known.space(), known.epoch() - 1, known.numbers(), known.hlc()).encode()));
            assertThat(device.hear()).isEqualTo(new Frame.Reset(space, ErrorCode.CURSOR_EXPIRED));
            assertThat(device.hear()).isInstanceOf(Frame.Snap.class);
        }
    }

    @Test
    void spaces_do_not_wait_for_each_other() throws Exception {
        String busy = api.newSpace();
        String quiet = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.send(new Frame.Push(busy, 1, "forged", List.of(Mutation.set("c", "1", 0, Map.of())), null));
            device.push(quiet, "c", "1", Map.of("v", 1));
            boolean failed = false;
            boolean acked = false;
            while (!failed || !acked) {
                switch (device.hear()) {
                    case Frame.Failure failure -> failed |= busy.equals(failure.space());
                    case Frame.Ack ack -> acked |= quiet.equals(ack.space());
                    default -> {}
                }
            }
        }
    }
}
