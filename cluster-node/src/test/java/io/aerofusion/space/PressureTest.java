package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node does when devices take its time and memory: it bounds both, and serves the others. */
@Timeout(300)
final class PressureTest {
    private static final int HALF_OPEN = 1_000;
    private static final int UNSENT_BYTES_MAX = 64 * 1024;
    private static final int DOCUMENT_BYTES = 100_000;

    private static Node node;
    private static Api api;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.session.sessions-max", HALF_OPEN + 2)
                .with("aerofusion.space.entity.waiting-max", 1)
                .with("aerofusion.space.session.hello-timeout", "30s")
                .with("aerofusion.space.session.tick", "200ms")
                .with("aerofusion.space.session.slow-after", "300ms")
                .with("aerofusion.space.session.slow-retry", "700ms")
                .with("aerofusion.space.session.unsent-bytes-max", UNSENT_BYTES_MAX));
        api = Api.admin(node);
    }

    @AfterAll
    static void stop() {
        node.stop();
    }

    @Test
    void a_thousand_sockets_that_say_nothing_are_sent_away_while_others_are_served() throws Exception {
        String space = api.newSpace();
        List<Socket> halfOpen = new ArrayList<>();
        try {
            try (TestDevice reader = TestDevice.connect("reader", node.uri(), api.token())
                            .follow(space);
                    TestDevice writer = TestDevice.connect("writer", node.uri(), api.token())) {
                // Until no more are let in: on a slow machine the first ones are sent away before the last ones come.
                while (allLetIn(halfOpen) || halfOpen.size() < HALF_OPEN) {
                    assertThat(halfOpen).hasSizeLessThan(10 * HALF_OPEN);
                }
                assertThatThrownBy(() -> TestDevice.open("one-too-many", node.uri(), api.token()))
                        .hasStackTraceContaining("503");
                writer.push(space, "c", "1", Map.of("v", 1));
                writer.acked();
                reader.hear(Frame.Delta.class);
                for (Socket socket : halfOpen) {
                    assertThat(endsWithATimeout(socket)).isTrue();
                }
                TestDevice.connect("in-their-place", node.uri(), api.token()).close();
                writer.push(space, "c", "1", Map.of("v", 2));
                writer.acked();
            }
        } finally {
            for (Socket socket : halfOpen) {
                socket.close();
            }
        }
    }

    @Test
    void who_may_not_wait_for_a_change_is_told_instead_of_answered_at_once() throws Exception {
        String space = api.newSpace();
        String changes = "/sync/v1/spaces/" + space + "/changes";
        String cursor = api.get(changes).json().path("cursor").asText();
        AtomicReference<CompletableFuture<HttpResponse<String>>> waits =
                new AtomicReference<>(waiting(changes, cursor));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (waits.get().isDone()) { // the other one was there before it
                waits.set(waiting(changes, cursor));
            }
            Api.Answer second = api.get(changes + "?wait=1&since=" + cursor);
            return second.status() == 429 && second.code().equals("rate-limited");
        });
        HttpResponse<Stream<String>> stream = HttpClient.newHttpClient()
                .send(
                        api.request("GET", changes, "", "Accept", "text/event-stream"),
                        HttpResponse.BodyHandlers.ofLines());
        assertThat(stream.body().filter(line -> line.startsWith("data:")))
                .as("a stream ends where its next page would have to wait")
                .hasSizeLessThanOrEqualTo(1);
        api.push(space, "d1", 1, "{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}");
        assertThat(waits.get().get(60, TimeUnit.SECONDS).body()).contains("\"id\":\"1\"");
    }

    private static CompletableFuture<HttpResponse<String>> waiting(String changes, String cursor) {
        return HttpClient.newHttpClient()
                .sendAsync(
                        api.request("GET", changes + "?wait=25&since=" + cursor, ""),
                        HttpResponse.BodyHandlers.ofString());
    }

    /** Opens some more sockets that say nothing, side by side; false when there were as many as may be. */
    private static boolean allLetIn(List<Socket> halfOpen) throws Exception {
        List<Socket> more = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            more.add(asking());
        }
        boolean all = true;
        for (Socket socket : more) {
            String head = head(socket);
            if (head.startsWith("HTTP/1.1 503")) {
                socket.close();
                all = false;
            } else {
                assertThat(head).startsWith("HTTP/1.1 101");
                halfOpen.add(socket);
            }
        }
        return all;
    }

    private static Socket asking() throws Exception {
        URI uri = node.uri();
        Socket socket = new Socket(uri.getHost(), uri.getPort());
        OutputStream out = socket.getOutputStream();
        out.write(("GET /sync/v1 HTTP/1.1\r\nHost: " + uri.getAuthority()
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Sec-WebSocket-Protocol: aerofusion.sync.v1\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static String head(Socket socket) throws Exception {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        return head.toString();
    }

    private static boolean endsWithATimeout(Socket socket) throws Exception {
        byte[] rest = socket.getInputStream().readAllBytes();
        return new String(rest, StandardCharsets.ISO_8859_1).contains(ErrorCode.TIMEOUT.code());
    }

    @Test
    void a_device_that_does_not_read_loses_its_buffer_and_keeps_its_cursor() throws Exception {
        String space = api.newSpace();
        TestDevice deaf = TestDevice.deaf("deaf", node.uri(), api.token());
        try (TestDevice writer =
                        TestDevice.connect("writer", node.uri(), api.token()).follow(space);
                TestDevice reader =
                        TestDevice.connect("reader", node.uri(), api.token()).follow(space)) {
            deaf.send(deaf.hello(""));
            deaf.send(new Frame.Sub(space, List.of(), null));
            int commits = 200;
            for (int i = 0; i < commits; i++) { // more than any socket buffer takes
                writer.push(space, "c", "1", Map.of("v", i, "text", incompressible(i)));
                writer.acked();
                deaf.send(new Frame.Credit(1_000_000));
                reader.hear(Frame.Delta.class); // the others are served
                reader.send(new Frame.Credit(1_000_000));
            }
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(unsentBytes())
                            .as("what the node keeps for who does not read: the limit, and the frame that reached it")
                            .isBetween(UNSENT_BYTES_MAX, UNSENT_BYTES_MAX + DOCUMENT_BYTES));
            for (String mood : List.of("busy", "at ease")) {
                writer.send(new Frame.Announce(space, JsonNodeFactory.instance.textNode(mood)));
                assertThat(reader.hear(Frame.Presence.class).state().asText()).isEqualTo(mood);
            }
            deaf.listen();
            int deltas = 0;
            Frame.Presence shown = null;
            while (deaf.cursor == null || !deaf.cursor.equals(writer.cursor) || shown == null) {
                Frame frame = deaf.hear();
                deaf.apply(frame);
                deltas += frame instanceof Frame.Delta ? 1 : 0;
                shown = frame instanceof Frame.Presence presence ? presence : shown;
            }
            assertThat(shown.state().asText())
                    .as("of what was announced meanwhile, the latest")
                    .isEqualTo("at ease");
            assertThat(deaf.cell("c", "1", "v").longValue()).isEqualTo(commits - 1L);
            assertThat(deltas).isLessThan(commits); // what was dropped came as one
        } finally {
            deaf.close();
        }
    }

    @Test
    void a_commit_that_takes_long_slows_the_device_down() throws Exception {
        String space = api.newSpace();
        try (TestDevice device =
                TestDevice.connect("d", node.uri(), api.token()).follow(space)) {
            try (Connection database = DriverManager.getConnection(node.databaseUrl());
                    Statement statement = database.createStatement()) {
                database.setAutoCommit(false);
                statement.execute("LOCK TABLE event_journal IN EXCLUSIVE MODE");
                device.push(space, "c", "1", Map.of("v", 1));
                assertThat(device.hear(Frame.Slow.class).retryAfterMillis()).isEqualTo(700);
                database.rollback();
            }
            assertThat(device.acked().upTo()).isEqualTo(1);
        }
    }

    private static int unsentBytes() throws Exception {
        return api.get("/metrics")
                .http()
                .body()
                .lines()
                .filter(line -> line.startsWith("space_sessions_unsent_bytes "))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    private static String incompressible(int seed) {
        byte[] bytes = new byte[DOCUMENT_BYTES / 4 * 3];
        new Random(seed).nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }
}
