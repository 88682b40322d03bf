package io.aerofusion.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import org.junit.jupiter.params.provider.ValueSource;

/** Devices through the door: HTTP on a node with its own PostgreSQL. */
class DevicesApiTest {
    private static final String DEVICES = "/api/v1/devices";
    private static final Duration READ_MODEL = Duration.ofSeconds(60);

    private static Node node;
    private static Caller admin;
    private static Caller alice;
    private static Caller bob;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        admin = Caller.admin(node);
        alice = user("alice");
        bob = user("bob");
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    private static Caller user(String name) {
        assertThat(admin.post("/api/v1/users", "{'user':'" + name + "'}").status())
                .isEqualTo(201);
        Response token = admin.post("/api/v1/users/" + name + "/tokens", "{'name':'test'}");
        assertThat(token.status()).isEqualTo(201);
        return admin.with(token.text("secret"));
    }

    @Test
    void aDeviceIsRegisteredAndItsCredentialSpeaksForIt() {
        Response registered = alice.post(DEVICES, "{'device':'phone-1','name':'Phone','labels':{'room':'7'}}");

        assertThat(registered.status()).isEqualTo(201);
        assertThat(registered.http().headers().firstValue("Location")).contains(DEVICES + "/phone-1");
        assertThat(registered.text("owner")).isEqualTo("alice");
        assertThat(registered.text("state")).isEqualTo("active");
        assertThat(registered.text("credential")).startsWith("aft_");
        Caller phone = alice.with(registered.text("credential"));
        assertThat(phone.get("/api/v1/me").body().toString())
                .isEqualTo("{\"tenant\":\"default\",\"user\":\"alice\",\"roles\":[],\"device\":\"phone-1\"}");
        Response seen = alice.get(DEVICES + "/phone-1");
        assertThat(seen.body().has("credential")).isFalse();
        assertThat(seen.body().path("seenAt").isTextual()).isTrue();
        assertThat(phone.get(DEVICES + "/phone-1").status()).isEqualTo(200);
        assertThat(alice.post(DEVICES, "{'device':'phone-1'}").code()).isEqualTo("already-exists");
        assertThat(bob.post(DEVICES, "{'device':'phone-1'}").code()).isEqualTo("already-exists");
    }

    @Test
    void aRepeatedRegistrationIsTheSameDevice() {
        Response first = alice.post(DEVICES, "{'name':'lost'}", "Idempotency-Key", "k1");
        Response second = alice.post(DEVICES, "{'name':'lost'}", "Idempotency-Key", "k1");

        assertThat(second.status()).isEqualTo(201);
        assertThat(second.text("device")).isEqualTo(first.text("device"));
        assertThat(alice.with(first.text("credential")).get("/api/v1/me").code())
                .isEqualTo("unauthenticated");
        assertThat(alice.with(second.text("credential")).get("/api/v1/me").status())
                .isEqualTo(200);
        Response third = alice.post(DEVICES, "{'name':'lost'}", "Idempotency-Key", "k1");
        assertThat(third.status()).isEqualTo(200);
        assertThat(third.body().has("credential")).isFalse();
        assertThat(alice.post(DEVICES, "{'name':'other'}", "Idempotency-Key", "k1")
                        .code())
                .isEqualTo("idempotency-mismatch");
        assertThat(bob.post(DEVICES, "{'name':'lost'}", "Idempotency-Key", "k1").text("device"))
                .isNotEqualTo(first.text("device"));
    }

    @Test
    void nobodySeesTheDevicesOfOthers() {
        alice.post(DEVICES, "{'device':'diary'}");

        assertThat(bob.get(DEVICES + "/diary").code()).isEqualTo("not-found");
        assertThat(bob.get(DEVICES + "/no-such").body().path("detail"))
                .isEqualTo(bob.get(DEVICES + "/diary").body().path("detail"));
        assertThat(bob.patch(DEVICES + "/diary", "{'name':'mine'}").code()).isEqualTo("not-found");
        assertThat(bob.get(DEVICES + "/diary/twin").code()).isEqualTo("not-found");
        assertThat(bob.patch(DEVICES + "/diary/twin", "{'a':1}").code()).isEqualTo("not-found");
        assertThat(bob.post(DEVICES + "/diary/revoke", "").code()).isEqualTo("not-found");
        assertThat(bob.post(DEVICES + "/diary/credential", "").code()).isEqualTo("not-found");
        assertThat(bob.get(DEVICES + "?owner=alice").code()).isEqualTo("forbidden");
        assertThat(bob.post(DEVICES, "{'owner':'alice'}").code()).isEqualTo("forbidden");
        assertThat(admin.get(DEVICES + "/diary").status()).isEqualTo(200);
        assertThat(admin.post(DEVICES, "{'device':'gift','owner':'bob'}").text("owner"))
                .isEqualTo("bob");
        assertThat(admin.post(DEVICES, "{'owner':'nobody'}").code()).isEqualTo("invalid-request");
        assertThat(alice.with("").get(DEVICES + "/diary").code()).isEqualTo("unauthenticated");
        assertThat(alice.with("aft_garbage").get(DEVICES + "/diary").code()).isEqualTo("unauthenticated");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{'device':''}",
                "{'device':'a|b'}",
                "{'device':'-a'}",
                "{'device':7}",
                "{'name':7}",
                "{'labels':[]}",
                "{'labels':{'a':7}}",
                "{'labels':{'bad name':'x'}}",
                "{'owner':'a|b'}"
            })
    void aWrongRegistrationIsToldWhatIsWrong(String body) {
        Response response = admin.post(DEVICES, body);

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.code()).isEqualTo("invalid-request");
        assertThat(response.text("detail")).isNotEmpty();
    }

    @Test
    void labelsChangeUnlessSomebodyWasFaster() {
        Response registered = alice.post(DEVICES, "{'device':'lamp','labels':{'room':'7','floor':'2'}}");

        Response changed = alice.patch(
                DEVICES + "/lamp", "{'labels':{'floor':null,'side':'left'}}", "If-Match", registered.etag());
        assertThat(changed.body().path("labels").toString()).isEqualTo("{\"room\":\"7\",\"side\":\"left\"}");
        Response stale = alice.patch(DEVICES + "/lamp", "{'name':'x'}", "If-Match", registered.etag());
        assertThat(stale.status()).isEqualTo(412);
        assertThat(stale.code()).isEqualTo("precondition-failed");
        assertThat(alice.patch(DEVICES + "/lamp", "{'labels':{'no good':'x'}}").code())
                .isEqualTo("invalid-request");
    }

    @Test
    void aRotatedCredentialReplacesTheOldOneAtOnce() {
        Caller old = alice.with(alice.post(DEVICES, "{'device':'rotating'}").text("credential"));
        assertThat(old.get("/api/v1/me").status()).isEqualTo(200);

        Caller fresh =
                alice.with(alice.post(DEVICES + "/rotating/credential", "").text("credential"));

        assertThat(old.get("/api/v1/me").code()).isEqualTo("unauthenticated");
        assertThat(fresh.get("/api/v1/me").status()).isEqualTo(200);
        assertThat(fresh.post(DEVICES + "/rotating/credential", "").code()).isEqualTo("forbidden");
        assertThat(fresh.post(DEVICES, "{}").code()).isEqualTo("forbidden");
        assertThat(fresh.get(DEVICES).code()).isEqualTo("forbidden");
    }

    @Test
    void aRevokedDeviceIsOutAtOnceAndMayComeBackWithANewCredential() {
        Caller phone = alice.with(alice.post(DEVICES, "{'device':'stolen'}").text("credential"));
        assertThat(phone.get("/api/v1/me").status()).isEqualTo(200);

        assertThat(alice.post(DEVICES + "/stolen/revoke", "").text("state")).isEqualTo("revoked");

        assertThat(phone.get("/api/v1/me").code()).isEqualTo("unauthenticated");
        assertThat(alice.post(DEVICES + "/stolen/revoke", "").status()).isEqualTo(200);
        assertThat(alice.patch(DEVICES + "/stolen/twin", "{'a':1}").code()).isEqualTo("device-revoked");
        assertThat(bob.post(DEVICES, "{'device':'stolen'}").code()).isEqualTo("already-exists");
        Caller again = alice.with(alice.post(DEVICES, "{'device':'stolen'}").text("credential"));
        assertThat(again.get("/api/v1/me").status()).isEqualTo(200);
        assertThat(phone.get("/api/v1/me").code()).isEqualTo("unauthenticated");
    }

    @Test
    void theTwinIsWantedByPeopleAndReportedByTheDevice() {
        Caller phone = alice.with(alice.post(DEVICES, "{'device':'twin'}").text("credential"));
        String path = DEVICES + "/twin/twin";

        Response empty = alice.get(path);
        assertThat(empty.etag()).isEqualTo("\"0\"");
        Response wanted = alice.patch(path, "{'light':{'on':true,'level':7}}", "If-Match", empty.etag());
        assertThat(wanted.etag()).isEqualTo("\"1\"");
        assertThat(phone.patch(path + "/reported", "{'light':{'on':true}}").status())
                .isEqualTo(200);
        Response now = alice.get(path);
        assertThat(now.body().toString())
                .isEqualTo("{\"desired\":{\"light\":{\"on\":true,\"level\":7}},\"desiredVersion\":1,"
                        + "\"reported\":{\"light\":{\"on\":true}},\"reportedVersion\":1}");
        assertThat(now.etag())
                .as("a report does not get in the way of who changes the desired state")
                .isEqualTo("\"1\"");
        assertThat(alice.patch(path, "{'x':1}", "If-Match", empty.etag()).code())
                .isEqualTo("precondition-failed");
        assertThat(alice.patch(path, "{'x':1}", "If-Match", "nonsense").code()).isEqualTo("invalid-request");
        assertThat(phone.patch(path, "{'x':1}").code()).isEqualTo("forbidden");
        assertThat(alice.patch(path + "/reported", "{'x':1}").code()).isEqualTo("forbidden");
    }

    @Test
    void aTwinIsBounded() {
        alice.post(DEVICES, "{'device':'bounded'}");
        String path = DEVICES + "/bounded/twin";

        assertThat(alice.patch(path, "{'a':'" + "x".repeat(Twin.BYTES_MAX) + "'}")
                        .code())
                .isEqualTo("document-too-large");
        assertThat(alice.patch(path, "{'a':".repeat(17) + "1" + "}".repeat(17)).code())
                .isEqualTo("nested-too-deep");
        assertThat(alice.patch(path, "{'a':1e999}").code()).isEqualTo("invalid-value");
        assertThat(alice.patch(path, "[1]").code()).isEqualTo("invalid-request");
        assertThat(alice.patch(path, "{'a':").code()).isEqualTo("malformed-json");
        assertThat(alice.get(path).body().path("desiredVersion").asInt()).isZero();
    }

    @Test
    void devicesAreFoundByOwnerLabelStateAndLastSeenInPages() {
        Caller carol = user("carol");
        for (int i = 0; i < 5; i++) {
            Response device = carol.post(
                    DEVICES,
                    "{'device':'fleet-" + i + "','labels':{'site':'" + (i < 3 ? "north" : "south") + "','n':'" + i
                            + "'}}");
            if (i == 0) {
                carol.with(device.text("credential")).get("/api/v1/me");
            }
        }
        carol.post(DEVICES + "/fleet-4/revoke", "");

        await().atMost(READ_MODEL).untilAsserted(() -> {
            assertThat(found(carol, "")).containsExactly("fleet-0", "fleet-1", "fleet-2", "fleet-3", "fleet-4");
            assertThat(found(carol, "?state=revoked")).containsExactly("fleet-4");
            assertThat(found(carol, "?seenSince=2020-01-01T00:00:00Z")).containsExactly("fleet-0");
        });
        assertThat(found(carol, "?label=site=north")).containsExactly("fleet-0", "fleet-1", "fleet-2");
        assertThat(found(carol, "?label=site=north&label=n=1")).containsExactly("fleet-1");
        assertThat(found(carol, "?label=site=west")).isEmpty();
        assertThat(found(admin, "?owner=carol&label=n=3")).containsExactly("fleet-3");
        assertThat(found(carol, "?limit=2")).containsExactly("fleet-0", "fleet-1");
        assertThat(ids(carol.get("/api/v1/users/carol/devices"))).hasSize(5);
        assertThat(alice.get("/api/v1/users/carol/devices").code()).isEqualTo("not-found");

        List<String> paged = new ArrayList<>();
        String next = "";
        do {
            Response page = carol.get(DEVICES + "?limit=2" + next);
            paged.addAll(ids(page));
            next = page.body().has("next") ? "&cursor=" + page.text("next") : "";
        } while (!next.isEmpty());
        assertThat(paged).containsExactly("fleet-0", "fleet-1", "fleet-2", "fleet-3", "fleet-4");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"?label=nothing", "?label=a=1&label=a=2", "?state=asleep", "?seenSince=yesterday", "?limit=0"})
    void aWrongSearchIsToldWhatIsWrong(String query) {
        assertThat(alice.get(DEVICES + query).code()).isEqualTo("invalid-request");
    }

    private static List<String> found(Caller caller, String query) {
        return ids(caller.get(DEVICES + query));
    }

    private static List<String> ids(Response page) {
        assertThat(page.status()).as(page.body().toString()).isEqualTo(200);
        List<String> ids = new ArrayList<>();
        page.body().path("items").forEach(item -> ids.add(item.path("device").asText()));
        return ids;
    }
}
