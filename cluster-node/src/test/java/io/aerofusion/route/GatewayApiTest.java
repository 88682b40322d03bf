package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.gateway.TestCertificates;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Resources of the gateway through the door: HTTP on a node with its own PostgreSQL. */
class GatewayApiTest {
    private static final String API = "/api/v1/gateway/";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final TestCertificates CERTIFICATES = new TestCertificates();

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

    private static String upstream(String name, int port) {
        return "{'metadata':{'name':'" + name + "'},'spec':{'endpoints':[{'address':'127.0.0.1','port':" + port
                + "}]}}";
    }

    private static String route(String path, String upstream) {
        return "{'spec':{'rules':[{'matches':[{'path':{'type':'PathPrefix','value':'" + path
                + "'}}],'backendRefs':[{'name':'" + upstream + "'}]}]}}";
    }

    @Test
    void a_resource_is_made_read_changed_and_removed() {
        Response created = admin.post(API + "upstreams", upstream("life", 9001));
        assertThat(created.status()).as(created.body().toString()).isEqualTo(201);
        assertThat(created.http().headers().firstValue("Location")).contains(API + "upstreams/life");
        assertThat(created.body().at("/status/changedBy").asText()).isEqualTo("user:admin");
        assertThat(admin.post(API + "upstreams", upstream("life", 9001)).code()).isEqualTo("already-exists");

        Response read = admin.get(API + "upstreams/life");
        assertThat(read.etag()).isEqualTo(created.etag());
        String changed = read.body().toString().replace("9001", "9002");
        Response put = admin.put(API + "upstreams/life", changed, "If-Match", read.etag());
        assertThat(put.status()).as(put.body().toString()).isEqualTo(200);
        assertThat(put.body().at("/spec/endpoints/0/port").asInt()).isEqualTo(9002);
        assertThat(put.body().at("/metadata/createdAt"))
                .isEqualTo(created.body().at("/metadata/createdAt"));
        Response late = admin.put(API + "upstreams/life", changed.replace("9002", "9003"), "If-Match", read.etag());
        assertThat(late.code()).isEqualTo("precondition-failed");
        assertThat(admin.put(API + "upstreams/life", changed, "If-None-Match", "*")
                        .code())
                .isEqualTo("already-exists");

        assertThat(admin.delete(API + "upstreams/life").status()).isEqualTo(200);
        assertThat(admin.get(API + "upstreams/life").code()).isEqualTo("not-found");
        assertThat(admin.delete(API + "upstreams/life").code()).isEqualTo("not-found");
    }

    private static String pathOf(Kind kind) {
        return switch (kind) {
            case HTTP_ROUTE -> "routes";
            case GRPC_ROUTE -> "grpc-routes";
            case UPSTREAM -> "upstreams";
            case CONSUMER -> "consumers";
            case POLICY -> "policies";
            case CERTIFICATE -> "certificates";
        };
    }

    /** A document that differs by the number. */
    private static String document(Kind kind, int number) {
        String spec = switch (kind) {
            case HTTP_ROUTE -> "{'rules':[{'matches':[{'path':{'value':'/kinds-" + number + "'}}]}]}";
            case GRPC_ROUTE -> "{'rules':[{'matches':[{'method':{'service':'kinds.V" + number + "'}}]}]}";
            case UPSTREAM -> "{'endpoints':[{'address':'127.0.0.1','port':" + number + "}]}";
            case CONSUMER -> "{'roles':['role-" + number + "']}";
            case POLICY -> "{'timeout':{'request':'" + number + "s'}}";
            case CERTIFICATE -> {
                TestCertificates.Issued issued = CERTIFICATES.issue("kinds-" + number + ".example");
                yield "{'certificateChain':'" + issued.chain().replace("\n", "\\n") + "','privateKey':'"
                        + issued.key().replace("\n", "\\n") + "'}";
            }
        };
        return "{'metadata':{'name':'kinds'},'spec':" + spec + "}";
    }

    @ParameterizedTest
    @EnumSource
    void every_kind_of_resource_is_made_read_changed_removed_and_remembered(Kind kind) {
        String all = API + pathOf(kind);
        String one = all + "/kinds";
        Response created = admin.post(all, document(kind, 1));
        assertThat(created.status()).as(created.body().toString()).isEqualTo(201);
        assertThat(created.http().headers().firstValue("Location")).contains(one);
        assertThat(created.text("kind")).isEqualTo(kind.label());
        assertThat(admin.post(all, document(kind, 1)).code()).isEqualTo("already-exists");
        Response read = admin.get(one);
        assertThat(read.etag()).isEqualTo(created.etag());
        assertThat(admin.put(one, read.body().toString(), "If-Match", read.etag())
                        .etag())
                .as("what was read can be sent back")
                .isEqualTo(read.etag());
        Response changed = admin.put(one, document(kind, 2), "If-Match", read.etag());
        assertThat(changed.status()).as(changed.body().toString()).isEqualTo(200);
        assertThat(changed.etag()).isNotEqualTo(read.etag());
        assertThat(changed.body().path("spec")).isNotEqualTo(read.body().path("spec"));
        assertThat(admin.put(one, document(kind, 3), "If-Match", read.etag()).code())
                .isEqualTo("precondition-failed");
        assertThat(admin.get(one).body()).isEqualTo(changed.body());
        assertThat(names(admin.get(all + "?q=kinds"))).containsExactly("kinds");
        assertThat(admin.delete(one).status()).isEqualTo(200);
        assertThat(admin.get(one).code()).isEqualTo("not-found");
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                admin.get(one + "/history").body().path("items").findValuesAsText("operation"))
                        .containsExactly("delete", "set", "set"));
    }

    @Test
    void what_is_wrong_with_a_document_is_told_at_once_with_its_places() {
        Response refused = admin.put(
                API + "upstreams/wrong", "{'spec':{'endpoints':[{'address':'a','port':0,'wait':1}],'bad':true}}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.code()).isEqualTo("configuration-invalid");
        List<String> pointers = new ArrayList<>();
        refused.body().path("problems").forEach(problem -> {
            pointers.add(problem.path("pointer").asText());
            assertThat(problem.path("kind").asText()).isEqualTo("Upstream");
            assertThat(problem.path("name").asText()).isEqualTo("wrong");
            assertThat(problem.path("detail").asText()).isNotEmpty();
        });
        assertThat(pointers).contains("/spec/endpoints/0/port", "/spec/endpoints/0/wait", "/spec/bad");
        assertThat(admin.put(API + "upstreams/wrong", "[]").code()).isEqualTo("invalid-request");
        assertThat(admin.put(API + "upstreams/wrong", upstream("other", 1)).code())
                .isEqualTo("invalid-request");
        assertThat(admin.put(API + "upstreams/wrong", "{'kind':'Policy','spec':{}}")
                        .code())
                .isEqualTo("invalid-request");
    }

    @Test
    void a_dry_run_tells_the_differences_and_changes_nothing() {
        admin.put(API + "upstreams/dry", upstream("dry", 9001));
        String etag = admin.get(API + "upstreams/dry").etag();
        Response dry = admin.put(API + "upstreams/dry?dryRun=true", upstream("dry", 9009));
        assertThat(dry.status()).as(dry.body().toString()).isEqualTo(202);
        JsonNode field = dry.body().at("/differences/0/fields/0");
        assertThat(dry.body().at("/differences/0/operation").asText()).isEqualTo("update");
        assertThat(field.path("pointer").asText()).isEqualTo("/spec/endpoints/0/port");
        assertThat(field.path("before").asInt()).isEqualTo(9001);
        assertThat(field.path("after").asInt()).isEqualTo(9009);
        assertThat(admin.get(API + "upstreams/dry").etag()).isEqualTo(etag);
        Response same = admin.put(API + "upstreams/dry", upstream("dry", 9001));
        assertThat(same.etag()).as("nothing differs, nothing is published").isEqualTo(etag);
    }

    @Test
    void a_resource_remembers_who_made_what_of_it_also_when_it_is_gone() {
        admin.put(API + "upstreams/story?note=first", upstream("story", 1));
        admin.put(API + "upstreams/story", upstream("story", 2));
        admin.delete(API + "upstreams/story?note=last");
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonNode items = admin.get(API + "upstreams/story/history").body().path("items");
            assertThat(items).hasSize(3);
            assertThat(items.path(0).path("operation").asText()).isEqualTo("delete");
            assertThat(items.path(0).path("note").asText()).isEqualTo("last");
            assertThat(items.path(1).at("/resource/spec/endpoints/0/port").asInt())
                    .isEqualTo(2);
            assertThat(items.path(2).path("by").asText()).isEqualTo("user:admin");
            assertThat(items.path(2).path("generation").asLong())
                    .isLessThan(items.path(1).path("generation").asLong());
        });
        assertThat(admin.get(API + "upstreams/never/history").code()).isEqualTo("not-found");
    }

    @Test
    void resources_are_listed_by_name_part_and_label_in_pages() {
        for (int i = 0; i < 5; i++) {
            admin.put(
                    API + "upstreams/listed-" + i,
                    "{'metadata':{'labels':{'even':'" + (i % 2 == 0) + "'}},'spec':{'endpoints':[{'address':'h','port':"
                            + (i + 1) + "}]}}");
        }
        assertThat(names(admin.get(API + "upstreams?q=listed-")))
                .containsExactly("listed-0", "listed-1", "listed-2", "listed-3", "listed-4");
        assertThat(names(admin.get(API + "upstreams?q=listed&label=even%3Dtrue")))
                .containsExactly("listed-0", "listed-2", "listed-4");
        Response page = admin.get(API + "upstreams?q=listed-&limit=3");
        assertThat(names(page)).hasSize(3);
        assertThat(names(admin.get(API + "upstreams?q=listed-&limit=3&cursor=" + page.text("next"))))
                .containsExactly("listed-3", "listed-4");
        assertThat(admin.get(API + "upstreams?label=nonsense").code()).isEqualTo("invalid-request");
    }

    @Test
    void a_repeated_creation_with_its_key_is_no_conflict() {
        Response first = admin.post(API + "upstreams", upstream("repeated", 1), "Idempotency-Key", "k");
        Response second = admin.post(API + "upstreams", upstream("repeated", 1), "Idempotency-Key", "k");
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.etag()).isEqualTo(first.etag());
        assertThat(admin.post(API + "upstreams", upstream("repeated", 2), "Idempotency-Key", "k")
                        .code())
                .isEqualTo("already-exists");
    }

    @Test
    void only_operators_look_after_the_gateway() {
        assertThat(admin.post("/api/v1/users", "{'user':'uma'}").status()).isEqualTo(201);
        Caller uma = admin.with(
                admin.post("/api/v1/users/uma/tokens", "{'name':'t'}").text("secret"));
        assertThat(uma.get(API + "routes").code()).isEqualTo("forbidden");
        assertThat(uma.put(API + "routes/r", route("/", "u")).code()).isEqualTo("forbidden");
        assertThat(admin.with("").get(API + "routes").code()).isEqualTo("unauthenticated");
    }

    @Test
    void a_publication_stands_in_the_audit_log() {
        admin.put(API + "upstreams/audited?note=why", upstream("audited", 1));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                admin.get("/api/v1/audit").body().path("items").toString())
                        .contains("gateway.published", "Upstream/audited", "why"));
    }

    private static List<String> names(Response page) {
        assertThat(page.status()).as(page.body().toString()).isEqualTo(200);
        List<String> names = new ArrayList<>();
        page.body()
                .path("items")
                .forEach(item -> names.add(item.at("/metadata/name").asText()));
        return names;
    }
}
