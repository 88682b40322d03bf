package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code ./run bench faults}: one real node, killed under load and started again on its data. */
final class FaultDrillTest {
    private static final Duration WRITING = Duration.ofSeconds(2);
    private static final Duration STEP_MAX = Duration.ofMinutes(3);

    @Test
    void nothing_acknowledged_is_lost_when_a_node_is_killed(@TempDir Path directory) {
        NodeProcess.Options options =
                NodeProcess.Options.in(directory.resolve("node")).withJvm("-Xmx768m");
        List<FaultDrill.Writer> writers = new ArrayList<>();
        URI uri;
        Api api;
        try (NodeProcess node = NodeProcess.start(options)) {
            uri = node.uri();
            api = new Api(uri, BenchNode.adminToken(node.data()));
            api.createSpace("drill");
            api.setSchema("drill", FaultDrill.COLLECTION, FaultDrill.SCHEMA);
            for (int i = 0; i < 3; i++) {
                String name = "writer-" + i;
                writers.add(new FaultDrill.Writer("drill", name, api.registerDevice(name), uri));
            }
            writers.forEach(FaultDrill.Writer::start);
            Waiting.pause(WRITING);
            node.kill(); // its PostgreSQL lives on and is found by the next start
        }
        try (NodeProcess node = NodeProcess.start(options.with("--port", Integer.toString(uri.getPort())))) {
            Waiting.pause(WRITING);
            assertThat(node.isAlive()).isTrue();
            writers.forEach(FaultDrill.Writer::stop);
            Checker checker = new Checker(api, writers);
            checker.check(STEP_MAX);
            assertThat(checker.acknowledged()).isPositive();
            assertThat(checker.lost()).isZero();
            assertThat(checker.miscounted()).isZero();
            assertThat(checker.converged()).isEqualTo(1);
        } finally {
            writers.forEach(FaultDrill.Writer::close);
        }
    }
}
