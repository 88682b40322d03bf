package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.space.wire.Frame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import kamon.Kamon;
import kamon.module.SpanReporter;
import kamon.trace.Span;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** A device's trace goes through the space to the other devices, and out to a collector when the operator wants it. */
final class TraceTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String TRACED = "00-" + TRACE + "-00f067aa0ba902b7-01";

    private static Node node;
    private static Api api;
    private static Config before;

    @BeforeAll
    static void start(@TempDir Path data) {
        node = Node.start(NodeOptions.in(data).withDatabase(TestDatabase.migrated()));
        api = Api.admin(node);
        before = Kamon.config();
        Kamon.reconfigure(
                ConfigFactory.parseString("kamon.trace.tick-interval = 100ms").withFallback(before));
    }

    @AfterAll
    static void stop() {
        Kamon.reconfigure(before);
        node.stop();
    }

    /** Keeps what is reported. */
    private static final class Kept implements SpanReporter {
        final List<Span.Finished> spans = new CopyOnWriteArrayList<>();

        @Override
        public void reportSpans(Seq<Span.Finished> finished) {
            spans.addAll(CollectionConverters.asJava(finished));
        }

        @Override
        public void stop() {}

        @Override
        public void reconfigure(Config config) {}

        Span.Finished named(String operation, String trace) {
            return spans.stream()
                    .filter(span -> span.operationName().equals(operation)
                            && span.trace().id().string().equals(trace))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no span " + operation));
        }
    }

    @Test
    void push_commit_and_delta_are_linked_spans_of_the_devices_trace() throws Exception {
        Kept kept = new Kept();
        // not that of other tests, whose spans may be reported only now
        String trace = "8bf92f3577b34da6a3ce929d0e0e4736";
        var registration = Kamon.addReporter("kept", kept);
        String space = api.newSpace();
        try (TestDevice reader =
                        TestDevice.connect("reader", node.uri(), api.token()).follow(space);
                TestDevice writer = TestDevice.connect("writer", node.uri(), api.token())) {
            writer.send(new Frame.Push(space, 1, null, List.of(change()), TRACED.replace(TRACE, trace)));
            String heard = reader.hear(Frame.Delta.class).traceparent();
            await().atMost(LIMIT).untilAsserted(() -> {
                Span.Finished push = kept.named("space.push", trace);
                Span.Finished commit = kept.named("space.commit", trace);
                Span.Finished delta = kept.named("space.delta", trace);
                assertThat(push.parentId().string()).isEqualTo("00f067aa0ba902b7");
                assertThat(commit.parentId().string()).isEqualTo(push.id().string());
                assertThat(delta.parentId().string()).isEqualTo(commit.id().string());
                assertThat(heard).isEqualTo("00-" + trace + "-" + commit.id().string() + "-01");
                assertThat(commit.from()).isAfterOrEqualTo(push.from());
                assertThat(commit.to()).isBeforeOrEqualTo(push.to());
            });
        } finally {
            registration.cancel();
        }
    }

    @Test
    void logs_have_the_ids_and_neither_token_nor_content() throws Exception {
        ch.qos.logback.classic.Logger all = (ch.qos.logback.classic.Logger) LoggerFactory.getLogger("io.aerofusion");
        Level before = all.getLevel();
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.list = new CopyOnWriteArrayList<>();
        lines.start();
        all.addAppender(lines);
        all.setLevel(Level.TRACE);
        Api user = api.user("logged");
        String space = user.newSpace();
        String earlier = "0123456789abcdef01234567";
        try (TestDevice forger = TestDevice.open("forger", node.uri(), user.token());
                TestDevice device = TestDevice.open("logged-device", node.uri(), user.token())) {
            forger.send(new Frame.Hello("forger", "", 1, 0, "confidential", null));
            forger.hear(Frame.Welcome.class);
            device.send(new Frame.Hello("logged-device", "", 1, 0, earlier, null));
            device.hear(Frame.Welcome.class);
            device.send(new Frame.Push(
                    space,
                    1,
                    null,
                    List.of(Mutation.set("private", "matter", 0, Map.of("v", text("confidential")))),
                    TRACED));
            device.hear(Frame.Ack.class);
            user.get("/sync/v1/spaces/" + space + "/documents/private/matter", "X-Request-Id", "request-1234");
            user.post("/sync/v1/spaces/" + space + "/push", "{\"confidential\":" + "confidential");
            device.sendBytes("confidential".getBytes(StandardCharsets.UTF_8));
            device.hear(Frame.Bye.class);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(lines.list.stream().map(TraceTest::text))
                            .anyMatch(line -> line.contains("request=\"request-1234\""))
                            .anyMatch(line -> line.startsWith("a session was welcomed")
                                    && line.contains("device=\"logged-device\"")
                                    && line.contains("resumed=\"" + earlier + "\"")
                                    && line.contains("user=\"logged\""))
                            .anyMatch(line -> line.startsWith("changes came")
                                    && line.contains("device=\"logged-device\"")
                                    && line.contains("trace=\"" + TRACE))
                            .anyMatch(line -> line.startsWith("a session was ended")
                                    && line.contains("device=\"logged-device\"")
                                    && line.contains("code=\"malformed-frame\"")));
        } finally {
            all.detachAppender(lines);
            all.setLevel(before);
        }
        assertThat(lines.list.stream().map(TraceTest::text))
                .noneMatch(line -> line.contains("confidential") || line.contains("matter"))
                .noneMatch(line -> line.contains(user.token()) || line.contains(api.token()));
    }

    private static String text(ILoggingEvent line) {
        String cause = line.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(line.getThrowableProxy());
        return line.getFormattedMessage() + " " + line.getKeyValuePairs() + " " + line.getMDCPropertyMap() + cause;
    }

    private static JsonNode text(String value) {
        return JsonNodeFactory.instance.textNode(value);
    }

    @Test
    void what_the_caller_does_not_record_is_passed_on_and_not_recorded() throws Exception {
        Kept kept = new Kept();
        var registration = Kamon.addReporter("kept-not", kept);
        String unsampled = TRACED.replace("-01", "-00").replace(TRACE, "5bf92f3577b34da6a3ce929d0e0e4736");
        String space = api.newSpace();
        try (TestDevice reader =
                        TestDevice.connect("reader", node.uri(), api.token()).follow(space);
                TestDevice writer = TestDevice.connect("writer", node.uri(), api.token())) {
            writer.send(new Frame.Push(space, 1, null, List.of(change()), unsampled));
            assertThat(reader.hear(Frame.Delta.class).traceparent()).isEqualTo(unsampled);
            String sampled = TRACED.replace(TRACE, "6bf92f3577b34da6a3ce929d0e0e4736");
            writer.send(new Frame.Push(space, 2, null, List.of(change()), sampled));
            await().atMost(LIMIT).untilAsserted(() -> kept.named("space.delta", sampled.substring(3, 35)));
            assertThat(kept.spans)
                    .noneMatch(span -> span.trace().id().string().equals("5bf92f3577b34da6a3ce929d0e0e4736"));
        } finally {
            registration.cancel();
        }
    }

    @Test
    void a_push_over_http_belongs_to_the_requests_trace() throws Exception {
        String space = api.newSpace();
        String other = "00-aaaaaaaa77b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        try (TestDevice reader =
                TestDevice.connect("reader", node.uri(), api.token()).follow(space)) {
            api.post(
                    "/sync/v1/spaces/" + space + "/push",
                    "{\"device\":\"curl\",\"firstSeq\":1,\"ops\":[{\"collection\":\"c\",\"id\":\"1\",\"set\":{\"v\":1}}]}",
                    "traceparent",
                    other);
            String heard = reader.hear(Frame.Delta.class).traceparent();
            assertThat(heard).startsWith(other.substring(0, 35)).isNotEqualTo(other);
        }
    }

    @Test
    void an_operator_can_switch_on_the_export_to_a_collector() throws Exception {
        List<String> received = new CopyOnWriteArrayList<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        Config running = Kamon.config();
        Kamon.reconfigure(ConfigFactory.parseMap(Map.of(
                        "kamon.modules.otel-trace-reporter.enabled",
                        true,
                        "kamon.otel.trace.protocol",
                        "http/protobuf",
                        "kamon.otel.trace.endpoint",
                        "http://127.0.0.1:" + collector.getAddress().getPort()))
                .withFallback(running));
        Kamon.loadModules();
        String space = api.newSpace();
        try (TestDevice reader =
                        TestDevice.connect("reader", node.uri(), api.token()).follow(space);
                TestDevice writer = TestDevice.connect("writer", node.uri(), api.token())) {
            writer.send(new Frame.Push(
                    space, 1, null, List.of(change()), TRACED.replace(TRACE, "7bf92f3577b34da6a3ce929d0e0e4736")));
            reader.hear(Frame.Delta.class);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(String.join("", received))
                            .contains("space.push")
                            .contains("space.commit")
                            .contains("space.delta"));
        } finally {
            Kamon.reconfigure(running);
            Kamon.loadModules();
            collector.stop(0);
        }
    }

    private static Mutation change() {
        return Mutation.set("c", "1", 0, TestDevice.values(Map.of("v", 1)));
    }
}
