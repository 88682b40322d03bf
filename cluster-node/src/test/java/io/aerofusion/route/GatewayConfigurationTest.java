package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of the gateway as a whole: the file, generations, keys, status. */
class GatewayConfigurationTest {
    private static final String API = "/api/v1/gateway/";
    private static final String FILE = """
            # the file of somebody who knows the Gateway API
            kind: Upstream
            metadata:
              name: shop
            spec:
              endpoints:
                - {address: 127.0.0.1, port: 9101}
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata:
              name: shop
            spec:
              hostnames: [shop.example.com]
              rules:
                - matches:
                    - path: {type: PathPrefix, value: /}
                  backendRefs:
                    - {name: shop}
            """;

    private static Node node;
    private static Caller admin;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        admin = Caller.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @BeforeEach
    void empty() {
        assertThat(admin.yaml("PUT", API + "configuration", "[]").status()).isEqualTo(200);
    }

    private static long apply(String yaml) {
        Response applied = admin.yaml("POST", API + "configuration", yaml);
        assertThat(applied.status()).as(applied.body().toString()).isEqualTo(200);
        return applied.body().path("generation").asLong();
    }

    @Test
    void a_file_is_checked_compared_and_applied_as_one() {
        Response dry = admin.yaml("PUT", API + "configuration?dryRun=true", FILE);
        assertThat(dry.body().path("changed").asInt()).isEqualTo(2);
        assertThat(admin.get(API + "routes/shop").code()).isEqualTo("not-found");
        long generation = apply(FILE);
        assertThat(admin.get(API + "routes/shop").etag()).isEqualTo("\"" + generation + "\"");
        assertThat(apply(FILE)).as("the same again publishes nothing").isEqualTo(generation);

        Response partly = admin.yaml(
                "POST",
                API + "configuration",
                FILE.replace("name: shop", "name: other").replace("port: 9101", "port: 0"));
        assertThat(partly.code()).isEqualTo("configuration-invalid");
        assertThat(admin.get(API + "routes/other").code())
                .as("all of it or nothing")
                .isEqualTo("not-found");
        Response stale = admin.yaml("PUT", API + "configuration", FILE, "If-Match", "\"1\"");
        assertThat(stale.code()).isEqualTo("precondition-failed");
    }

    @Test
    void a_change_beyond_its_bound_is_refused() {
        byte[] random = new byte[ChangeSet.DEFLATED_BYTES_MAX + 10_000];
        new Random(1).nextBytes(random);
        // deflated, Base64 has the length of its bytes again
        String note = Base64.getEncoder().encodeToString(random);
        String document = "{'resources':[{'kind':'Upstream','metadata':{'name':'large'},'spec':{'note':'%s'}}]}";
        for (Response refused : List.of(
                admin.put(API + "configuration", document.formatted(note)),
                admin.post(API + "configuration", document.formatted(note)))) {
            assertThat(refused.status()).as(refused.body().toString()).isEqualTo(413);
            assertThat(refused.code()).isEqualTo("body-too-large");
            assertThat(refused.text("detail")).contains("1572864 bytes at most");
        }
        assertThat(admin.put(API + "configuration", document.formatted(note.substring(200_000)))
                        .code())
                .as("below it, it is read")
                .isEqualTo("configuration-invalid");
    }

    @Test
    void what_is_exported_can_be_sent_back() {
        apply(FILE);
        for (String format : List.of("yaml", "json")) {
            String exported = admin.text(API + "configuration?format=" + format).body();
            assertThat(exported).contains("shop.example.com");
            Response back = format.equals("yaml")
                    ? admin.yaml("PUT", API + "configuration", exported)
                    : admin.put(API + "configuration", exported);
            assertThat(back.body().path("changed").asInt())
                    .as(back.body().toString())
                    .isZero();
        }
        assertThat(admin.yaml("PUT", API + "configuration", "kind: Upstream\nx: &a 1\ny: *a")
                        .code())
                .isEqualTo("malformed-json");
        assertThat(admin.yaml("PUT", API + "configuration", "a: 1\na: 2").code())
                .isEqualTo("malformed-json");
        assertThat(admin.yaml("PUT", API + "configuration", "a: [").code()).isEqualTo("malformed-json");
        assertThat(admin.put(API + "configuration", "{'x':1}").code()).isEqualTo("invalid-request");
    }

    /** It took time in the square of its length: 2 million characters some 10 s. */
    @Test
    void a_line_that_yaml_takes_long_for_is_refused_unless_it_is_json() {
        String value = "x".repeat(2_000_000);
        for (String yaml : List.of(
                "kind: Upstream\nspec: " + value,
                "kind: Upstream\nspec: '" + value + "'",
                "kind: Upstream\n# " + value,
                "spec: |\n  " + value + " " + value,
                "[\n" + value,
                "\n" + " ".repeat(2_000_000))) {
            Response refused = admin.yaml("POST", API + "configuration", yaml);
            assertThat(refused.status()).as(refused.body().toString()).isEqualTo(400);
            assertThat(refused.code()).isEqualTo("malformed-json");
            assertThat(refused.text("detail"))
                    .startsWith("Line 2 has more than")
                    .contains("send the whole as JSON");
        }
        StringBuilder json = new StringBuilder(" {\"resources\":[");
        for (int i = 0; i < 5_000; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"kind\":\"Upstream\",\"metadata\":{\"name\":\"u")
                    .append(i)
                    .append("\"},\"spec\":{\"endpoints\":[{\"address\":\"10.0.0.1\",\"port\":80}]}}");
        }
        Response taken = admin.yaml(
                "POST", API + "configuration?dryRun=true", json.append("]}").toString());
        assertThat(taken.body().path("changed").asInt())
                .as(taken.body().toString())
                .isEqualTo(5_000);
        assertThat(json.length()).isGreaterThan(400_000);
    }

    /** They became replacement characters in YAML, and what was stored was not what somebody wrote. */
    @Test
    void bytes_that_are_no_utf_8_are_refused_in_yaml_as_in_json() throws Exception {
        String resource = """
                {"kind": "Upstream", "metadata": {"name": "latin"}, "spec": {"endpoints": [{"address": "m\u00fcller", "port": 80}]}}
                """;
        for (String type : List.of("application/json", "application/yaml", "text/yaml")) {
            for (String method : List.of("POST", "PUT")) {
                HttpResponse<String> refused = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(admin.node().resolve(API + "configuration"))
                                        .header("Authorization", "Bearer " + admin.token())
                                        .header("Content-Type", type)
                                        .method(
                                                method,
                                                HttpRequest.BodyPublishers.ofString(
                                                        resource, StandardCharsets.ISO_8859_1))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(refused.statusCode()).as(type).isEqualTo(400);
                assertThat(refused.body()).contains("\"malformed-json\"", "not valid UTF-8");
            }
        }
        assertThat(admin.get(API + "upstreams/latin").status()).isEqualTo(404);
    }

    @Test
    void as_many_resources_as_a_gateway_holds_are_taken_in_yaml() {
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < Proposal.RESOURCES_MAX; i++) {
            yaml.append("---\nkind: Upstream\nmetadata: {name: u")
                    .append(i)
                    .append("}\nspec: {endpoints: [{address: 10.0.0.1, port: 80}]}\n");
        }
        Response taken = admin.yaml("POST", API + "configuration?dryRun=true", yaml.toString());
        assertThat(taken.body().path("changed").asInt())
                .as(taken.body().toString())
                .isEqualTo(20_000);
    }

    @Test
    void yaml_that_grows_or_nests_without_end_is_refused() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 30; i++) {
            bomb.append("a%1$d: &a%1$d [*a%2$d, *a%2$d]\n".formatted(i, i - 1));
        }
        for (String yaml : List.of(bomb.toString(), "a: &a x\n? *a\n: y", "a: &a {b: 1}\n<<: *a", "&a [*a]")) {
            Response refused = admin.yaml("POST", API + "configuration", yaml);
            assertThat(refused.code()).as(yaml).isEqualTo("malformed-json");
        }
        for (String yaml : List.of("[".repeat(200_000), "- ".repeat(100_000), "{a: ".repeat(50_000))) {
            Response refused = admin.yaml("POST", API + "configuration", yaml);
            assertThat(refused.code()).as(yaml.substring(0, 8)).isEqualTo("nested-too-deep");
            assertThat(refused.status()).isEqualTo(422);
        }
    }

    /** Those behind the first list were not read, so that a PUT removed them. */
    @Test
    void documents_behind_a_list_are_read() {
        String upstream =
                "{kind: Upstream, metadata: {name: %s}, spec: {endpoints: [{address: 10.0.0.1, port: 80}]}}\n";
        Response applied = admin.yaml(
                "PUT",
                API + "configuration",
                "- " + upstream.formatted("one") + "---\n" + upstream.formatted("two") + "---\n- "
                        + upstream.formatted("three"));
        assertThat(applied.body().path("changed").asInt())
                .as(applied.body().toString())
                .isEqualTo(3);
        assertThat(admin.get(API + "upstreams/three").status()).isEqualTo(200);
    }

    @Test
    void generations_are_listed_compared_and_restored() {
        long first = apply(FILE);
        long second = apply(FILE.replace("9101", "9102"));
        admin.delete(API + "routes/shop");
        long third = second + 1;

        List<Long> listed = new ArrayList<>();
        String next = "";
        do {
            Response page = admin.get(API + "generations?limit=2" + next);
            page.body()
                    .path("items")
                    .forEach(item -> listed.add(item.path("generation").asLong()));
            next = page.body().has("next") ? "&cursor=" + page.text("next") : "";
        } while (!next.isEmpty());
        assertThat(listed).startsWith(third, second, first).endsWith(1L).doesNotHaveDuplicates();

        JsonNode was = admin.get(API + "generations/" + first).body();
        assertThat(was.path("resources")).hasSize(2);
        JsonNode diff = admin.get(API + "generations/" + third + "/diff?from=" + first)
                .body()
                .path("differences");
        assertThat(diff).hasSize(2);
        assertThat(diff.toString()).contains("delete", "/spec/endpoints/0/port", "9101", "9102");

        Response dry = admin.post(API + "generations/" + first + "/rollback?dryRun=true", "");
        assertThat(dry.body().path("changed").asInt()).isEqualTo(2);
        Response back = admin.post(API + "generations/" + first + "/rollback", "");
        assertThat(back.body().path("generation").asLong()).isEqualTo(third + 1);
        assertThat(admin.get(API + "upstreams/shop")
                        .body()
                        .at("/spec/endpoints/0/port")
                        .asInt())
                .isEqualTo(9101);
        assertThat(admin.get(API + "generations?limit=1")
                        .body()
                        .at("/items/0/restored")
                        .asLong())
                .isEqualTo(first);
        assertThat(admin.get(API + "generations/99999").code()).isEqualTo("not-found");
        assertThat(admin.get(API + "generations/x").code()).isEqualTo("not-found");
    }

    @Test
    void a_consumers_key_is_shown_once_and_kept_as_its_hash() {
        admin.put(API + "consumers/mobile", "{'spec':{'roles':['reader']}}");
        Response issued = admin.post(API + "consumers/mobile/keys", "{'expiresAt':'2031-01-01T00:00:00Z'}");
        assertThat(issued.status()).as(issued.body().toString()).isEqualTo(201);
        assertThat(issued.text("key")).startsWith("afk_").startsWith(issued.text("hint"));
        String shown = admin.get(API + "consumers/mobile").body().toString();
        assertThat(shown).contains(issued.text("hint")).doesNotContain(issued.text("key"));
        admin.post(API + "consumers/mobile/keys", "{}");
        assertThat(admin.get(API + "consumers/mobile").body().at("/spec/credentials"))
                .hasSize(2);
        assertThat(admin.delete(API + "consumers/mobile/keys/" + issued.text("hint"))
                        .status())
                .isEqualTo(204);
        assertThat(admin.delete(API + "consumers/mobile/keys/" + issued.text("hint"))
                        .code())
                .isEqualTo("not-found");
        assertThat(admin.post(API + "consumers/nobody/keys", "{}").code()).isEqualTo("not-found");
        assertThat(admin.post(API + "consumers/mobile/keys", "{'expiresAt':'soon'}")
                        .code())
                .isEqualTo("invalid-request");
    }

    @Test
    void the_status_names_each_node_with_its_generation_and_its_age() {
        long generation = apply(FILE);
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            JsonNode status = admin.get(API + "status").body();
            assertThat(status.path("generation").asLong()).isEqualTo(generation);
            assertThat(status.path("publishedBy").asText()).isEqualTo("user:admin");
            assertThat(status.path("nodes")).hasSize(1);
            assertThat(status.at("/nodes/0/generation").asLong()).isEqualTo(generation);
            assertThat(status.at("/nodes/0/stale").asBoolean(true)).isFalse();
        });
    }

    @Test
    void the_last_good_generation_lies_sealed_on_the_disk() {
        apply(FILE);
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            byte[] bytes = Files.readAllBytes(node.data().resolve("gateway").resolve("default.generation"));
            assertThat(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1))
                    .startsWith("aerofusion-revisioned-1 ")
                    .doesNotContain("shop");
        });
    }
}
