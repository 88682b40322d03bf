package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The promises of an erasure when things are slow, or die. */
@Timeout(180)
final class ErasureTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void what_a_person_did_right_before_the_erasure_stands_in_the_audit_log(@TempDir Path data) {
        // The projection is far behind when the erasure comes.
        Node node = Node.start(NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("jdbc-read-journal.refresh-interval", "3s"));
        try {
            Caller admin = Caller.admin(node);
            admin.post("/api/v1/users", "{'user':'erika'}");
            admin.post("/api/v1/devices", "{'device':'erikas-phone','owner':'erika'}");
            String token =
                    admin.post("/api/v1/users/erika/tokens", "{'name':'last'}").text("secret");
            assertThat(admin.with(token)
                            .post("/api/v1/spaces", "{'space':'erikas-diary'}")
                            .status())
                    .isEqualTo(201);
            assertThat(admin.delete("/api/v1/users/erika").status()).isEqualTo(200);
            List<String> actions =
                    admin.get("/api/v1/audit").body().path("items").findValuesAsText("action");
            assertThat(actions)
                    .contains(
                            "user.created",
                            "user.token-issued",
                            "device.registered",
                            "space.created",
                            "user.erasure-requested",
                            "user.erased")
                    .doesNotContain("user.audit-incomplete");
        } finally {
            node.stop();
        }
    }

    @Test
    void an_erasure_whose_node_died_is_finished_by_the_next_without_being_asked(@TempDir Path data) throws Exception {
        NodeOptions options = NodeOptions.in(data)
                .with("aerofusion.user.erasures-resumed-every", "500ms")
                .with("akka.coordinated-shutdown.run-by-actor-system-terminate", false);
        Node first = Node.start(options);
        Caller admin = Caller.admin(first);
        admin.post("/api/v1/users", "{'user':'erika'}");
        await().atMost(LIMIT)
                .until(() -> query(first, "SELECT count(*) FROM user_account WHERE user_id = 'erika'")
                        .equals("1"));
        String before = events(first);
        try (Connection held = DriverManager.getConnection(first.databaseUrl());
                Statement statement = held.createStatement()) {
            held.setAutoCommit(false);
            statement.execute("LOCK TABLE user_account IN EXCLUSIVE MODE"); // nothing of the erasure gets further
            Thread.ofVirtual().start(() -> admin.delete("/api/v1/users/erika"));
            await().atMost(LIMIT).until(() -> !events(first).equals(before));
            first.crash();
        } catch (SQLException e) {
            assertThat((Throwable) e).hasMessageContaining("connection"); // the database went down with its node
        }
        Node second = Node.start(options);
        try {
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(query(
                                    second, "SELECT count(*) FROM aerofusion_keys.subject_key WHERE wrapped IS NULL"))
                            .isEqualTo("1"));
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(query(second, "SELECT string_agg(action, ' ') FROM audit_log"))
                            .contains("user.erased"));
            assertThat(query(second, "SELECT count(*) FROM user_account WHERE user_id = 'erika'"))
                    .isEqualTo("0");
        } finally {
            second.stop();
        }
    }

    private static String events(Node node) throws SQLException {
        return query(node, "SELECT count(*) FROM event_journal WHERE persistence_id = 'User|default|erika'");
    }

    private static String query(Node node, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(node.databaseUrl());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return String.valueOf(rows.getString(1));
        }
    }
}
