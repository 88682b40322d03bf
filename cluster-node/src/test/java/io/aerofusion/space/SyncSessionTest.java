package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a session does with good and bad devices, at real sockets. */
final class SyncSessionTest {
    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.epoch", 2)
                .with("aerofusion.space.session.hello-timeout", "5s")
                .with("aerofusion.space.session.tick", "200ms")
                .with("aerofusion.space.session.frame-bytes-max", "256 KiB")
                .with("aerofusion.space.session.credit-bytes", "4000")
                .with("aerofusion.space.session.unsent-bytes-max", "64 KiB")
                .with("aerofusion.space.session.token-recheck", "300ms")
                .with("aerofusion.space.session.seen-interval", "2s")
                .with("aerofusion.space.entity.purge-interval", "300ms")
                .with("aerofusion.space.entity.page-bytes-max", "8 KiB"));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    private static TestDevice connect(String name) throws Exception {
        return TestDevice.connect(name, node.uri(), node.adminToken());
    }

    @Test
    void the_token_may_come_with_the_hello() throws Exception {
        try (TestDevice device = TestDevice.open("d", node.uri(), "")) {
            device.send(device.hello(node.adminToken()));
            assertThat(device.hear(Frame.Welcome.class).limits().creditBytes()).isEqualTo(4000);
        }
    }

    @Test
    void a_wrong_token_ends_the_session() throws Exception {
        try (TestDevice device = TestDevice.open("d", node.uri(), "")) {
            device.send(device.hello("aft_nonsense"));
            Frame.Bye bye = device.hear(Frame.Bye.class);
            assertThat(bye.reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
            assertThat(bye.retryAfterMillis()).isNegative();
            device.hearTheEnd();
        }
        assertThatThrownBy(() -> TestDevice.open("d", node.uri(), "aft_nonsense"))
                .hasStackTraceContaining("401");
    }

    @Test
    void silence_before_the_hello_ends_the_session() throws Exception {
        List<TestDevice> halfOpen = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            halfOpen.add(TestDevice.open("h" + i, node.uri(), ""));
        }
        for (TestDevice device : halfOpen) {
            assertThat(device.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.TIMEOUT);
            device.hearTheEnd();
        }
    }

    @Test
    void bad_messages_are_told_apart() throws Exception {
        assertThat(byeAfter("text".getBytes(StandardCharsets.UTF_8), true)).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(byeAfter(new byte[] {7, 1, 2}, false)).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(byeAfter(new byte[300_000], false)).isEqualTo(ErrorCode.FRAME_TOO_LARGE);
        try (TestDevice device = connect("d")) {
            device.sendBytes("\0[\"sing\",[]]".getBytes(StandardCharsets.UTF_8));
            assertThat(device.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.UNKNOWN_FRAME);
            device.send(new Frame.Credit(0));
            assertThat(device.hearsNothing(300)).isTrue();
        }
    }

    private static ErrorCode byeAfter(byte[] message, boolean text) throws Exception {
        try (TestDevice device = connect("d")) {
            if (text) {
                device.sendText(new String(message, StandardCharsets.UTF_8));
            } else {
                device.sendBytes(message);
            }
            Frame.Bye bye = device.hear(Frame.Bye.class);
            assertThat(bye.retryAfterMillis()).isNegative(); // sent again it would end the same way
            device.hearTheEnd();
            return bye.reason();
        }
    }

    @Test
    void repeated_and_reordered_pushes_count_once_and_gaps_are_fine() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.follow(space);
            Frame.Push late = new Frame.Push(space, 5, device.cursor, set("1", 5), null);
            Frame.Push early = new Frame.Push(space, 2, device.cursor, set("2", 2), null);
            for (Frame.Push push : List.of(late, early, late, early)) {
                device.send(push);
            }
            assertThat(List.of(upTo(device), upTo(device), upTo(device), upTo(device)))
                    .containsExactly(5L, 2L, 5L, 2L);
            assertThat(api.get("/api/v1/spaces/" + space + "/documents/c/1/history")
                            .json()
                            .path("items"))
                    .hasSize(1);
        }
    }

    @Test
    void mutation_numbers_that_there_are_not_are_refused_and_none_is_used_up() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.send(new Frame.Push(space, 1L << 53, null, set("1", 1), null));
            Frame.Failure failure = device.hear(Frame.Failure.class);
            assertThat(failure.code()).isEqualTo(ErrorCode.SEQUENCE_CONFLICT);
            assertThat(failure.space()).isEqualTo(space);
            assertThat(api.push(space, "curl", 1L << 53, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}")
                            .code())
                    .isEqualTo("sequence-conflict");
            device.send(new Frame.Push(space, 1, null, set("1", 1), null));
            assertThat(upTo(device)).isEqualTo(1);
            device.send(new Frame.Push(space, 0, null, set("1", 1), null)); // no push at all
            assertThat(device.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.MALFORMED_FRAME);
            device.hearTheEnd();
        }
    }

    private static long upTo(TestDevice device) throws Exception {
        return device.hear(Frame.Ack.class).upTo();
    }

    @Test
    void answers_to_pushes_keep_their_order_when_one_is_unfit() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.send(new Frame.Push(space, 1, null, set("1", 1), null));
            device.send(new Frame.Push(space, 2, "forged", set("1", 2), null));
            device.send(new Frame.Push(space, 2, null, set("1", 2), null));
            assertThat(upTo(device)).isEqualTo(1);
            Frame.Failure failure = device.hear(Frame.Failure.class);
            assertThat(failure.code()).isEqualTo(ErrorCode.BAD_CURSOR);
            assertThat(failure.space()).isEqualTo(space);
            assertThat(upTo(device)).isEqualTo(2);
        }
    }

    @Test
    void a_base_or_cursor_of_another_space_is_told() throws Exception {
        String space = api.newSpace();
        String other = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.follow(other);
            device.send(new Frame.Push(space, 1, device.cursor, set("1", 1), null));
            assertThat(device.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.BAD_CURSOR);
            device.send(new Frame.Sub(space, List.of(), device.cursor));
            assertThat(device.hear(Frame.Reset.class).reason()).isEqualTo(ErrorCode.BAD_CURSOR);
            assertThat(device.hear(Frame.Snap.class).last()).isTrue();
        }
    }

    @Test
    void a_cursor_of_an_older_or_later_epoch_starts_anew() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d")) {
            device.follow(space);
            Cursor known = Cursor.decode(device.cursor);
            for (long epoch : new long[] {known.epoch() - 1, known.epoch() + 1}) {
                String other = new Cursor(known.space(), epoch, known.numbers(), known.hlc()).encode();
                device.send(new Frame.Sub(space, List.of(), other));
                assertThat(device.hear(Frame.Reset.class).reason()).isEqualTo(ErrorCode.CURSOR_EXPIRED);
                assertThat(device.hear(Frame.Snap.class).last()).isTrue();
            }
        }
    }

    @Test
    void a_clock_years_ahead_is_stamped_anew_and_told() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d")) {
            long ahead = (System.currentTimeMillis() + Duration.ofDays(3650).toMillis()) << 16;
            device.push(space, List.of(Mutation.set("c", "1", ahead, TestDevice.values(Map.of("v", 1)))));
            assertThat(device.acked().restamps()).containsOnlyKeys(1L);
        }
    }

    @Test
    void somebody_elses_space_is_gone() throws Exception {
        String space = api.newSpace();
        Api stranger = api.user("walker");
        try (TestDevice device = TestDevice.connect("w", node.uri(), stranger.token())) {
            device.send(new Frame.Sub(space, List.of(), null));
            assertThat(device.hear(Frame.Gone.class).reason()).isEqualTo(ErrorCode.SPACE_NOT_FOUND);
            device.push(space, "c", "1", Map.of("v", 1));
            assertThat(device.hear(Frame.Gone.class).reason()).isEqualTo(ErrorCode.SPACE_NOT_FOUND);
        }
    }

    @Test
    void what_names_no_followed_space_does_no_harm() throws Exception {
        try (TestDevice device = connect("d")) {
            device.send(new Frame.Seen("nowhere", "forged"));
            device.send(new Frame.Unsub("nowhere"));
            device.send(new Frame.Announce("nowhere", null));
            assertThat(device.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            device.push("no such name", "c", "1", Map.of("v", 1));
            assertThat(device.hear(Frame.Gone.class).reason()).isEqualTo(ErrorCode.SPACE_NOT_FOUND);
            device.send(new Frame.Sub("no such name", List.of(), null));
            assertThat(device.hear(Frame.Gone.class).reason()).isEqualTo(ErrorCode.SPACE_NOT_FOUND);
        }
    }

    @Test
    void access_that_is_taken_away_ends_the_subscription_at_once() throws Exception {
        String space = api.newSpace();
        Api member = api.user("member");
        api.put("/api/v1/spaces/" + space + "/members/member", "{\"right\":\"read\"}");
        try (TestDevice device = TestDevice.connect("m", node.uri(), member.token())) {
            device.follow(space);
            api.delete("/api/v1/spaces/" + space + "/members/member");
            assertThat(device.hear(Frame.Gone.class).space()).isEqualTo(space);
        }
    }

    @Test
    void another_users_device_of_the_same_name_is_refused() throws Exception {
        String space = api.newSpace();
        Api member = api.user("namesake");
        api.put("/api/v1/spaces/" + space + "/members/namesake", "{\"right\":\"write\"}");
        try (TestDevice mine = connect("same").follow(space);
                TestDevice other = TestDevice.connect("same", node.uri(), member.token())) {
            other.push(space, "c", "1", Map.of("v", 1));
            assertThat(other.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);
            assertThat(mine.hearsNothing(200)).isTrue();
        }
    }

    @Test
    void without_credit_a_device_falls_behind_and_catches_up_with_one_delta() throws Exception {
        String space = api.newSpace();
        try (TestDevice reader = connect("reader").follow(space);
                TestDevice writer = connect("writer").follow(space)) {
            for (int i = 0; i < 40; i++) {
                writer.push(space, "c", "1", Map.of("v", i, "text", incompressible(i)));
                writer.acked();
                writer.send(new Frame.Credit(4000));
            }
            assertThat(reader.hearWhatWasSent()).isLessThan(40);
            reader.send(new Frame.Credit(4000));
            reader.hear(Frame.Delta.class);
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                if (!reader.hearsNothing(50)) {
                    reader.apply(reader.hear());
                }
                return reader.cursor.equals(writer.cursor);
            });
            assertThat(reader.cell("c", "1", "v").longValue()).isEqualTo(39);
        }
    }

    @Test
    void of_what_a_device_stores_in_quick_succession_the_latest_counts() throws Exception {
        String space = api.newSpace();
        String device = "/api/v1/devices/quick";
        String credential = api.post("/api/v1/devices", "{\"device\":\"quick\"}")
                .json()
                .path("credential")
                .asText();
        try (TestDevice quick =
                TestDevice.connect("quick", node.uri(), credential).follow(space)) {
            quick.push(space, "c", "1", Map.of("v", 1));
            String before = quick.acked().cursor();
            quick.send(new Frame.Seen(space, before));
            quick.push(space, List.of(Mutation.delete("c", "1", 0)));
            String after = quick.acked().cursor();
            quick.send(new Frame.Seen(space, after)); // and nothing more: it is idle from now on
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                assertThat(api.get(device)
                                .json()
                                .at("/acknowledged/" + space + "/cursor")
                                .asText())
                        .isEqualTo(after);
                assertThat(api.get("/sync/v1/spaces/" + space + "/changes?since=" + before)
                                .json()
                                .path("reset")
                                .asBoolean())
                        .as("the tombstone is gone, since every device has seen the delete")
                        .isTrue();
            });
        }
    }

    @Test
    void what_a_device_stored_last_is_passed_on_when_its_session_ends() throws Exception {
        String space = api.newSpace();
        String credential = api.post("/api/v1/devices", "{\"device\":\"brief\"}")
                .json()
                .path("credential")
                .asText();
        String last;
        try (TestDevice brief =
                TestDevice.connect("brief", node.uri(), credential).follow(space)) {
            brief.send(new Frame.Seen(space, brief.cursor));
            brief.push(space, "c", "1", Map.of("v", 1));
            last = brief.acked().cursor();
            brief.send(new Frame.Seen(space, last));
            brief.send(new Frame.Leave("done"));
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(api.get("/api/v1/devices/brief")
                                .json()
                                .at("/acknowledged/" + space + "/cursor")
                                .asText())
                        .isEqualTo(last));
    }

    @Test
    void a_newer_session_of_a_device_ends_the_one_before() throws Exception {
        String space = api.newSpace();
        String credential = api.post("/api/v1/devices", "{\"device\":\"twice\"}")
                .json()
                .path("credential")
                .asText();
        try (TestDevice first = TestDevice.connect("twice", node.uri(), credential)) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> api.get("/api/v1/devices/twice")
                            .json()
                            .path("connected")
                            .asBoolean());
            try (TestDevice second =
                    TestDevice.connect("twice", node.uri(), credential).follow(space)) {
                Frame.Bye bye = first.hear(Frame.Bye.class);
                assertThat(bye.reason()).isEqualTo(ErrorCode.SESSION_REPLACED);
                assertThat(bye.retryAfterMillis()).isNegative();
                first.hearTheEnd();
                second.push(space, "c", "1", Map.of("v", 1));
                assertThat(second.acked().upTo()).isEqualTo(1);
            }
        }
    }

    @Test
    void a_revoked_token_ends_the_session() throws Exception {
        Api user = api.user("leaver");
        try (TestDevice device = TestDevice.connect("l", node.uri(), user.token())) {
            String id = api.get("/api/v1/users/leaver")
                    .json()
                    .path("tokens")
                    .path(0)
                    .path("token")
                    .asText();
            assertThat(api.delete("/api/v1/users/leaver/tokens/" + id).status()).isIn(200, 204);
            assertThat(device.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
            device.hearTheEnd();
        }
    }

    @Test
    void presence_is_shown_and_taken_back_with_the_session() throws Exception {
        String space = api.newSpace();
        try (TestDevice watcher = connect("watcher").follow(space)) {
            TestDevice guest = connect("guest").follow(space);
            guest.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode("here")));
            Frame.Presence shown = watcher.hear(Frame.Presence.class);
            assertThat(shown.device()).isEqualTo("guest");
            assertThat(shown.state().asText()).isEqualTo("here");
            assertThat(api.get("/api/v1/spaces/" + space + "/presence").json().toString())
                    .contains("guest");
            guest.close();
            assertThat(watcher.hear(Frame.Presence.class).state()).isNull();
        }
    }

    /** The others went on to show somebody whom they had put out. */
    @Test
    void presence_is_taken_back_with_the_right_to_see_the_space() throws Exception {
        String space = api.newSpace();
        Api member = api.user("dismissed");
        api.put("/api/v1/spaces/" + space + "/members/dismissed", "{\"right\":\"read\"}");
        try (TestDevice watcher = connect("watcher").follow(space);
                TestDevice guest = TestDevice.connect("guest-of-" + space, node.uri(), member.token())
                        .follow(space)) {
            guest.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode("here")));
            assertThat(watcher.hear(Frame.Presence.class).state().asText()).isEqualTo("here");
            api.delete("/api/v1/spaces/" + space + "/members/dismissed");
            assertThat(watcher.hear(Frame.Presence.class))
                    .isEqualTo(new Frame.Presence(space, "guest-of-" + space, null));
        }
    }

    /** It was told before what it waited for, and passed over. */
    @Test
    void who_comes_later_is_shown_who_is_there() throws Exception {
        String space = api.newSpace();
        try (TestDevice guest = connect("guest").follow(space)) {
            guest.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode("here")));
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(api.get("/api/v1/spaces/" + space + "/presence")
                                    .json()
                                    .toString())
                            .contains("guest"));
            try (TestDevice late = connect("late").follow(space)) {
                Frame.Presence shown = late.hear(Frame.Presence.class);
                assertThat(shown.device()).isEqualTo("guest");
                assertThat(shown.state().asText()).isEqualTo("here");
            }
        }
    }

    /** It was dropped while a session asked again for what it had missed, and nobody told it later. */
    @Test
    void who_is_behind_with_changes_is_shown_what_others_announce_all_the_same() throws Exception {
        String space = api.newSpace();
        try (TestDevice reader = connect("reader").follow(space);
                TestDevice writer = connect("writer").follow(space)) {
            TestDevice guest = connect("guest").follow(space);
            for (int i = 0; i < 40; i++) { // ten times what the reader has credit for
                writer.push(space, "c", "d" + i, Map.of("v", i, "text", incompressible(i)));
                writer.acked();
                writer.send(new Frame.Credit(4000));
            }
            guest.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode("first")));
            assertThat(reader.hear(Frame.Presence.class).state().asText()).isEqualTo("first");
            assertThat(reader.cell("c", "d39", "v")).as("it is behind").isNull();
            reader.send(new Frame.Credit(4000));
            assertThat(reader.hear(Frame.Delta.class).more())
                    .as("it has asked, and is behind for the space, too")
                    .isTrue();
            guest.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode("second")));
            assertThat(reader.hear(Frame.Presence.class).state().asText()).isEqualTo("second");
            assertThat(reader.cell("c", "d39", "v")).as("it is still behind").isNull();
            guest.close();
            assertThat(reader.hear(Frame.Presence.class).state()).isNull();
        }
    }

    @Test
    void of_presence_that_is_announced_too_fast_the_latest_counts() throws Exception {
        String space = api.newSpace();
        try (TestDevice watcher = connect("watcher").follow(space);
                TestDevice guest = connect("guest").follow(space)) {
            for (int i = 0; i <= 200; i++) {
                guest.send(new Frame.Announce(space, JsonNodeFactory.instance.numberNode(i)));
            }
            int heard = 1;
            while (watcher.hear(Frame.Presence.class).state().asInt() < 200) {
                heard++;
            }
            assertThat(heard).isLessThan(200);
        }
    }

    @Test
    void a_report_of_the_twin_is_answered() throws Exception {
        String credential = api.post("/api/v1/devices", "{\"device\":\"reporter\"}")
                .json()
                .path("credential")
                .asText();
        try (TestDevice device = TestDevice.connect("reporter", node.uri(), credential)) {
            device.send(new Frame.Report(Api.parse("{\"battery\":1}")));
            assertThat(device.hear(Frame.Reported.class)).isEqualTo(new Frame.Reported(1, 1, null));
            device.send(new Frame.Report(Api.parse("{\"notes\":\"" + "x".repeat(100_000) + "\"}")));
            assertThat(device.hear(Frame.Reported.class))
                    .isEqualTo(new Frame.Reported(2, 0, ErrorCode.DOCUMENT_TOO_LARGE));
            device.send(new Frame.Report(Api.parse("{\"battery\":2}")));
            assertThat(device.hear(Frame.Reported.class)).isEqualTo(new Frame.Reported(3, 2, null));
        }
    }

    @Test
    void the_trace_of_a_push_travels_with_its_delta() throws Exception {
        String space = api.newSpace();
        String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        try (TestDevice reader = connect("reader").follow(space);
                TestDevice writer = connect("writer")) {
            writer.send(new Frame.Push(space, 1, null, set("1", 1), trace));
            assertThat(reader.hear(Frame.Delta.class).traceparent()).contains("4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }

    @Test
    void only_the_collections_that_were_asked_for_are_sent() throws Exception {
        String space = api.newSpace();
        try (TestDevice reader = connect("reader");
                TestDevice writer = connect("writer").follow(space)) {
            reader.send(new Frame.Sub(space, List.of("c"), null));
            reader.catchUp();
            writer.push(space, "other", "1", Map.of("v", 1));
            writer.acked();
            writer.push(space, "c", "1", Map.of("v", 1));
            writer.acked();
            assertThat(reader.hear(Frame.Delta.class).changes()).isEmpty();
            assertThat(reader.hear(Frame.Delta.class).changes()).hasSize(1);
            assertThat(reader.documents).containsOnlyKeys("c/1");
        }
    }

    @Test
    void a_large_space_comes_in_parts() throws Exception {
        String space = api.newSpace();
        try (TestDevice writer = connect("writer").follow(space);
                TestDevice reader = connect("reader")) {
            for (int i = 0; i < 100; i++) {
                writer.push(space, "c", "d" + i, Map.of("text", incompressible(i)));
                writer.acked();
            }
            reader.send(new Frame.Sub(space, List.of(), null));
            int parts = 0;
            for (Frame.Snap snap = reader.hear(Frame.Snap.class); ; snap = reader.hear(Frame.Snap.class)) {
                parts++;
                reader.send(new Frame.Credit(FrameCodec.encode(snap).length));
                if (snap.last()) {
                    break;
                }
            }
            assertThat(parts).isGreaterThan(1);
            assertThat(reader.documents).hasSize(100);
        }
    }

    private static String incompressible(int seed) {
        StringBuilder text = new StringBuilder();
        new java.util.Random(seed).ints(400, 0, 94).forEach(c -> text.append((char) ('!' + c)));
        return text.toString();
    }

    private static List<Mutation> set(String id, int value) {
        return List.of(Mutation.set("c", id, 0, TestDevice.values(Map.of("v", value))));
    }

    /** Mutation numbers count per device: under a device's name nobody else may use them up. */
    @Test
    void nobody_acts_under_the_name_of_somebody_elses_device() throws Exception {
        String space = api.newSpace();
        Api mallory = api.user("mallory");
        api.put("/api/v1/spaces/" + space + "/members/mallory", "{\"right\":\"write\"}");
        credential("known-phone");
        try (TestDevice forged = TestDevice.open("known-phone", node.uri(), mallory.token())) {
            forged.send(forged.hello(""));
            assertThat(forged.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);
        }
        assertThat(mallory.push(space, "known-phone", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":0}}")
                        .code())
                .isEqualTo("device-unknown");
        assertThat(api.push(space, "known-phone", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}")
                        .status())
                .as("its owner may")
                .isEqualTo(200);

        // A name that was somebody else's in this space before its device was registered.
        try (TestDevice first = TestDevice.connect("late-phone", node.uri(), mallory.token())) {
            first.push(space, "c", "2", Map.of("v", "mallory's"), Map.of("w", "mallory's"));
            first.acked();
            try (TestDevice late = TestDevice.connect("late-phone", node.uri(), credential("late-phone"))
                    .follow(space)) {
                late.push(space, "c", "3", Map.of("v", 1), Map.of("v", 2));
                assertThat(late.acked().upTo()).isEqualTo(2);
                assertThat(api.get("/sync/v1/spaces/" + space + "/documents/c/3")
                                .json()
                                .path("v")
                                .asInt())
                        .as("the equal numbers of another one count for nothing")
                        .isEqualTo(2);
            }
            first.push(space, "c", "4", Map.of("v", 1));
            assertThat(first.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);
        }
        assertThat(mallory.push(space, "late-phone", 9, "{\"collection\":\"c\",\"id\":\"4\",\"set\":{\"v\":0}}")
                        .code())
                .isEqualTo("device-unknown");
        try (TestDevice again = TestDevice.connect("late-phone", node.uri(), credential("late-phone"))) {
            again.push(space, "c", "3", Map.of("v", 1), Map.of("v", 2));
            again.acked();
            assertThat(api.get("/api/v1/spaces/" + space + "/documents/c/3/history")
                            .json()
                            .path("items"))
                    .as("told again they have no effect")
                    .hasSize(2);
        }
    }

    private final Map<String, String> credentials = new TreeMap<>();

    private String credential(String device) throws Exception {
        String known = credentials.get(device);
        if (known == null) {
            known = api.post("/api/v1/devices", "{\"device\":\"" + device + "\"}")
                    .json()
                    .path("credential")
                    .asText();
            credentials.put(device, known);
        }
        return known;
    }
}
