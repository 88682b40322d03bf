package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
        node = Node.start(NodeOptions.in(data));
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
