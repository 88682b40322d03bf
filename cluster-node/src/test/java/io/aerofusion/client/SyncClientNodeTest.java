package io.aerofusion.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.client.ClientStatus.State;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The SDK at a real node on a real database. */
@Timeout(120)
final class SyncClientNodeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path data;

    private static Node node;
    private static Admin admin;

    private final List<SyncClient> clients = new ArrayList<>();

    @BeforeAll
    static void start() {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        admin = new Admin(node.uri(), node.adminToken());
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @AfterEach
    void close() {
        clients.forEach(SyncClient::close);
    }

    @Test
    void offline_edits_of_two_devices_meet_and_both_have_the_servers_hash() throws Exception {
        String space = newSpace();
        SyncClient phone = client("phone", admin);
        SyncClient tablet = client("tablet", admin);
        SyncedSpace onPhone = phone.space(space);
        SyncedSpace onTablet = tablet.space(space);
        onPhone.put("runways", "1", object("{\"length\":2500,\"lights\":{\"edge\":true}}"));
        onTablet.merge("runways", "1", object("{\"surface\":\"asphalt\",\"length\":1800}"));
        phone.goOnline();
        onPhone.flush().get(60, TimeUnit.SECONDS);
        tablet.goOnline();
        onTablet.flush().get(60, TimeUnit.SECONDS);

        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(onPhone.get("runways", "1"))
                    .contains(object("{\"length\":1800,\"lights\":{\"edge\":true},\"surface\":\"asphalt\"}"));
            assertThat(onPhone.hash())
                    .isEqualTo(onTablet.hash())
                    .isEqualTo(admin.hash(space).path("hash").asText());
        });
        assertThat(onTablet.conflicts())
                .singleElement()
                .satisfies(notice -> assertThat(notice.conflict().path()).isEqualTo("length"));
        onTablet.resolve(onTablet.conflicts().iterator().next(), json("2000"));
        assertThat(onTablet.conflicts()).isEmpty();
        await().atMost(PATIENCE)
                .until(() ->
                        onPhone.get("runways", "1").orElseThrow().path("length").asInt() == 2000);
    }

    @Test
    void a_report_that_the_server_does_not_take_is_told_and_does_not_hold_up_the_next() throws Exception {
        SyncClient phone = client("phone", admin);
        String device = names.getLast();
        List<ErrorCode> refused = new java.util.concurrent.CopyOnWriteArrayList<>();
        phone.observe(event -> {
            if (event instanceof ReplicaEvent.ReportRefused told) {
                refused.add(told.code());
            }
        });
        phone.report(object("{\"notes\":\"" + "x".repeat(100_000) + "\"}"));
        phone.report(object("{\"battery\":0.5}"));
        phone.goOnline();
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(refused).containsExactly(ErrorCode.DOCUMENT_TOO_LARGE);
            assertThat(admin.twin(device).path("reported")).isEqualTo(json("{\"battery\":0.5}"));
        });
    }

    @Test
    void conflicts_that_wait_for_a_decision_are_listed_for_whoever_decides() throws Exception {
        String space = newSpace();
        admin.setSchema(
                space,
                "runways",
                json(
                        "{\"type\":\"object\",\"properties\":{\"state\":{\"x-sync\":{\"type\":\"lww\",\"policy\":\"manual\"}}}}"));
        for (String name : List.of("phone", "tablet")) {
            SyncClient client = client(name, admin);
            client.space(space).put("runways", "1", object("{\"state\":\"" + name + "\"}"));
            client.goOnline();
            client.flush().get(60, TimeUnit.SECONDS);
        }
        assertThat(admin.conflicts(space).path("items")).singleElement().satisfies(conflict -> {
            assertThat(conflict.path("path").asText()).isEqualTo("state");
            assertThat(List.of(
                            conflict.path("live").path("value").asText(),
                            conflict.path("waiting").path(0).path("value").asText()))
                    .containsExactlyInAnyOrder("phone", "tablet");
        });
        assertThat(admin.document(space, "runways", "1").path("state").asText())
                .isEqualTo(admin.conflicts(space)
                        .path("items")
                        .path(0)
                        .path("live")
                        .path("value")
                        .asText());
    }

    @Test
    void an_update_that_met_a_delete_waits_for_a_decision_about_the_document() throws Exception {
        String space = newSpace();
        admin.setSchema(
                space,
                "runways",
                json("{\"properties\":{\"n\":{\"x-sync\":\"counter\"}},\"x-sync\":{\"policy\":\"manual\"}}"));
        SyncClient phone = client("phone", admin);
        SyncClient tablet = client("tablet", admin);
        SyncedSpace there = phone.space(space);
        SyncedSpace here = tablet.space(space);
        for (String id : List.of("kept", "dropped")) {
            there.put("runways", id, object("{\"state\":\"open\",\"length\":900}"));
            there.increment("runways", id, "n", 5);
        }
        for (SyncClient client : List.of(phone, tablet)) {
            client.goOnline();
            client.flush().get(60, TimeUnit.SECONDS);
        }
        await().atMost(PATIENCE).until(() -> here.get("runways", "dropped").isPresent());
        tablet.goOffline();
        for (String id : List.of("kept", "dropped")) {
            here.set("runways", id, "state", json("\"closed\""));
            there.delete("runways", id);
        }
        phone.flush().get(60, TimeUnit.SECONDS);
        tablet.goOnline();
        tablet.flush().get(60, TimeUnit.SECONDS);
        await().atMost(PATIENCE).until(() -> here.conflicts().size() == 2);
        assertThat(admin.conflicts(space).path("items")).hasSize(2).allSatisfy(waiting -> {
            assertThat(waiting.path("path").asText()).isEmpty();
            assertThat(waiting.path("waiting").path(0).has("value"))
                    .as("the delete")
                    .isFalse();
            assertThat(waiting.path("live").path("value").path("n").asInt()).isEqualTo(5);
        });

        for (ConflictNotice notice : here.conflicts()) {
            assertThat(notice.conflict().queued()).isTrue();
            boolean keep = notice.conflict().id().equals("kept");
            await().atMost(PATIENCE)
                    .until(() -> here.get("runways", notice.conflict().id()).isPresent());
            here.resolve(notice, keep ? here.get("runways", "kept").orElseThrow() : null);
        }
        tablet.flush().get(60, TimeUnit.SECONDS);
        assertThat(admin.conflicts(space).path("items")).isEmpty();
        assertThat(here.rejected()).isEmpty();
        assertThat(admin.document(space, "runways", "kept").toString())
                .isEqualTo("{\"length\":900,\"n\":5,\"state\":\"closed\"}");
        assertThatExceptionOfType(ApiException.class).isThrownBy(() -> admin.document(space, "runways", "dropped"));
    }

    @Test
    void counters_sets_and_lists_take_in_everybodys_work() throws Exception {
        String space = newSpace();
        admin.setSchema(space, "runways", json("""
                {"type":"object","properties":{"visits":{"x-sync":"counter"},"tags":{"x-sync":"orset"},
                "log":{"x-sync":"list"}}}"""));
        SyncClient phone = client("phone", admin);
        SyncClient tablet = client("tablet", admin);
        for (SyncClient client : List.of(phone, tablet)) {
            SyncedSpace held = client.space(space);
            held.increment("runways", "1", "visits", 2);
            held.add(
                    "runways",
                    "1",
                    "tags",
                    json("\"wet\""),
                    json("\"" + client.status().pending() + "\""));
            held.insert("runways", "1", "log", null, json("\"seen\""));
            client.goOnline();
        }
        phone.flush().get(60, TimeUnit.SECONDS);
        tablet.flush().get(60, TimeUnit.SECONDS);
        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode runway = phone.space(space).get("runways", "1").orElseThrow();
            assertThat(runway.path("visits").asInt()).isEqualTo(4);
            assertThat(runway.path("tags")).hasSize(2);
            assertThat(runway.path("log")).hasSize(2);
            assertThat(phone.space(space).listKeys("runways", "1", "log")).hasSize(2);
            assertThat(phone.space(space).hash())
                    .isEqualTo(tablet.space(space).hash())
                    .isEqualTo(admin.hash(space).path("hash").asText());
        });
    }

    @Test
    void what_breaks_the_schema_is_surfaced_and_the_rest_goes_on() throws Exception {
        String space = newSpace();
        admin.setSchema(
                space, "runways", json("{\"type\":\"object\",\"properties\":{\"length\":{\"type\":\"number\"}}}"));
        SyncClient phone = client("phone", admin);
        SyncedSpace held = phone.space(space);
        held.put("runways", "good", object("{\"length\":1}"));
        held.put("runways", "bad", object("{\"length\":\"long\"}"));
        held.put("runways", "better", object("{\"length\":2}"));
        phone.goOnline();
        held.flush().get(60, TimeUnit.SECONDS);
        assertThat(held.rejected()).singleElement().satisfies(rejected -> {
            assertThat(rejected.code()).isEqualTo(ErrorCode.SCHEMA_VIOLATION);
            assertThat(rejected.mutation().id()).isEqualTo("bad");
        });
        assertThat(held.query("runways", any -> true)).containsOnlyKeys("good", "better");
        held.dismiss(held.rejected().iterator().next());
        assertThat(held.rejected()).isEmpty();
    }

    @Test
    void who_loses_access_loses_the_copy_and_gets_the_queue_back() throws Exception {
        String space = newSpace();
        Admin guest = newUser();
        admin.setMember(
                space, guest.call("GET", "/api/v1/me", null).path("user").asText(), "write");
        SyncClient phone = client("phone", guest);
        SyncedSpace held = phone.space(space);
        phone.goOnline();
        held.put("runways", "1", object("{\"length\":1}"));
        held.flush().get(60, TimeUnit.SECONDS);
        await().atMost(PATIENCE).until(held::isComplete);
        phone.goOffline();
        held.put("runways", "2", object("{\"length\":2}"));
        assertThat(held.pending()).isEqualTo(1);
        admin.removeMember(
                space, guest.call("GET", "/api/v1/me", null).path("user").asText());
        phone.goOnline();
        await().atMost(PATIENCE).until(() -> held.get("runways", "1").isEmpty());
        assertThat(held.get("runways", "2")).isEmpty();
        assertThat(held.pending()).isZero();
        assertThat(held.rejected()).singleElement().satisfies(rejected -> {
            assertThat(rejected.code()).isEqualTo(ErrorCode.SPACE_NOT_FOUND);
            assertThat(rejected.mutation().id()).isEqualTo("2");
            assertThat(rejected.mutation().set()).containsEntry("length", json("2"));
        });
        assertThat(admin.call("GET", "/sync/v1/spaces/" + space + "/changes", null)
                        .path("changes"))
                .as("what was queued never reached the space")
                .hasSize(1);
        assertThat(admin.document(space, "runways", "1").path("length").asInt()).isEqualTo(1);
    }

    @Test
    void what_a_device_announces_is_seen_by_the_others_until_it_leaves() throws Exception {
        String space = newSpace();
        SyncClient phone = client("phone", admin);
        String device = names.getLast();
        SyncedSpace onPhone = phone.space(space);
        SyncedSpace onTablet = client("tablet", admin).space(space);
        onPhone.announce(json("{\"looksAt\":\"runway 1\"}")); // kept until there is a session
        clients.forEach(SyncClient::goOnline);
        await().atMost(PATIENCE)
                .until(() -> json("{\"looksAt\":\"runway 1\"}")
                        .equals(onTablet.presence().get(device)));
        onPhone.announce(json("{\"looksAt\":\"runway 2\"}"));
        await().atMost(PATIENCE)
                .until(() -> json("{\"looksAt\":\"runway 2\"}")
                        .equals(onTablet.presence().get(device)));
        onPhone.announce(null);
        await().atMost(PATIENCE).until(() -> onTablet.presence().isEmpty());
        onPhone.announce(json("\"here\""));
        await().atMost(PATIENCE).until(() -> onTablet.presence().containsKey(device));
        phone.goOffline();
        await().atMost(PATIENCE).until(() -> onTablet.presence().isEmpty());
        phone.goOnline(); // and says it again
        await().atMost(PATIENCE).until(() -> onTablet.presence().containsKey(device));
    }

    @Test
    void a_clock_that_is_years_wrong_is_corrected_by_the_nodes() throws Exception {
        // Told apart by who wins: an uncorrected clock would lose always when behind, and would be given the server's
        // time when ahead.
        assertThat(winner(Duration.ofDays(-900), Duration.ZERO)).isEqualTo("skewed");
        assertThat(winner(Duration.ofDays(900), Duration.ofSeconds(-40))).isEqualTo("phone");
    }

    /** Who wins when both write without knowing of each other, the phone 20 s ago and the device with the wrong clock that long ago. */
    private String winner(Duration skew, Duration ago) throws Exception {
        String space = newSpace();
        AtomicReference<Duration> phoneTime = new AtomicReference<>(Duration.ZERO);
        AtomicReference<Duration> skewedTime = new AtomicReference<>(skew);
        try (ClientRuntime onPhone = runtime(phoneTime);
                ClientRuntime onSkewed = runtime(skewedTime);
                SyncClient phone = client("phone", admin, onPhone);
                SyncClient skewed = client("skewed", admin, onSkewed)) {
            for (SyncClient client : List.of(phone, skewed)) {
                SyncedSpace held = client.space(space);
                client.goOnline(); // learns the node's time
                await().atMost(PATIENCE).until(held::isComplete);
                client.goOffline();
            }
            phoneTime.set(Duration.ofSeconds(-20));
            phone.space(space).put("runways", "1", object("{\"by\":\"phone\"}"));
            skewedTime.set(skew.plus(ago));
            skewed.space(space).put("runways", "1", object("{\"by\":\"skewed\"}"));
            for (SyncClient client : List.of(phone, skewed)) {
                client.goOnline();
                client.flush().get(60, TimeUnit.SECONDS);
            }
        }
        return admin.document(space, "runways", "1").path("by").asText();
    }

    private static ClientRuntime runtime(AtomicReference<Duration> shift) {
        return new ClientRuntime(() -> Instant.now().plus(shift.get()), () -> null);
    }

    @Test
    void a_revoked_credential_ends_the_session_for_good() {
        SyncClient phone = client("phone", admin);
        phone.goOnline();
        await().atMost(PATIENCE).until(() -> phone.status().state() == State.ONLINE);
        admin.revokeDevice(names.getLast());
        await().atMost(PATIENCE).until(() -> phone.status().state() == State.REFUSED);
        assertThat(phone.status().lastEnd()).isIn(ErrorCode.DEVICE_REVOKED, ErrorCode.UNAUTHENTICATED);
    }

    @Test
    void a_change_of_the_desired_twin_reaches_a_connected_device_over_its_session() {
        SyncClient phone = client("phone", admin);
        String device = names.getLast();
        phone.report(json("{\"battery\":50}"));
        phone.goOnline();
        await().atMost(PATIENCE)
                .until(() -> isConnected(device)
                        && admin.twin(device).path("reported").has("battery"));
        assertThat(phone.desired()).isNotEqualTo(Optional.of(json("{\"interval\":30}")));
        admin.patchDesired(device, json("{\"interval\":30}"));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.desired()).contains(json("{\"interval\":30}")));
    }

    @Test
    void a_change_of_the_desired_twin_waits_for_a_device_that_is_away() {
        SyncClient phone = client("phone", admin);
        String device = names.getLast();
        phone.goOnline();
        await().atMost(PATIENCE).until(() -> isConnected(device));
        phone.goOffline();
        await().atMost(PATIENCE).until(() -> !isConnected(device));
        admin.patchDesired(device, json("{\"interval\":60}"));
        assertThat(phone.desired()).isNotEqualTo(Optional.of(json("{\"interval\":60}")));
        phone.goOnline();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.desired()).contains(json("{\"interval\":60}")));
    }

    private static boolean isConnected(String device) {
        return admin.call("GET", "/api/v1/devices/" + device, null)
                .path("connected")
                .booleanValue();
    }

    @Test
    void a_node_that_comes_back_finds_its_devices_again(@TempDir Path own) throws Exception {
        NodeOptions options = NodeOptions.in(own).withDatabase(TestDatabase.migrated());
        Node first = Node.start(options);
        int port = first.uri().getPort();
        String space = "s" + UUID.randomUUID();
        Admin setup = new Admin(first.uri(), first.adminToken());
        setup.createSpace(space);
        SyncClient phone = SyncClient.connect(new ClientOptions(
                        first.uri(), "phone", setup.registerDevice("phone"), new SqliteStore(own.resolve("phone.db")))
                .withBackoff(new Backoff(Duration.ofMillis(50), Duration.ofMillis(500))));
        clients.add(phone);
        SyncedSpace held = phone.space(space);
        held.put("runways", "1", object("{\"length\":1}"));
        held.flush().get(60, TimeUnit.SECONDS);
        first.stop();
        held.put("runways", "2", object("{\"length\":2}"));
        assertThat(held.pending()).isEqualTo(1);
        Node second = Node.start(options.withPort(port).with("aerofusion.gateway.port", 0));
        try {
            held.flush().get(60, TimeUnit.SECONDS);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(held.hash())
                            .isEqualTo(new Admin(second.uri(), second.adminToken())
                                    .hash(space)
                                    .path("hash")
                                    .asText()));
            assertThat(held.query("runways", any -> true)).containsOnlyKeys("1", "2");
        } finally {
            phone.close();
            second.stop();
        }
    }

    private final List<String> names = new ArrayList<>();

    private SyncClient client(String name, Admin owner) {
        return client(name, owner, ClientRuntime.shared());
    }

    private SyncClient client(String name, Admin owner, ClientRuntime runtime) {
        String device = name + "-" + UUID.randomUUID().toString().substring(0, 8);
        names.add(device);
        SyncClient client = SyncClient.offline(
                new ClientOptions(node.uri(), device, owner.registerDevice(device), new MemoryStore())
                        .withRuntime(runtime));
        clients.add(client);
        return client;
    }

    private static Admin newUser() {
        String user = "u" + UUID.randomUUID().toString().substring(0, 8);
        admin.createUser(user);
        return admin.as(admin.issueToken(user, "test"));
    }

    private static String newSpace() {
        String space = "s" + UUID.randomUUID();
        admin.createSpace(space);
        return space;
    }

    private static ObjectNode object(String text) {
        return (ObjectNode) json(text);
    }

    private static JsonNode json(String text) {
        try {
            return JSON.reader()
                    .with(com.fasterxml.jackson.databind.DeserializationFeature.USE_LONG_FOR_INTS)
                    .readTree(text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
