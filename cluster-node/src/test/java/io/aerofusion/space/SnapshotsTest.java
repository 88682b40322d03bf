package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.Database;
import io.aerofusion.platform.persistence.Snapshots;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of a space are taken as it grows, replace each other, and are what it recovers from. */
@Timeout(120)
final class SnapshotsTest {
    private static final int PUSHES = 120;

    @Test
    void only_the_newest_snapshot_is_kept_and_the_space_recovers_from_it(@TempDir Path data) throws Exception {
        NodeOptions options = NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.space.entity.snapshot-bytes-min", "1 KiB");
        Node first = Node.start(options);
        String space;
        String hash;
        try {
            Api api = Api.admin(first);
            space = api.newSpace();
            try (TestDevice writer =
                    TestDevice.connect("writer", first.uri(), api.token()).follow(space)) {
                for (int i = 0; i < PUSHES; i++) {
                    writer.push(space, "c", "d" + i, Map.of("v", i, "text", "words of document " + i));
                    writer.acked();
                }
            }
            String taken = "SELECT count(*), min(sequence_number), max(sequence_number) FROM snapshot"
                    + " WHERE persistence_id = 'Space|default|" + space + "'";
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                long[] found = query(first, taken);
                assertThat(found[0]).isEqualTo(1);
                assertThat(found[2]).isGreaterThan(PUSHES / 2);
            });
            hash = api.get("/sync/v1/spaces/" + space + "/hash")
                    .json()
                    .path("hash")
                    .asText();
        } finally {
            first.stop();
        }
        Node second = Node.start(options);
        try {
            assertThat(Api.admin(second)
                            .get("/sync/v1/spaces/" + space + "/hash")
                            .json()
                            .path("hash")
                            .asText())
                    .isEqualTo(hash);
        } finally {
            second.stop();
        }
    }

    /** The space failed when it had taken a snapshot: who followed it had to follow again, who waited waited in vain. */
    @Test
    void an_executor_that_takes_no_more_work_only_keeps_older_snapshots_a_while() throws Exception {
        try (Database database = Database.open(TestDatabase.migrated())) {
            LongConsumer taken = Spaces.older(new Snapshots(database.pool()), "Space|default|full", work -> {
                throw new ProblemException(ErrorCode.UNAVAILABLE, "Too much work is waiting.");
            });
            assertThatCode(() -> taken.accept(7)).doesNotThrowAnyException();
        }
    }

    private static long[] query(Node node, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(node.databaseUrl());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return new long[] {rows.getLong(1), rows.getLong(2), rows.getLong(3)};
        }
    }
}
