package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions with a user's token end when the token does, on whichever node they are; long before tokens are looked up again. */
@Timeout(120)
final class RevocationTest {
    private static Node first;
    private static Node second;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        first = Node.start(options(data.resolve("first")).withDatabase(TestDatabase.migrated()));
        second = Node.start(options(data.resolve("second")).joining(first));
        api = Api.admin(first);
    }

    private static NodeOptions options(Path data) {
        return NodeOptions.in(data)
                .with("aerofusion.space.session.token-recheck", "1h")
                .with("aerofusion.space.session.tick", "200ms");
    }

    @AfterAll
    static void stop() {
        second.stop();
        first.stop();
    }

    @Test
    void a_revoked_token_ends_its_sessions_on_all_nodes_and_leaves_the_others() throws Exception {
        Api user = api.user("leaver");
        String token = onlyToken("leaver");
        Api again = api.user("leaver");
        try (TestDevice here = TestDevice.connect("here", first.uri(), user.token());
                TestDevice there = TestDevice.connect("there", second.uri(), user.token());
                TestDevice stays = TestDevice.connect("stays", second.uri(), again.token())) {
            assertThat(api.delete("/api/v1/users/leaver/tokens/" + token).status())
                    .isIn(200, 204);
            for (TestDevice device : new TestDevice[] {here, there}) {
                Frame.Bye bye = device.hear(Frame.Bye.class);
                assertThat(bye.reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
                assertThat(bye.retryAfterMillis()).isNegative();
                device.hearTheEnd();
            }
            assertThat(stays.hearsNothing(300)).isTrue();
        }
    }

    @Test
    void an_erased_user_has_no_sessions() throws Exception {
        Api user = api.user("forgotten");
        try (TestDevice device = TestDevice.connect("f", second.uri(), user.token())) {
            assertThat(api.delete("/api/v1/users/forgotten").status()).isEqualTo(200);
            assertThat(device.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
        }
    }

    @Test
    void a_stream_of_events_ends_with_its_token_and_tells_nothing_more() throws Exception {
        Api user = api.user("listener");
        String token = onlyToken("listener");
        String space = user.newSpace();
        HttpResponse<Stream<String>> stream = HttpClient.newHttpClient()
                .send(
                        user.request("GET", "/sync/v1/spaces/" + space + "/changes", "", "Accept", "text/event-stream"),
                        HttpResponse.BodyHandlers.ofLines());
        Api stays = api.user("listener");
        stays.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"before\",\"set\":{\"v\":1}}");
        try (Stream<String> lines = stream.body()) {
            Iterator<String> heard = lines.iterator();
            while (!heard.next().contains("before")) {
                // empty pages
            }
            api.delete("/api/v1/users/listener/tokens/" + token);
            stays.push(space, "d1", 2, "{\"collection\":\"c\",\"id\":\"after\",\"set\":{\"v\":1}}");
            assertThat(heard).toIterable().noneMatch(line -> line.contains("after")); // and it ends
        }
        assertThat(user.get("/sync/v1/spaces/" + space + "/changes").code()).isEqualTo("unauthenticated");
    }

    @Test
    void a_member_of_an_erased_owners_space_is_told_that_it_is_gone_for_good() throws Exception {
        Api owner = api.user("mortal");
        Api member = api.user("survivor");
        String space = owner.newSpace();
        owner.put("/api/v1/spaces/" + space + "/members/survivor", "{\"right\":\"write\"}");
        owner.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        try (TestDevice device = TestDevice.connect("s", second.uri(), member.token())) {
            device.follow(space);
            assertThat(api.delete("/api/v1/users/mortal").status()).isEqualTo(200);
            assertThat(device.hear(Frame.Gone.class)).isEqualTo(new Frame.Gone(space, ErrorCode.ERASED));
            device.send(new Frame.Sub(space, List.of(), device.cursor));
            assertThat(device.hear(Frame.Gone.class)).isEqualTo(new Frame.Gone(space, ErrorCode.ERASED));
            device.push(space, "c", "1", Map.of("v", 2));
            assertThat(device.hear(Frame.Gone.class)).isEqualTo(new Frame.Gone(space, ErrorCode.ERASED));
        }
        for (String path : List.of(
                "/api/v1/spaces/" + space,
                "/sync/v1/spaces/" + space + "/changes",
                "/sync/v1/spaces/" + space + "/hash",
                "/sync/v1/spaces/" + space + "/documents/c/1",
                "/api/v1/spaces/" + space + "/documents/c/1/history",
                "/api/v1/spaces/" + space + "/documents/c/1/as-of?number=1")) {
            Api.Answer answer = member.get(path);
            assertThat(answer.status() + " " + answer.code()).as(path).isEqualTo("410 erased");
        }
    }

    @Test
    void who_gets_other_roles_connects_again() throws Exception {
        Api user = api.user("promoted");
        try (TestDevice device = TestDevice.connect("p", second.uri(), user.token())) {
            assertThat(api.put("/api/v1/users/promoted/roles", "{\"roles\":[\"user\",\"operator\"]}")
                            .status())
                    .isEqualTo(200);
            Frame.Bye bye = device.hear(Frame.Bye.class);
            assertThat(bye.reason()).isEqualTo(ErrorCode.UNAVAILABLE);
            assertThat(bye.retryAfterMillis()).isNotNegative();
        }
    }

    @Test
    void who_gets_other_roles_just_before_the_hello_is_served() throws Exception {
        Api user = api.user("early");
        String space = user.newSpace();
        try (TestDevice witness = TestDevice.connect("witness", second.uri(), user.token());
                TestDevice late = TestDevice.open("late", second.uri(), user.token())) {
            api.put("/api/v1/users/early/roles", "{\"roles\":[\"user\",\"operator\"]}");
            assertThat(witness.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAVAILABLE);
            late.send(late.hello(""));
            late.hear(Frame.Welcome.class);
            late.follow(space);
            late.push(space, "c", "1", Map.of("v", 1));
            late.acked();
        }
    }

    /** Whoever held the old credential had a socket ready, and stayed connected for good. */
    @Test
    void a_socket_that_was_opened_with_a_credential_is_no_session_after_its_rotation() throws Exception {
        String stolen = api.post("/api/v1/devices", "{\"device\":\"tug\"}")
                .json()
                .path("credential")
                .asText();
        try (TestDevice thief = TestDevice.open("tug", second.uri(), stolen)) {
            assertThat(api.post("/api/v1/devices/tug/credential", "").status()).isEqualTo(200);
            thief.send(thief.hello(""));
            assertThat(thief.hear(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
            thief.hearTheEnd();
        }
    }

    /** What the API calls the user's only token. */
    private static String onlyToken(String user) throws Exception {
        JsonNode tokens = api.get("/api/v1/users/" + user).json().path("tokens");
        assertThat(tokens).hasSize(1);
        return tokens.path(0).path("token").asText();
    }
}
