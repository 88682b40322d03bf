package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bounds of sessions and spaces in space.conf, set low: what lies at one is served, what lies beyond is refused as it says there. */
@Timeout(120)
final class BoundsTest {
    private static final int PRESENCE_BYTES_MAX = 20;
    private static final int SCHEMA_BYTES_MAX = 200;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.session.spaces-max", 2)
                .with("aerofusion.space.entity.followers-max", 1)
                .with("aerofusion.space.entity.devices-max", 2)
                .with("aerofusion.space.entity.members-max", 1)
                .with("aerofusion.space.entity.collections-max", 1)
                .with("aerofusion.space.entity.schema-bytes-max", SCHEMA_BYTES_MAX)
                .with("aerofusion.space.entity.presence-bytes-max", PRESENCE_BYTES_MAX)
                .with("aerofusion.space.entity.history-requests-max", 1));
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
    void a_session_follows_as_many_spaces_as_it_may() throws Exception {
        String first = api.newSpace();
        String third = api.newSpace();
        try (TestDevice device = connect("d")) {
            for (String space : List.of(first, api.newSpace())) {
                device.send(new Frame.Sub(space, List.of(), null));
                assertThat(device.hear(Frame.Snap.class).space()).isEqualTo(space);
            }
            device.send(new Frame.Sub(third, List.of(), null));
            assertRateLimited(device, third);
            device.send(new Frame.Unsub(first));
            device.send(new Frame.Sub(third, List.of(), null));
            assertThat(device.hear(Frame.Snap.class).space()).isEqualTo(third);
        }
    }

    @Test
    void a_space_has_as_many_followers_as_it_may() throws Exception {
        String space = api.newSpace();
        try (TestDevice waiting = connect("waiting")) {
            try (TestDevice follower = connect("follower").follow(space)) {
                waiting.send(new Frame.Sub(space, List.of(), null));
                assertRateLimited(waiting, space);
                follower.send(new Frame.Sub(space, List.of(), follower.cursor)); // who follows already may follow again
                follower.catchUp();
            }
            await().atMost(LIMIT).until(() -> {
                waiting.send(new Frame.Sub(space, List.of(), null));
                return waiting.hear() instanceof Frame.Snap;
            });
        }
    }

    @Test
    void a_space_knows_as_many_devices_as_it_may() throws Exception {
        String space = api.newSpace();
        String op = "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}";
        assertThat(api.push(space, "d1", 1, op).status()).isEqualTo(200);
        assertThat(api.push(space, "d2", 1, op).status()).isEqualTo(200);
        Api.Answer third = api.push(space, "d3", 1, op);
        assertThat(third.status()).isEqualTo(429);
        assertThat(third.code()).isEqualTo("rate-limited");
        try (TestDevice device = connect("d4")) {
            device.send(new Frame.Sub(space, List.of(), null));
            assertRateLimited(device, space);
        }
        assertThat(api.push(space, "d1", 2, op).status()).isEqualTo(200);
    }

    private static void assertRateLimited(TestDevice device, String space) throws Exception {
        Frame.Failure failure = device.hear(Frame.Failure.class);
        assertThat(failure.code()).isEqualTo(ErrorCode.RATE_LIMITED);
        assertThat(failure.space()).isEqualTo(space);
    }

    @Test
    void a_space_has_as_many_members_as_it_may() throws Exception {
        String members = "/api/v1/spaces/" + api.newSpace() + "/members/";
        assertThat(api.put(members + "one", "{\"right\":\"read\"}").status()).isEqualTo(200);
        assertInvalid(api.put(members + "two", "{\"right\":\"read\"}"), "at most 1 members");
        assertThat(api.put(members + "one", "{\"right\":\"write\"}").status())
                .as("whoever is one may be given other rights")
                .isEqualTo(200);
        api.delete(members + "one");
        assertThat(api.put(members + "two", "{\"right\":\"read\"}").status()).isEqualTo(200);
    }

    @Test
    void a_space_has_as_many_schemas_of_such_a_size_as_it_may() throws Exception {
        String collections = "/api/v1/spaces/" + api.newSpace() + "/collections/";
        String padding = "{\"description\":\"" + "x".repeat(SCHEMA_BYTES_MAX - 18) + "\"}";
        assertThat(padding).hasSize(SCHEMA_BYTES_MAX);
        assertThat(api.put(collections + "one/schema", padding).status()).isEqualTo(200);
        Api.Answer larger = api.put(collections + "one/schema", padding.replace("xx", "xxx"));
        assertThat(larger.status()).isGreaterThanOrEqualTo(400);
        assertThat(larger.json().path("detail").asText()).contains("at most " + SCHEMA_BYTES_MAX + " bytes");
        Api.Answer second = api.put(collections + "two/schema", "{}");
        assertThat(second.status()).isGreaterThanOrEqualTo(400);
        assertThat(second.json().path("detail").asText()).contains("at most 1 collections");
        assertThat(api.put(collections + "one/schema", "{}").status()).isEqualTo(200);
    }

    private static void assertInvalid(Api.Answer answer, String sentence) {
        assertThat(answer.code()).isEqualTo("invalid-request");
        assertThat(answer.json().path("detail").asText()).contains(sentence);
    }

    @Test
    void presence_is_as_large_as_it_may_be() throws Exception {
        String space = api.newSpace();
        try (TestDevice device = connect("d").follow(space)) {
            String fits = "\"" + "x".repeat(PRESENCE_BYTES_MAX - 2) + "\"";
            device.send(new Frame.Announce(space, Api.parse(fits)));
            device.send(new Frame.Announce(space, Api.parse("\"" + "y".repeat(PRESENCE_BYTES_MAX - 1) + "\"")));
            assertThat(device.hear(Frame.Failure.class).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(api.get("/api/v1/spaces/" + space + "/presence")
                                    .http()
                                    .body())
                            .contains(fits));
        }
    }

    @Test
    void a_node_reads_as_many_histories_at_a_time_as_it_may() throws Exception {
        String space = api.newSpace();
        api.push(space, "d", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        String history = "/api/v1/spaces/" + space + "/documents/c/1/history";
        CompletableFuture<HttpResponse<String>> first;
        CompletableFuture<HttpResponse<String>> second;
        try (Connection database = DriverManager.getConnection(node.databaseUrl());
                Statement statement = database.createStatement()) {
            database.setAutoCommit(false);
            statement.execute("LOCK TABLE event_journal IN ACCESS EXCLUSIVE MODE");
            first = sent(history);
            second = sent(history);
            CompletableFuture<HttpResponse<String>> refused = new CompletableFuture<>();
            List.of(first, second).forEach(request -> request.thenAccept(refused::complete));
            assertThat(refused.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(429);
            assertThat(refused.get().body()).contains("rate-limited");
            database.rollback();
        }
        assertThat(List.of(
                        first.get(60, TimeUnit.SECONDS).statusCode(),
                        second.get(60, TimeUnit.SECONDS).statusCode()))
                .containsExactlyInAnyOrder(200, 429);
        assertThat(api.get(history).json().path("items")).hasSize(1);
    }

    private static CompletableFuture<HttpResponse<String>> sent(String path) {
        return HttpClient.newHttpClient().sendAsync(api.request("GET", path, ""), HttpResponse.BodyHandlers.ofString());
    }
}
