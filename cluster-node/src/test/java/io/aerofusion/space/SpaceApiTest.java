package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.model.HttpRequest;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API to spaces, and sync over plain HTTP, at the door of a real node. */
final class SpaceApiTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(
                NodeOptions.in(data).withDatabase(TestDatabase.migrated()).with("aerofusion.space.epoch", 2));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void creating_is_repeatable_with_a_key_and_refused_for_a_taken_name() throws Exception {
        String name = "s" + UUID.randomUUID();
        String body = "{\"space\":\"" + name + "\",\"title\":\"Runways\"}";
        Api.Answer first = api.post("/api/v1/spaces", body, "Idempotency-Key", "k1");
        Api.Answer again = api.post("/api/v1/spaces", body, "Idempotency-Key", "k1");
        assertThat(first.status()).isEqualTo(201);
        assertThat(again.json().path("createdAt")).isEqualTo(first.json().path("createdAt"));
        assertThat(api.post("/api/v1/spaces", body, "Idempotency-Key", "k2").code())
                .isEqualTo("already-exists");
        assertThat(api.get("/api/v1/spaces/" + name).json().path("title").asText())
                .isEqualTo("Runways");
    }

    @Test
    void a_key_names_a_space_that_has_no_name() throws Exception {
        Api.Answer first = api.post("/api/v1/spaces", "{}", "Idempotency-Key", "nameless");
        Api.Answer again = api.post("/api/v1/spaces", "{}", "Idempotency-Key", "nameless");
        assertThat(again.json().path("space")).isEqualTo(first.json().path("space"));
    }

    @Test
    void a_wrong_name_is_refused() throws Exception {
        assertThat(api.post("/api/v1/spaces", "{\"space\":\"a|b\"}").code()).isEqualTo("invalid-request");
        assertThat(api.post("/api/v1/spaces", "{\"spaec\":\"a\"}").code()).isEqualTo("invalid-request");
    }

    @Test
    void somebody_elses_space_looks_like_none() throws Exception {
        String space = api.newSpace();
        Api stranger = api.user("stranger");
        assertThat(stranger.get("/api/v1/spaces/" + space).code()).isEqualTo("space-not-found");
        assertThat(stranger.get("/sync/v1/spaces/" + space + "/changes").code()).isEqualTo("space-not-found");
        assertThat(stranger.push(space, "d1", 1, op("a", "1")).code()).isEqualTo("space-not-found");
        assertThat(stranger.get("/sync/v1/spaces/nowhere/changes").code()).isEqualTo("space-not-found");
    }

    @Test
    void members_have_rights_and_lists_show_their_spaces() throws Exception {
        String space = api.newSpace();
        Api reader = api.user("reader");
        Api.Answer seen = api.get("/api/v1/spaces/" + space);
        Api.Answer set =
                api.put("/api/v1/spaces/" + space + "/members/reader", "{\"right\":\"read\"}", "If-Match", seen.etag());
        assertThat(set.json().path("members").path("reader").asText()).isEqualTo("read");
        assertThat(api.put(
                                "/api/v1/spaces/" + space + "/members/reader",
                                "{\"right\":\"write\"}",
                                "If-Match",
                                seen.etag())
                        .code())
                .isEqualTo("precondition-failed");
        assertThat(reader.get("/sync/v1/spaces/" + space + "/changes").status()).isEqualTo(200);
        assertThat(reader.push(space, "d1", 1, op("a", "1")).code()).isEqualTo("forbidden");
        await().atMost(LIMIT)
                .until(() -> reader.get("/api/v1/spaces").json().toString().contains(space));
        assertThat(api.delete("/api/v1/spaces/" + space + "/members/reader").status())
                .isEqualTo(200);
        assertThat(reader.get("/sync/v1/spaces/" + space + "/changes").code()).isEqualTo("space-not-found");
    }

    @Test
    void an_erasure_that_runs_beside_a_new_membership_leaves_none() throws Exception {
        String space = api.newSpace();
        AtomicInteger asked = new AtomicInteger();
        SpaceRoutes routes = new SpaceRoutes(
                new SpaceAsk(ClusterSharding.get(node.system()), LIMIT),
                null,
                subject -> subject.equals("default|erika") && asked.getAndIncrement() > 0,
                ForkJoinPool.commonPool());
        Endpoint setMember = routes.endpoints().stream()
                .filter(endpoint -> endpoint.id().equals("setSpaceMember"))
                .findFirst()
                .orElseThrow();
        ApiRequest request = new ApiRequest(
                HttpRequest.create(),
                Map.of("space", space, "user", "erika"),
                new Principal("default", "admin", Set.of(Principal.Role.ADMIN), null),
                Long.MAX_VALUE,
                Api.parse("{\"right\":\"write\"}"),
                "r1");
        assertThat(setMember.handler().handle(request).toCompletableFuture())
                .failsWithin(LIMIT)
                .withThrowableThat()
                .havingRootCause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(ErrorCode.ERASED));
        assertThat(asked).hasValue(2);
        assertThat(api.get("/api/v1/spaces/" + space).json().path("members").has("erika"))
                .isFalse();
    }

    @Test
    void who_may_manage_sets_members_and_schemas_and_who_may_write_does_not() throws Exception {
        String space = api.newSpace();
        String member = "/api/v1/spaces/" + space + "/members/";
        String schema = "/api/v1/spaces/" + space + "/collections/c/schema";
        Api bob = api.user("bob");
        api.put(member + "bob", "{\"right\":\"write\"}");
        assertThat(bob.push(space, "b1", 1, op("c", "1")).json().path("rejected"))
                .isEmpty();
        for (Api.Answer refused : List.of(
                bob.put(member + "eve", "{\"right\":\"read\"}"),
                bob.put(member + "bob", "{\"right\":\"manage\"}"),
                bob.delete(member + "bob"),
                bob.put(schema, "{\"type\":\"object\"}"))) {
            assertThat(refused.status() + " " + refused.code()).isEqualTo("403 forbidden");
        }
        api.put(member + "bob", "{\"right\":\"manage\"}");
        assertThat(bob.put(member + "eve", "{\"right\":\"read\"}")
                        .json()
                        .path("members")
                        .path("eve")
                        .asText())
                .isEqualTo("read");
        assertThat(bob.put(schema, "{\"type\":\"object\"}").status()).isEqualTo(200);
        assertThat(bob.delete(member + "eve").status()).isEqualTo(200);
        assertThat(bob.put("/api/v1/spaces/" + space + "/quota", "{\"documents\":1,\"bytes\":1}")
                        .code())
                .isEqualTo("forbidden"); // operators set quotas
    }

    @Test
    void a_schema_types_paths_and_rejects_what_breaks_it() throws Exception {
        String space = api.newSpace();
        String schema = """
                {"type":"object","properties":{"length":{"type":"integer"},"landings":{"type":"integer","x-sync":"counter"}}}""";
        Api.Answer set = api.put("/api/v1/spaces/" + space + "/collections/runways/schema", schema);
        assertThat(set.status()).as(set.json().toString()).isEqualTo(200);
        JsonNode pushed = api.push(
                        space,
                        "d1",
                        1,
                        "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"length\":\"long\"}},"
                                + "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"length\":900}},"
                                + "{\"collection\":\"runways\",\"id\":\"1\",\"inc\":{\"landings\":2}},"
                                + "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"landings\":7}}")
                .json();
        assertThat(pushed.path("rejected").findValuesAsText("code"))
                .containsExactly("schema-violation", "type-mismatch");
        assertThat(pushed.path("rejected").path(0).path("path").asText()).isEqualTo("length");
        assertThat(api.get("/sync/v1/spaces/" + space + "/documents/runways/1")
                        .http()
                        .body())
                .isEqualTo("{\"landings\":2,\"length\":900}");
        Api.Answer read = api.get("/api/v1/spaces/" + space + "/collections/runways/schema");
        assertThat(read.json()).isEqualTo(Api.parse(schema));
        assertThat(api.put("/api/v1/spaces/" + space + "/collections/runways/schema", schema, "If-Match", "\"0\"")
                        .code())
                .isEqualTo("precondition-failed");
    }

    @Test
    void schemas_that_cannot_be_are_refused() throws Exception {
        String path = "/api/v1/spaces/" + api.newSpace() + "/collections/c/schema";
        for (String schema : new String[] {
            "{\"type\":7}",
            "{\"properties\":{\"a\":{\"x-sync\":\"magic\"}}}",
            "{\"$ref\":\"http://127.0.0.1:1/schema\"}",
            "{\"$schema\":\"https://example.org/other\"}"
        }) {
            assertThat(api.put(path, schema).code()).as(schema).isEqualTo("schema-invalid");
        }
    }

    @Test
    void a_pattern_without_end_rejects_the_document_and_nothing_else() throws Exception {
        String space = api.newSpace();
        api.put(
                "/api/v1/spaces/" + space + "/collections/c/schema",
                "{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^(a+)+$\"}}}");
        JsonNode pushed = api.push(
                        space,
                        "d1",
                        1,
                        "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"a\":\"" + "a".repeat(40) + "!\"}},"
                                + "{\"collection\":\"c\",\"id\":\"2\",\"set\":{\"a\":\"aa\"}}")
                .json();
        assertThat(pushed.path("rejected").findValuesAsText("seq")).containsExactly("1");
    }

    @Test
    void undeclared_collections_are_refused_where_they_must_be_declared() throws Exception {
        String space = api.post("/api/v1/spaces", "{\"declaredOnly\":true}")
                .json()
                .path("space")
                .asText();
        assertThat(api.push(space, "d1", 1, op("a", "1"))
                        .json()
                        .path("rejected")
                        .findValuesAsText("code"))
                .containsExactly("collection-unknown");
    }

    @Test
    void a_full_space_rejects_and_goes_on_after_a_higher_quota() throws Exception {
        String space = api.newSpace();
        assertThat(api.put("/api/v1/spaces/" + space + "/quota", "{\"documents\":1,\"bytes\":100000}")
                        .status())
                .isEqualTo(200);
        assertThat(api.push(space, "d1", 1, op("a", "1") + "," + op("a", "2"))
                        .json()
                        .path("rejected")
                        .findValuesAsText("code"))
                .containsExactly("quota-exceeded");
        api.put("/api/v1/spaces/" + space + "/quota", "{\"documents\":2,\"bytes\":100000}");
        assertThat(api.push(space, "d1", 3, op("a", "2")).json().path("rejected"))
                .isEmpty();
    }

    @Test
    void a_space_whose_bytes_are_used_up_rejects_what_makes_it_larger() throws Exception {
        Api owner = api.user("squeezed");
        String space = owner.newSpace();
        String quota = "/api/v1/spaces/" + space + "/quota";
        assertThat(owner.put(quota, "{\"documents\":100,\"bytes\":1000000}").code())
                .isEqualTo("forbidden");
        assertThat(api.put(quota, "{\"documents\":100,\"bytes\":1000}").status())
                .isEqualTo(200);
        String large = "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":\"" + "x".repeat(2000) + "\"}}";
        JsonNode pushed = owner.push(space, "d1", 1, large + "," + op("c", "2")).json();
        assertThat(pushed.path("rejected").findValuesAsText("seq")).containsExactly("1");
        assertThat(pushed.path("rejected").findValuesAsText("code")).containsExactly("quota-exceeded");
        assertThat(owner.get("/sync/v1/spaces/" + space + "/documents/c/2").status())
                .isEqualTo(200);
    }

    @Test
    void conflicts_wait_in_a_queue_until_somebody_chooses() throws Exception {
        String space = api.newSpace();
        api.put(
                "/api/v1/spaces/" + space + "/collections/runways/schema",
                "{\"properties\":{\"surface\":{\"x-sync\":{\"policy\":\"manual\"}}}}");
        api.push(space, "d1", 1, "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"surface\":\"grass\"}}");
        JsonNode second = api.push(
                        space, "d2", 1, "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"surface\":\"sand\"}}")
                .json();
        assertThat(second.path("conflicts").path(0).path("queued").asBoolean()).isTrue();
        JsonNode queued =
                api.get("/api/v1/spaces/" + space + "/conflicts").json().path("items");
        assertThat(queued).hasSize(1);
        assertThat(queued.path(0).path("waiting").path(0).path("value").asText())
                .isIn("grass", "sand");

        String choice = "{\"collection\":\"runways\",\"id\":\"1\",\"path\":\"surface\",\"value\":\"grass\"}";
        assertThat(api.post("/api/v1/spaces/" + space + "/conflicts/resolve", choice)
                        .status())
                .isEqualTo(200);
        assertThat(api.get("/api/v1/spaces/" + space + "/conflicts").json().path("items"))
                .isEmpty();
        assertThat(api.get("/sync/v1/spaces/" + space + "/documents/runways/1")
                        .json()
                        .path("surface")
                        .asText())
                .isEqualTo("grass");
        assertThat(api.post("/api/v1/spaces/" + space + "/conflicts/resolve", choice)
                        .code())
                .isEqualTo("not-found");
    }

    @Test
    void an_update_that_a_delete_won_over_waits_with_everything_it_brought() throws Exception {
        String space = api.newSpace();
        String conflicts = "/api/v1/spaces/" + space + "/conflicts";
        String document = "/sync/v1/spaces/" + space + "/documents/runways/1";
        api.put(
                "/api/v1/spaces/" + space + "/collections/runways/schema",
                "{\"properties\":{\"n\":{\"x-sync\":\"counter\"},\"tags\":{\"x-sync\":\"orset\"},"
                        + "\"log\":{\"x-sync\":\"list\"},\"top\":{\"x-sync\":\"max\"}},"
                        + "\"x-sync\":{\"policy\":\"manual\",\"deletes\":\"delete-wins\"}}");
        String base = api.push(
                        space, "d1", 1, "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"surface\":\"grass\"}}")
                .json()
                .path("cursor")
                .asText();
        pushOn(base, space, "d1", 2, "{\"collection\":\"runways\",\"id\":\"1\",\"delete\":true}");
        JsonNode lost = pushOn(
                        base,
                        space,
                        "d2",
                        1,
                        "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"surface\":\"sand\",\"top\":7},"
                                + "\"inc\":{\"n\":3},\"add\":{\"tags\":[\"wet\"]},\"insert\":{\"log\":[{\"value\":\"b\"},{\"value\":\"a\"}]}}")
                .path("conflicts")
                .path(0);
        JsonNode whole = Api.parse("{\"log\":[\"b\",\"a\"],\"n\":3,\"surface\":\"sand\",\"tags\":[\"wet\"],\"top\":7}");
        assertThat(lost.path("queued").asBoolean()).isTrue();
        assertThat(lost.path("policy").asText()).isEqualTo("manual");
        assertThat(lost.path("losing")).isEqualTo(whole);
        assertThat(api.get(document).code()).isEqualTo("not-found");
        JsonNode waiting = api.get(conflicts).json().path("items").path(0);
        assertThat(waiting.path("path").asText()).isEmpty();
        assertThat(waiting.path("live").has("value")).isFalse();
        assertThat(waiting.path("waiting").path(0).path("value")).isEqualTo(whole);
        JsonNode edits = api.get("/api/v1/spaces/" + space + "/documents/runways/1/history")
                .json()
                .path("items")
                .path(2)
                .path("edits");
        assertThat(edits.toString())
                .contains("{\"path\":\"n\",\"inc\":3}")
                .contains("{\"path\":\"tags\",\"add\":[\"wet\"]}")
                .contains("{\"path\":\"top\",\"set\":7}")
                .contains("{\"path\":\"surface\",\"set\":\"sand\"}");

        String choice = "{\"collection\":\"runways\",\"id\":\"1\",\"path\":\"\",\"value\":" + whole + "}";
        assertThat(api.post(conflicts + "/resolve", choice.replace(whole.toString(), "7"))
                        .code())
                .isEqualTo("invalid-request");
        assertThat(api.post(conflicts + "/resolve", choice).status()).isEqualTo(200);
        assertThat(api.get(conflicts).json().path("items")).isEmpty();
        assertThat(api.get(document).json()).isEqualTo(whole.deepCopy());
        assertThat(api.post(conflicts + "/resolve", choice).code()).isEqualTo("not-found");
    }

    private static JsonNode pushOn(String base, String space, String device, long seq, String op) throws Exception {
        return api.post(
                        "/sync/v1/spaces/" + space + "/push",
                        "{\"device\":\"" + device + "\",\"firstSeq\":" + seq + ",\"base\":\"" + base + "\",\"ops\":["
                                + op + "]}")
                .json();
    }

    @Test
    void a_policy_holds_for_what_is_written_beneath_a_value() throws Exception {
        String space = api.newSpace();
        api.put(
                "/api/v1/spaces/" + space + "/collections/runways/schema",
                "{\"properties\":{\"place\":{\"x-sync\":{\"policy\":\"server-wins\"}}}}");
        api.push(space, "d1", 1, "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"place\":\"Oslo\"}}");
        JsonNode conflict = api.push(
                        space,
                        "d2",
                        1,
                        "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"place\":{\"city\":\"Bergen\"}}}")
                .json()
                .path("conflicts")
                .path(0);
        assertThat(conflict.path("policy").asText()).isEqualTo("server-wins");
        assertThat(conflict.path("losing").asText()).isEqualTo("Bergen");
        assertThat(api.get("/sync/v1/spaces/" + space + "/documents/runways/1")
                        .json()
                        .path("place")
                        .asText())
                .isEqualTo("Oslo");
        await().atMost(LIMIT)
                .until(() ->
                        api.get("/metrics").http().body().contains("space_conflicts_total{policy=\"server-wins\"}"));
    }

    @Test
    void deleted_documents_count_until_everybody_has_seen_them_go() throws Exception {
        String space = api.newSpace();
        api.put("/api/v1/spaces/" + space + "/quota", "{\"documents\":2,\"bytes\":100000}");
        String base = "";
        List<String> codes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            JsonNode made = api.push(space, "d1", 1 + 2L * i, op("c", "d" + i)).json();
            made.path("rejected").findValuesAsText("code").forEach(codes::add);
            base = made.path("cursor").asText();
            pushOn(base, space, "d1", 2 + 2L * i, "{\"collection\":\"c\",\"id\":\"d" + i + "\",\"delete\":true}");
        }
        assertThat(codes).containsExactly("quota-exceeded", "quota-exceeded");
        JsonNode view = api.get("/api/v1/spaces/" + space).json();
        assertThat(view.path("documents").asInt()).isZero();
        assertThat(view.path("deleted").path("documents").asInt()).isEqualTo(4);
    }

    @Test
    void the_history_of_a_document_is_read_from_the_journal() throws Exception {
        String space = api.newSpace();
        api.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        api.push(space, "d1", 2, "{\"collection\":\"c\",\"id\":\"2\",\"set\":{\"v\":9}}");
        api.push(space, "d1", 3, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":2}}");
        api.push(space, "d1", 4, "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}");
        String path = "/api/v1/spaces/" + space + "/documents/c/1";
        JsonNode items = api.get(path + "/history").json().path("items");
        assertThat(items.findValuesAsText("number")).containsExactly("1", "3", "4");
        assertThat(items.path(2).path("deleted").asBoolean()).isTrue();
        assertThat(api.get(path + "/as-of?number=2").json().path("v").asInt()).isEqualTo(1);
        assertThat(api.get(path + "/as-of?number=3").json().path("v").asInt()).isEqualTo(2);
        assertThat(api.get(path + "/as-of?number=4").code()).isEqualTo("not-found");
        assertThat(api.get(path + "/as-of?time=2000-01-01T00:00:00Z").code()).isEqualTo("not-found");
        for (String none :
                new String[] {"yesterday", "%2B1000000000-01-01T00:00:00Z"}) { // the second is a time, but far out
            assertThat(api.get(path + "/as-of?time=" + none).code()).isEqualTo("invalid-request");
        }
        assertThat(api.get(path + "/as-of").code()).isEqualTo("invalid-request");
    }

    @Test
    void a_document_is_read_as_it_was_at_a_time() throws Exception {
        String space = api.newSpace();
        String path = "/api/v1/spaces/" + space + "/documents/c/1";
        api.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        String first = Instant.parse(api.get(path + "/history")
                        .json()
                        .path("items")
                        .path(0)
                        .path("at")
                        .asText())
                .toString();
        await().until(() -> Instant.now().isAfter(Instant.parse(first).plusMillis(1)));
        api.push(space, "d1", 2, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":2}}");
        String second = api.get(path + "/history")
                .json()
                .path("items")
                .path(1)
                .path("at")
                .asText();
        assertThat(api.get(path + "/as-of?time=" + first).json().path("v").asInt())
                .isEqualTo(1);
        assertThat(api.get(path + "/as-of?time=" + second).json().path("v").asInt())
                .isEqualTo(2);
        assertThat(api.get(path + "/as-of?time="
                                + Instant.parse(first).minusMillis(1).toString())
                        .code())
                .isEqualTo("not-found");
    }

    @Test
    void any_unicode_names_a_document() throws Exception {
        String space = api.newSpace();
        api.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"a/b é 漢\",\"set\":{\"v\":1}}");
        Api.Answer found = api.get("/sync/v1/spaces/" + space + "/documents/c/a%2Fb%20%C3%A9%20%E6%BC%A2");
        assertThat(found.json().path("v").asInt()).isEqualTo(1);
        assertThat(api.get(
                                "/sync/v1/spaces/" + space + "/documents/c/a%2Fb%20%C3%A9%20%E6%BC%A2",
                                "If-None-Match",
                                found.etag())
                        .status())
                .isEqualTo(304);
    }

    @Test
    void a_long_poll_answers_when_something_happens() throws Exception {
        String space = api.newSpace();
        String cursor = api.get("/sync/v1/spaces/" + space + "/changes")
                .json()
                .path("cursor")
                .asText();
        CompletableFuture<HttpResponse<String>> waiting = HttpClient.newHttpClient()
                .sendAsync(
                        api.request("GET", "/sync/v1/spaces/" + space + "/changes?wait=25&since=" + cursor, ""),
                        HttpResponse.BodyHandlers.ofString());
        api.push(space, "d1", 1, op("a", "1"));
        JsonNode page = Api.parse(waiting.get(60, TimeUnit.SECONDS).body());
        assertThat(page.path("changes").path(0).path("id").asText()).isEqualTo("1");
        assertThat(api.get("/sync/v1/spaces/" + space + "/changes?wait=1&since="
                                + page.path("cursor").asText())
                        .json()
                        .path("changes"))
                .isEmpty();
    }

    @Test
    void a_long_poll_of_who_loses_access_is_refused_at_once() throws Exception {
        String space = api.newSpace();
        Api reader = api.user("loser");
        api.put("/api/v1/spaces/" + space + "/members/loser", "{\"right\":\"read\"}");
        String changes = "/sync/v1/spaces/" + space + "/changes";
        String cursor = reader.get(changes).json().path("cursor").asText();
        CompletableFuture<HttpResponse<String>> waiting = HttpClient.newHttpClient()
                .sendAsync(
                        reader.request("GET", changes + "?wait=30&since=" + cursor, ""),
                        HttpResponse.BodyHandlers.ofString());
        api.delete("/api/v1/spaces/" + space + "/members/loser"); // before or while it waits
        assertThat(Api.parse(waiting.get(25, TimeUnit.SECONDS).body())
                        .path("code")
                        .asText())
                .isEqualTo("space-not-found");
    }

    @Test
    void a_stream_of_events_follows_the_space() throws Exception {
        String space = api.newSpace();
        api.push(space, "d1", 1, op("a", "1"));
        HttpResponse<Stream<String>> stream = HttpClient.newHttpClient()
                .send(
                        api.request("GET", "/sync/v1/spaces/" + space + "/changes", "", "Accept", "text/event-stream"),
                        HttpResponse.BodyHandlers.ofLines());
        assertThat(stream.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        try (Stream<String> lines = stream.body()) {
            Iterator<JsonNode> pages = lines.filter(line -> line.startsWith("data:"))
                    .map(line -> Api.parse(line.substring(5)))
                    .iterator();
            assertThat(pages.next().path("changes").findValuesAsText("id")).containsExactly("1");
            api.push(space, "d1", 2, op("a", "2"));
            assertThat(pages.next().path("changes").findValuesAsText("id")).containsExactly("2");
        }
    }

    @Test
    void cursors_that_are_none_of_the_space_are_told() throws Exception {
        String space = api.newSpace();
        String foreign = api.get("/sync/v1/spaces/" + api.newSpace() + "/changes")
                .json()
                .path("cursor")
                .asText();
        assertThat(api.get("/sync/v1/spaces/" + space + "/changes?since=" + foreign)
                        .code())
                .isEqualTo("bad-cursor");
        assertThat(api.get("/sync/v1/spaces/" + space + "/changes?since=forged").code())
                .isEqualTo("bad-cursor");
    }

    @Test
    void what_was_done_to_a_space_stands_in_the_audit_log_with_who_did_it() throws Exception {
        String space = api.newSpace();
        Api keeper = api.user("keeper");
        String path = "/api/v1/spaces/" + space;
        api.put(path + "/members/keeper", "{\"right\":\"manage\"}");
        keeper.put(path + "/collections/runways/schema", MANUAL_SURFACE);
        api.put(path + "/quota", "{\"documents\":100,\"bytes\":1000000}");
        conflict(space);
        assertThat(keeper.post(
                                path + "/conflicts/resolve",
                                "{\"collection\":\"runways\",\"id\":\"1\",\"path\":\"surface\",\"value\":\"ASP\"}")
                        .status())
                .isEqualTo(200);
        api.delete(path + "/members/keeper");
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(audited(space))
                        .containsExactly(
                                "space.member-removed user:admin",
                                "space.conflict-resolved user:keeper",
                                "space.quota-set user:admin",
                                "space.schema-set user:keeper",
                                "space.member-set user:admin",
                                "space.created user:admin"));
    }

    private static final String MANUAL_SURFACE = "{\"properties\":{\"surface\":{\"x-sync\":{\"policy\":\"manual\"}}}}";

    /** Two devices that did not know of each other's surface. */
    private static void conflict(String space) throws Exception {
        for (String device : new String[] {"d1", "d2"}) {
            api.push(
                    space,
                    device,
                    1,
                    "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"surface\":\"" + device + "\"}}");
        }
    }

    /** What the log says of the space, the newest first. */
    private static List<String> audited(String space) throws Exception {
        List<String> found = new ArrayList<>();
        for (JsonNode item : api.get("/api/v1/audit?limit=1000").json().path("items")) {
            if (item.toString().contains(space)) {
                found.add(
                        item.path("action").asText() + " " + item.path("actor").asText());
            }
        }
        return found;
    }

    @Test
    void who_was_erased_is_no_member_of_others_spaces() throws Exception {
        String space = api.newSpace();
        api.user("passer-by");
        String member = "/api/v1/spaces/" + space + "/members/passer-by";
        assertThat(api.put(member, "{\"right\":\"write\"}").status()).isEqualTo(200); // no read model has seen it yet
        assertThat(api.delete("/api/v1/users/passer-by").status()).isEqualTo(200);
        assertThat(api.get("/api/v1/spaces/" + space).json().path("members").toString())
                .doesNotContain("passer-by");
        Api.Answer again = api.put(member, "{\"right\":\"write\"}");
        assertThat(again.status()).isEqualTo(410);
        assertThat(again.json().path("code").asText()).isEqualTo("erased");
        assertThat(api.delete(member).status()).isEqualTo(200);
    }

    @Test
    void what_a_device_stored_is_shown_with_the_device() throws Exception {
        String space = api.newSpace();
        api.push(space, "d1", 1, op("a", "1"));
        String credential = api.post("/api/v1/devices", "{\"device\":\"storer\"}")
                .json()
                .path("credential")
                .asText();
        try (TestDevice device =
                TestDevice.connect("storer", node.uri(), credential).follow(space)) {
            device.send(new Frame.Seen(space, device.cursor));
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(api.get("/api/v1/devices/storer")
                                    .json()
                                    .at("/acknowledged/" + space + "/cursor")
                                    .asText())
                            .isEqualTo(device.cursor));
        }
    }

    @Test
    void a_push_of_nothing_but_rejections_is_counted() throws Exception {
        String space = api.newSpace();
        api.put(
                "/api/v1/spaces/" + space + "/collections/runways/schema",
                "{\"properties\":{\"length\":{\"type\":\"integer\"}}}");
        // Many, since the few of other tests may be counted only now.
        double before = rejected();
        String wrong = "{\"collection\":\"runways\",\"id\":\"1\",\"set\":{\"length\":\"long\"}}";
        api.push(space, "d1", 1, String.join(",", Collections.nCopies(100, wrong)));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(rejected() - before).isBetween(100.0, 120.0));
    }

    private static double rejected() throws Exception {
        return api.get("/metrics")
                .http()
                .body()
                .lines()
                .filter(line -> line.startsWith("space_operations_rejected_total{code=\"schema-violation\"}"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void a_cursor_of_an_older_epoch_reads_everything_anew() throws Exception {
        String space = api.newSpace();
        String cursor =
                api.push(space, "d1", 1, op("a", "1")).json().path("cursor").asText();
        Cursor known = Cursor.decode(cursor);
        String older = new Cursor(known.space(), known.epoch() - 1, known.numbers(), known.hlc()).encode();
        JsonNode page =
                api.get("/sync/v1/spaces/" + space + "/changes?since=" + older).json();
        assertThat(page.path("reset").asBoolean()).isTrue();
        assertThat(page.path("changes").findValuesAsText("id")).containsExactly("1");
        assertThat(page.path("cursor").asText()).isEqualTo(cursor);
    }

    @Test
    void the_hash_is_that_of_the_documents() throws Exception {
        String space = api.newSpace();
        assertThat(api.get("/sync/v1/spaces/" + space + "/hash")
                        .json()
                        .path("hash")
                        .asText())
                .isEqualTo("0".repeat(64));
        api.push(space, "d1", 1, op("a", "1"));
        JsonNode hash = api.get("/sync/v1/spaces/" + space + "/hash").json();
        assertThat(hash.path("documents").asInt()).isEqualTo(1);
        assertThat(hash.path("hash").asText()).hasSize(64).isNotEqualTo("0".repeat(64));
    }

    private static String op(String collection, String id) {
        return "{\"collection\":\"" + collection + "\",\"id\":\"" + id + "\",\"set\":{\"v\":1}}";
    }
}
