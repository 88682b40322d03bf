package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form of {@code ./run bench faults}: one real node, killed under load, started again on its data with its log as JSON, and ended
 * by Ctrl-C.
 */
final class FaultDrillTest {
    private static final Duration WRITING = Duration.ofSeconds(2);
    private static final Duration STEP_MAX = Duration.ofMinutes(3);
    private static final int BY_SIGINT = 128 + 2;
    private static final int BY_SIGTERM = 128 + 15;
    private static final String TEXT_LOG = "\\d{4}-\\d\\d-\\d\\dT\\S+ +(TRACE|DEBUG|INFO|WARN|ERROR) .*";
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void nothing_acknowledged_is_lost_when_a_node_is_killed_and_ctrl_c_ends_the_next_one(@TempDir Path directory)
            throws IOException {
        NodeProcess.Options options =
                NodeProcess.Options.in(directory.resolve("node")).withJvm("-Xmx768m");
        List<FaultDrill.Writer> writers = new ArrayList<>();
        List<String> secrets = new ArrayList<>();
        URI uri;
        Api api;
        try (NodeProcess node = NodeProcess.start(options)) {
            uri = node.uri();
            secrets.add(BenchNode.adminToken(node.data()));
            api = new Api(uri, secrets.getFirst());
            api.createSpace("drill");
            api.setSchema("drill", FaultDrill.COLLECTION, FaultDrill.SCHEMA);
            for (int i = 0; i < 3; i++) {
                String name = "writer-" + i;
                secrets.add(api.registerDevice(name));
                writers.add(new FaultDrill.Writer("drill", name, secrets.getLast(), uri));
            }
            writers.forEach(FaultDrill.Writer::start);
            Waiting.pause(WRITING);
            node.kill(); // its PostgreSQL lives on and is found by the next start
        }
        long logged = Files.size(NodeProcess.log(options.data()));
        try (NodeProcess node = NodeProcess.start(options.with("--port", Integer.toString(uri.getPort()))
                .withEnvironment(Map.of("AEROFUSION_LOG", "json", "AEROFUSION_LOG_LEVEL", "DEBUG")))) {
            Waiting.pause(WRITING);
            assertThat(node.isAlive()).isTrue();
            writers.forEach(FaultDrill.Writer::stop);
            Checker checker = new Checker(api, writers);
            checker.check(STEP_MAX);
            assertThat(checker.acknowledged()).isPositive();
            assertThat(checker.lost()).isZero();
            assertThat(checker.miscounted()).isZero();
            assertThat(checker.converged()).isEqualTo(1);
            assertThat(node.interrupt())
                    .as("by the signal, in an orderly way: killed, it would be 137")
                    .isIn(BY_SIGINT, BY_SIGTERM);
        } finally {
            writers.forEach(FaultDrill.Writer::close);
        }
        checkJson(Files.readString(NodeProcess.log(options.data())).substring((int) logged), secrets);
    }

    /** What a node with {@code AEROFUSION_LOG=json} says: beside what it prints for people, one object a line, with the ids and no secret. */
    private static void checkJson(String output, List<String> secrets) throws IOException {
        assertThat(output).contains("AeroFusion is ready.", "Stopping.").doesNotContain(secrets);
        assertThat(output.lines()).as("no line in the form for people").noneMatch(line -> line.matches(TEXT_LOG));
        List<JsonNode> events = new ArrayList<>();
        for (String line : output.lines().filter(line -> line.startsWith("{")).toList()) {
            JsonNode event = JSON.readTree(line);
            assertThat(event.path("timestamp").isNumber()).as(line).isTrue();
            assertThat(event.path("level").isTextual()).as(line).isTrue();
            assertThat(event.path("message").isTextual()).as(line).isTrue();
            events.add(event);
        }
        assertThat(events)
                .as("a session with its ids")
                .anyMatch(event -> event.path("message").asText().equals("a session was welcomed")
                        && event.path("kvpList").findValuesAsText("device").contains("writer-0")
                        && !event.path("kvpList").findValuesAsText("session").isEmpty());
        assertThat(events)
                .as("a request with its id")
                .anyMatch(event -> event.path("mdc").hasNonNull("request")
                        || !event.path("kvpList").findValuesAsText("request").isEmpty());
    }
}
