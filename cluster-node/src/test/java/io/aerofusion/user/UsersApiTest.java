package io.aerofusion.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Users through the door: HTTP on a node with its own PostgreSQL. */
class UsersApiTest {
    private static final String USERS = "/api/v1/users";
    private static final Duration READ_MODEL = Duration.ofSeconds(60);

    private static Node node;
    private static Caller admin;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.entity.snapshot-bytes-min", "1 KiB"));
        admin = Caller.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    private static Caller user(String name, String roles) {
        assertThat(admin.post(USERS, "{'user':'" + name + "','name':'Secret " + name + "','roles':[" + roles + "]}")
                        .status())
                .isEqualTo(201);
        return admin.with(
                admin.post(USERS + "/" + name + "/tokens", "{'name':'test'}").text("secret"));
    }

    @Test
    void aUserIsCreatedOnceAndSeenByThoseWhoMay() {
        Response created = admin.post(USERS, "{'user':'ada','name':'Ada'}", "Idempotency-Key", "k1");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.body().path("roles").toString()).isEqualTo("[\"user\"]");
        assertThat(admin.post(USERS, "{'user':'ada','name':'Ada'}", "Idempotency-Key", "k1")
                        .status())
                .isEqualTo(201);
        assertThat(admin.post(USERS, "{'user':'ada'}").code()).isEqualTo("already-exists");

        Caller ben = user("ben", "'user'");
        Caller olga = user("olga", "'operator'");
        assertThat(ben.get(USERS + "/ben").status()).isEqualTo(200);
        assertThat(ben.get(USERS + "/ada").code()).isEqualTo("not-found");
        assertThat(ben.get(USERS + "/no-such").code()).isEqualTo("not-found");
        assertThat(olga.get(USERS + "/ada").status()).isEqualTo(200);
        assertThat(ben.post(USERS, "{'user':'eve'}").code()).isEqualTo("forbidden");
        assertThat(olga.post(USERS, "{'user':'eve'}").code()).isEqualTo("forbidden");
        assertThat(ben.get(USERS).code()).isEqualTo("forbidden");
        assertThat(ben.get("/api/v1/audit").code()).isEqualTo("forbidden");
        await().atMost(READ_MODEL)
                .untilAsserted(
                        () -> assertThat(olga.get(USERS).body().path("items").findValuesAsText("user"))
                                .contains("ada", "admin", "ben", "olga"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "{'user':'a|b'}",
                "{'user':'x','roles':[]}",
                "{'user':'x','roles':['emperor']}",
                "{'user':'x','name':7}"
            })
    void aWrongUserIsToldWhatIsWrong(String body) {
        assertThat(admin.post(USERS, body).code()).isEqualTo("invalid-request");
    }

    @Test
    void rolesCountFromTheNextRequestOn() {
        Caller dora = user("dora", "'user'");
        assertThat(dora.get("/api/v1/audit").code()).isEqualTo("forbidden");
        Response before = admin.get(USERS + "/dora");

        assertThat(admin.put(USERS + "/dora/roles", "{'roles':['operator']}", "If-Match", before.etag())
                        .status())
                .isEqualTo(200);

        assertThat(dora.get("/api/v1/audit").status()).isEqualTo(200);
        assertThat(admin.put(USERS + "/dora/roles", "{'roles':['user']}", "If-Match", before.etag())
                        .code())
                .isEqualTo("precondition-failed");
        assertThat(dora.put(USERS + "/dora/roles", "{'roles':['admin']}").code())
                .isEqualTo("forbidden");
    }

    @Test
    void aTokenIsShownOnceAndCanBeRevoked() {
        Caller fay = user("fay", "'user'");
        Response issued = fay.post(USERS + "/fay/tokens", "{'name':'laptop','expiresInSeconds':60}");
        assertThat(issued.status()).isEqualTo(201);
        Caller laptop = fay.with(issued.text("secret"));
        assertThat(laptop.get("/api/v1/me").text("user")).isEqualTo("fay");
        assertThat(fay.get(USERS + "/fay").body().toString()).contains("laptop").doesNotContain(issued.text("secret"));

        assertThat(fay.delete(USERS + "/fay/tokens/" + issued.text("token")).status())
                .isEqualTo(204);

        assertThat(laptop.get("/api/v1/me").code()).isEqualTo("unauthenticated");
        assertThat(fay.delete(USERS + "/fay/tokens/" + issued.text("token")).status())
                .isEqualTo(204);
        assertThat(fay.post(USERS + "/fay/tokens", "{'name':''}").code()).isEqualTo("invalid-request");
        assertThat(fay.post(USERS + "/fay/tokens", "{'name':'x','expiresInSeconds':0}")
                        .code())
                .isEqualTo("invalid-request");
        assertThat(fay.post(USERS + "/ada-or-not/tokens", "{'name':'x'}").code())
                .isEqualTo("not-found");
    }

    @Test
    void whoWasErasedIsGoneFromEverywhereAndTheProofRemains() throws Exception {
        Caller gus = user("gus", "'user'");
        Response device =
                gus.post("/api/v1/devices", "{'device':'gus-phone','name':'Secret phone','labels':{'secret':'label'}}");
        Caller phone = gus.with(device.text("credential"));
        assertThat(phone.patch("/api/v1/devices/gus-phone/twin/reported", "{'secret':'twin'}")
                        .status())
                .isEqualTo(200);
        await().atMost(READ_MODEL).untilAsserted(() -> {
            assertThat(gus.get("/api/v1/devices").body().path("items")).hasSize(1);
            assertThat(actions("?subject=gus")).contains("user.created", "user.token-issued", "device.registered");
        });
        assertThat(rows("SELECT count(*) FROM user_account WHERE user_id = 'gus'"))
                .containsExactly("1");

        Response erased = gus.delete(USERS + "/gus");

        assertThat(erased.status()).as(erased.body().toString()).isEqualTo(200);
        assertThat(erased.text("state")).isEqualTo("erased");
        assertThat(gus.get("/api/v1/me").code()).isEqualTo("unauthenticated");
        assertThat(phone.get("/api/v1/me").code()).isEqualTo("unauthenticated");
        assertThat(admin.get(USERS + "/gus").code()).isEqualTo("erased");
        assertThat(admin.get("/api/v1/devices/gus-phone").code()).isEqualTo("erased");
        assertThat(admin.post(USERS, "{'user':'gus'}").code()).isEqualTo("erased");
        assertThat(admin.post("/api/v1/devices", "{'device':'late','owner':'gus'}")
                        .code())
                .isEqualTo("invalid-request");
        assertThat(admin.delete(USERS + "/gus").status()).as("safe to repeat").isEqualTo(200);

        await().atMost(READ_MODEL).untilAsserted(() -> {
            assertThat(rows("SELECT count(*) FROM device WHERE device = 'gus-phone'"))
                    .containsExactly("0");
            assertThat(rows("SELECT count(*) FROM user_account WHERE user_id = 'gus'"))
                    .containsExactly("0");
        });
        assertThat(
                        rows(
                                "SELECT count(*) FROM aerofusion_keys.subject_key k JOIN aerofusion_keys.entity_binding b"
                                        + " USING (subject_index) WHERE b.persistence_id = 'User|default|gus' AND k.wrapped IS NOT NULL"))
                .containsExactly("0");
        assertThat(actions("?entity=User%7Cdefault%7Cgus")).contains("user.erased", "user.erasure-requested");
        assertThat(actions("?actor=user:gus")).contains("user.erased");
    }

    @Test
    void noTableHoldsWhatPeopleWroteOrAnyToken() throws Exception {
        Caller hal = user("hal", "'user'");
        Response device = hal.post(
                "/api/v1/devices", "{'device':'hal-phone','name':'Secret phone','labels':{'secretlabel':'x1'}}");
        hal.patch("/api/v1/devices/hal-phone/twin", "{'secrettwin':true}");
        await().atMost(READ_MODEL)
                .untilAsserted(
                        () -> assertThat(hal.get("/api/v1/devices").body().path("items"))
                                .hasSize(1));

        writeIntoASpace(hal);

        List<String> words = List.of("ecret", device.text("credential"), hal.token());
        String found = words.stream()
                .map(word -> {
                    String hex = java.util.HexFormat.of().formatHex(word.getBytes(StandardCharsets.UTF_8));
                    return "count(*) FILTER (WHERE t::text LIKE '%" + word + "%' OR t::text LIKE '%" + hex + "%')";
                })
                .collect(Collectors.joining(", "));
        for (String table : rows("SELECT table_schema || '.' || table_name FROM information_schema.tables"
                + " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")) {
            assertThat(rows("SELECT " + found + " FROM " + table + " t"))
                    .as("%s in %s", words, table)
                    .containsExactly("0|0|0");
        }
    }

    /** A title, a schema, documents, a conflict that waits for somebody; and enough of them for a snapshot. */
    private static void writeIntoASpace(Caller hal) throws SQLException {
        hal.post("/api/v1/spaces", "{'space':'diary','title':'Secret title'}");
        assertThat(hal.put(
                                "/api/v1/spaces/diary/collections/notes/schema",
                                "{'properties':{'secretfield':{'x-sync':{'policy':'manual'}}}}")
                        .status())
                .isEqualTo(200);
        for (String device : List.of("d1", "d2")) {
            Response pushed = hal.post(
                    "/sync/v1/spaces/diary/push",
                    "{'device':'" + device + "','firstSeq':1,'ops':[{'collection':'notes','id':'secretid','set':{"
                            + "'secretfield':'secret of " + device + "','text':'" + "secret " + incompressible()
                            + "'}}]}");
            assertThat(pushed.body().path("rejected")).isEmpty();
        }
        assertThat(hal.get("/api/v1/spaces/diary/conflicts").body().path("items"))
                .hasSize(1);
        await().atMost(READ_MODEL).untilAsserted(() -> {
            assertThat(rows("SELECT count(*) FROM snapshot WHERE persistence_id = 'Space|default|diary'"))
                    .containsExactly("1");
            assertThat(hal.get("/api/v1/spaces").body().path("items").findValuesAsText("title"))
                    .containsExactly("Secret title");
        });
    }

    private static String incompressible() {
        byte[] bytes = new byte[4_000];
        new Random(1).nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    @Test
    void theAuditLogIsFoundByTimeActorAndSubjectInPages() {
        Caller ida = user("ida", "'user'");
        ida.post("/api/v1/devices", "{'device':'ida-phone'}");
        // Entries of different entities are recorded in any order; those of one entity in the order of its events.
        await().atMost(READ_MODEL)
                .untilAsserted(() -> assertThat(actions("?subject=ida"))
                        .containsExactlyInAnyOrder("device.registered", "user.token-issued", "user.created"));

        assertThat(actions("?actor=user:ida")).containsExactly("device.registered");
        assertThat(actions("?entity=User%7Cdefault%7Cida")).containsExactly("user.token-issued", "user.created");
        assertThat(actions("?subject=ida&until=2020-01-01T00:00:00Z")).isEmpty();
        assertThat(actions("?subject=ida&since=2020-01-01T00:00:00Z")).hasSize(3);
        Response page = admin.get("/api/v1/audit?entity=User%7Cdefault%7Cida&limit=1");
        assertThat(page.body().path("items").path(0).path("actor").asText()).isEqualTo("user:admin");
        assertThat(actions("?entity=User%7Cdefault%7Cida&limit=1&cursor=" + page.text("next")))
                .containsExactly("user.created");
        assertThat(admin.get("/api/v1/audit?cursor=bm9uc2Vuc2U").code()).isEqualTo("bad-cursor");
        assertThat(admin.get("/api/v1/audit?since=yesterday").code()).isEqualTo("invalid-request");
    }

    private static List<String> actions(String query) {
        Response page = admin.get("/api/v1/audit" + query);
        assertThat(page.status()).as(page.body().toString()).isEqualTo(200);
        return page.body().path("items").findValuesAsText("action");
    }

    private static List<String> rows(String query) throws SQLException {
        return TestDatabase.rows(node.databaseUrl(), query);
    }
}
