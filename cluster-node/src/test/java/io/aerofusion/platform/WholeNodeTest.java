package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.persistence.TestDatabase;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The domains of one node, working together through its API. */
final class WholeNodeTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static Node node;
    private static ApiClient client;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        client = new ApiClient(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void what_belongs_to_a_user_is_listed_and_ends_with_the_user() throws Exception {
        created("/api/v1/users", "{\"user\":\"erika\"}");
        created("/api/v1/devices", "{\"device\":\"erikas-phone\",\"owner\":\"erika\"}");
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(names("/api/v1/users/erika/devices", "device"))
                        .contains("erikas-phone"));
        HttpResponse<String> erased = client.send("DELETE", "/api/v1/users/erika", "");
        assertThat(erased.statusCode()).as(erased.body()).isEqualTo(200);
        assertThat(client.get("/api/v1/devices/erikas-phone").statusCode()).isIn(404, 410);
    }

    @Test
    void the_spaces_of_the_caller_are_listed() throws Exception {
        created("/api/v1/spaces", "{\"space\":\"charts\"}");
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(names("/api/v1/users/admin/spaces", "space")).contains("charts"));
    }

    @Test
    void the_metrics_name_every_domain() throws Exception {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(client.get("/metrics").body())
                        .contains(
                                "aerofusion_user_",
                                "aerofusion_sharding_shards",
                                "aerofusion_cluster_members",
                                "jvm_"));
    }

    @Test
    void every_metric_of_the_platform_is_documented_with_its_type() throws Exception {
        String documented = Files.readString(Path.of("..", "docs", "metrics.md"));
        created("/api/v1/devices", "{\"device\":\"metered\"}");
        await().atMost(LIMIT).untilAsserted(() -> {
            List<String[]> served = client.get("/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.matches("# TYPE (space_|aerofusion_(?!gateway_)).*"))
                    .map(line -> line.split(" "))
                    .toList();
            assertThat(served).extracting(words -> words[2]).contains("aerofusion_device_events_total");
            assertThat(served)
                    .allSatisfy(words -> assertThat(documented).contains("| `" + words[2] + "` | " + words[3] + " |"));
        });
    }

    private static void created(String path, String body) throws Exception {
        HttpResponse<String> response = client.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
    }

    private static Set<String> names(String path, String field) throws Exception {
        HttpResponse<String> response = client.get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        Set<String> names = new HashSet<>();
        for (JsonNode item : ApiClient.json(response).path("items")) {
            names.add(item.path(field).asText());
        }
        return names;
    }
}
