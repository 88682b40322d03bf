package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.space.wire.Frame;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions with a user's token end when the token does, on whichever node they are; long before tokens are looked up again. */
final class RevocationTest {
    private static Node first;
    private static Node second;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        first = Node.start(options(data.resolve("first")));
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
            String first = api.get("/api/v1/users/listener")
                    .json()
                    .path("tokens")
                    .path(0)
                    .path("token")
                    .asText();
            api.delete("/api/v1/users/listener/tokens/" + first);
            stays.push(space, "d1", 2, "{\"collection\":\"c\",\"id\":\"after\",\"set\":{\"v\":1}}");
            assertThat(heard).toIterable().noneMatch(line -> line.contains("after")); // and it ends
        }
        assertThat(user.get("/sync/v1/spaces/" + space + "/changes").code()).isEqualTo("unauthenticated");
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

    /** What the API calls the user's only token. */
    private static String onlyToken(String user) throws Exception {
        JsonNode tokens = api.get("/api/v1/users/" + user).json().path("tokens");
        assertThat(tokens).hasSize(1);
        return tokens.path(0).path("token").asText();
    }
}
