package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.cluster.sharding.ClusterSharding;
import akka.cluster.sharding.ShardRegion;
import akka.pattern.Patterns;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deleted documents of spaces that are seldom used, at the door: they never find the timer of the purge awake. */
final class TombstonesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.entity.passivate-after", "200ms"));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void they_go_when_the_space_comes_to_rest() throws Exception {
        String space = api.newSpace();
        api.push(space, "sensor", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        JsonNode deleted = api.push(space, "sensor", 2, "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}")
                .json();
        assertThat(deleted.path("rejected")).isEmpty();
        awaitForgotten(space);
    }

    /** Whoever tried names left an actor for each in memory, for as long as the node lived. */
    @Test
    void what_is_no_space_leaves_the_memory_when_nobody_asks_for_it() throws Exception {
        await().atMost(LIMIT).until(() -> {
            assertThat(api.get("/api/v1/spaces/nobodys").code()).isEqualTo("space-not-found");
            return isInMemory("default|nobodys");
        });
        await().atMost(LIMIT).until(() -> !isInMemory("default|nobodys"));
        assertThat(api.get("/api/v1/spaces/nobodys").code()).isEqualTo("space-not-found");
    }

    private static boolean isInMemory(String entity) throws Exception {
        Object state = Patterns.ask(
                        ClusterSharding.get(node.system().classicSystem()).shardRegion("Space"),
                        ShardRegion.getShardRegionStateInstance(),
                        LIMIT)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return ((ShardRegion.CurrentShardRegionState) state)
                .getShards().stream().anyMatch(shard -> shard.getEntityIds().contains(entity));
    }

    @Test
    void they_stay_for_a_reader_that_names_its_device_until_it_has_read_on() throws Exception {
        String space = api.newSpace();
        String changes = "/sync/v1/spaces/" + space + "/changes?device=reader";
        api.push(space, "sensor", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        String first = api.get(changes).json().path("cursor").asText();
        api.push(space, "sensor", 2, "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}");
        restAWhile();
        assertThat(deletedDocuments(space)).isEqualTo(1);
        JsonNode page = api.get(changes + "&since=" + first).json();
        assertThat(page.path("reset").asBoolean()).isFalse();
        assertThat(page.path("changes").path(0).path("deleted").asBoolean()).isTrue();
        assertThat(api.user("somebody").get(changes).code()).isEqualTo("space-not-found");
        api.get(changes + "&since=" + page.path("cursor").asText());
        awaitForgotten(space);
    }

    /** Nothing is kept for a reader without a name: it begins again, and has in the end what there is. */
    @Test
    void a_reader_that_names_no_device_begins_again_and_loses_nothing() throws Exception {
        String space = api.newSpace();
        String changes = "/sync/v1/spaces/" + space + "/changes?limit=2";
        for (int i = 1; i <= 5; i++) {
            api.push(space, "sensor", i, set(i, 1));
        }
        Map<String, Integer> held = new TreeMap<>();
        String old = read(changes, null, held, false);
        assertThat(held).hasSize(5);
        api.push(space, "sensor", 6, "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}");
        api.push(space, "sensor", 7, set(2, 2));
        api.push(space, "sensor", 8, set(6, 1));
        awaitForgotten(space);

        String cursor = read(changes, old, held, true);
        assertThat(held).isEqualTo(Map.of("2", 2, "3", 1, "4", 1, "5", 1, "6", 1));
        api.push(space, "sensor", 9, set(3, 3));
        read(changes, cursor, held, false);
        assertThat(held).containsEntry("3", 3).hasSize(5);

        HttpRequest stream = api.request("GET", changes, "", "Accept", "text/event-stream", "Last-Event-ID", old);
        try (Stream<String> lines =
                HTTP.send(stream, HttpResponse.BodyHandlers.ofLines()).body()) {
            String page =
                    lines.filter(line -> line.startsWith("data: ")).findFirst().orElseThrow();
            assertThat(Api.parse(page.substring(6)).path("reset").asBoolean()).isTrue();
        }

        // what it changed meanwhile, on what it had read then
        JsonNode pushed = api.post(
                        "/sync/v1/spaces/" + space + "/push",
                        "{\"device\":\"tablet\",\"firstSeq\":1,\"base\":\"" + old + "\",\"ops\":[" + set(1, 9) + ","
                                + set(2, 9) + "]}")
                .json();
        assertThat(pushed.path("ackedUpTo").asInt()).as(pushed.toString()).isEqualTo(2);
        assertThat(pushed.at("/rejected/0/code").asText()).isEqualTo("quarantined");
        assertThat(pushed.at("/rejected/0/seq").asInt()).isEqualTo(1);
        assertThat(pushed.path("rejected")).hasSize(1);
        read(changes, cursor, held, false);
        assertThat(held).containsEntry("2", 9);
    }

    @Test
    void a_first_reading_begins_again_when_something_it_may_have_read_is_forgotten() throws Exception {
        String space = api.newSpace();
        String changes = "/sync/v1/spaces/" + space + "/changes?limit=2";
        for (int i = 1; i <= 5; i++) {
            api.push(space, "sensor", i, set(i, 1));
        }
        JsonNode first = api.get(changes).json();
        assertThat(first.path("more").asBoolean()).isTrue();
        Map<String, Integer> held = new TreeMap<>();
        take(first, held);
        String read = held.keySet().iterator().next();
        api.push(space, "sensor", 6, "{\"collection\":\"c\",\"id\":\"" + read + "\",\"delete\":true}");
        awaitForgotten(space);
        read(changes, first.path("cursor").asText(), held, true);
        assertThat(held).hasSize(4).doesNotContainKey(read);
    }

    private static String set(int id, int value) {
        return "{\"collection\":\"c\",\"id\":\"" + id + "\",\"set\":{\"v\":" + value + "}}";
    }

    /** Reads to the end as docs/protocol.md says, and gives the cursor. */
    private static String read(String changes, @Nullable String since, Map<String, Integer> held, boolean reset)
            throws Exception {
        String cursor = since;
        boolean begunAgain = false;
        JsonNode page;
        do {
            page = api.get(changes + (cursor == null ? "" : "&since=" + cursor)).json();
            begunAgain |= page.path("reset").asBoolean();
            take(page, held);
            cursor = page.path("cursor").asText();
        } while (page.path("more").asBoolean());
        assertThat(begunAgain).isEqualTo(reset);
        return cursor;
    }

    private static void take(JsonNode page, Map<String, Integer> held) {
        if (page.path("reset").asBoolean()) {
            held.clear();
        }
        for (JsonNode change : page.path("changes")) {
            if (change.path("deleted").asBoolean()) {
                held.remove(change.path("id").asText());
            } else if (change.at("/set/v").isInt()) {
                held.put(change.path("id").asText(), change.at("/set/v").asInt());
            }
        }
    }

    /** Another space is used and comes to rest meanwhile. */
    private static void restAWhile() throws Exception {
        String other = api.newSpace();
        api.push(other, "sensor", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        api.push(other, "sensor", 2, "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}");
        awaitForgotten(other);
    }

    private static void awaitForgotten(String space) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(700)) // asking keeps it awake
                .until(() -> deletedDocuments(space) == 0);
    }

    private static int deletedDocuments(String space) throws Exception {
        Api.Answer answer = api.get("/api/v1/spaces/" + space);
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        return answer.json().at("/deleted/documents").asInt(-1);
    }
}
