package io.aerofusion.gateway.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.route.BackendRef;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The conformance suite's cases through a running gateway: real sockets in front of it and behind it. The gateway goes from the manifests
 * of one test to those of the next by swapping generations.
 */
class GatewayApiWireTest {
    private static final Suite SUITE = Suite.load();
    private static final AtomicLong GENERATIONS = new AtomicLong();
    private static final AtomicInteger CASES = new AtomicInteger();

    private static final Map<String, EchoBackend> BACKENDS = new HashMap<>();
    private static final Map<String, GrpcEcho> GRPC_BACKENDS = new HashMap<>();
    private static final Map<List<Door>, Running> GATEWAYS = new LinkedHashMap<>();
    private static TestCertificate certificate;

    /** A gateway for the listeners of a manifest, one socket for each of their ports. */
    private record Running(Gateway gateway, List<Door> doors, List<Integer> ports) implements AutoCloseable {
        static Running start(List<Door> doors) {
            List<Integer> ports = new ArrayList<>();
            List<Listener> listeners = new ArrayList<>();
            for (Door door : doors) {
                if (!ports.contains(door.port())) {
                    ports.add(door.port());
                    listeners.add(
                            new Listener(door.name(), "127.0.0.1", 0, door.tls() ? Protocol.HTTPS : Protocol.HTTP));
                }
            }
            return new Running(Gateway.start(GatewaySettings.of(listeners).withThreads(1)), doors, ports);
        }

        InetSocketAddress address(int port) {
            return gateway.addresses().get(ports.indexOf(port));
        }

        void serve(Generation generation) throws Exception {
            Outcome outcome = new Compiler(doors, InstantSource.system(), List.of()).compile(generation);
            assertThat(outcome).isInstanceOf(Compiled.class);
            gateway.swap((Compiled) outcome).toCompletableFuture().get(60, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            gateway.close();
        }
    }

    @BeforeAll
    static void certify() throws Exception {
        certificate = TestCertificate.of("*.org", "example.org", "*.wildcard.org");
    }

    @AfterAll
    static void stop() {
        GATEWAYS.values().forEach(Running::close);
        BACKENDS.values().forEach(EchoBackend::close);
        GRPC_BACKENDS.values().forEach(GrpcEcho::close);
        GATEWAYS.clear();
        BACKENDS.clear();
        GRPC_BACKENDS.clear();
    }

    private static UpstreamSpec upstream(String pods) {
        try {
            if (pods.startsWith("grpc-")) {
                if (!GRPC_BACKENDS.containsKey(pods)) {
                    GRPC_BACKENDS.put(pods, new GrpcEcho(pods));
                }
                return lenient(
                        UpstreamSpec.Protocol.GRPC, GRPC_BACKENDS.get(pods).port());
            }
            if (!BACKENDS.containsKey(pods)) {
                BACKENDS.put(pods, new EchoBackend(pods));
            }
            return lenient(UpstreamSpec.Protocol.HTTP, BACKENDS.get(pods).port());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The suite's backends fail on purpose, request by request; a breaker or a budget would rightly spare them. */
    private static UpstreamSpec lenient(UpstreamSpec.Protocol protocol, int port) {
        UpstreamSpec spec = UpstreamSpec.of(protocol, List.of(new UpstreamSpec.Endpoint("127.0.0.1", port, 1)));
        return new UpstreamSpec(
                spec.protocol(),
                spec.endpoints(),
                null,
                null,
                null,
                null,
                spec.loadBalancer(),
                null,
                new UpstreamSpec.CircuitBreaker(10_000, Duration.ofSeconds(1), 1, 1024, 1024, 1024),
                null,
                new UpstreamSpec.RetryBudget(100, 10_000),
                new UpstreamSpec.Timeout(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(60)));
    }

    @TestFactory
    Stream<DynamicTest> everyCaseIsAnsweredAsTheSuiteExpects() {
        return SUITE.tests().stream()
                .flatMap(test -> Plan.applicable(test)
                        .map(step ->
                                DynamicTest.dynamicTest(step.expectation().title(), () -> eventually(test, step))));
    }

    /** As the suite does, cases that race against 500 ms are asked again until they are won: this machine may be busy. */
    private static void eventually(Suite.Test test, Plan.Step step) throws Exception {
        if (test.name().contains("Timeout")) {
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> run(test, step));
        } else {
            run(test, step);
        }
    }

    /** HTTP/2 with prior knowledge before and behind the gateway: two others stand there, since the JDK's client and server do not speak it. */
    @Test
    void requestsComeAndGoOverHttp2WithPriorKnowledge() throws Exception {
        Suite.Test test = SUITE.tests().stream()
                .filter(each -> each.name().equals("HTTPRouteBackendProtocolH2C"))
                .findFirst()
                .orElseThrow();
        Plan.Step step = Plan.steps(test).getFirst();
        List<JsonNode> manifest = test.manifests().getFirst();
        int echo = upstream("infra-backend-v1").endpoints().getFirst().port();
        try (Running behind = relay(UpstreamSpec.Protocol.HTTP, echo);
                Running tested = Running.start(SUITE.doors(step.gateway(), manifest));
                Running before =
                        relay(UpstreamSpec.Protocol.H2C, tested.address(80).getPort())) {
            int port = behind.address(80).getPort();
            tested.serve(SUITE.translate(step.gateway(), manifest, pods -> lenient(UpstreamSpec.Protocol.H2C, port))
                    .generation());
            Sent sent = step.expectation().sent(80, false);
            Answer answer = new Wire(before::address, certificate.trusting(), "h2c").send(sent);
            step.expectation().check(sent, answer);
            assertThat(answer.seen().all("via")).containsExactly("1.1 aerofusion", "2.0 aerofusion", "2.0 aerofusion");
        }
    }

    /** A gateway that forwards everything. */
    private static Running relay(UpstreamSpec.Protocol protocol, int port) throws Exception {
        Running relay = Running.start(List.of(new Door("relay", 80, false)));
        RouteSpec.Rule rule = new RouteSpec.Rule(List.of(), List.of(), List.of(new BackendRef("next")));
        relay.serve(new Generation(
                1,
                List.of(
                        new Resource(Kind.UPSTREAM, "next", lenient(protocol, port)),
                        new Resource(Kind.HTTP_ROUTE, "all", new RouteSpec(List.of(), List.of(), List.of(rule))))));
        return relay;
    }

    private static void run(Suite.Test test, Plan.Step step) throws Exception {
        List<JsonNode> manifest = test.manifests().get(step.manifest());
        Running running = GATEWAYS.computeIfAbsent(SUITE.doors(step.gateway(), manifest), Running::start);
        Suite.Translated translated = SUITE.translate(step.gateway(), manifest, GatewayApiWireTest::upstream);
        assertThat(translated.problems()).isEmpty();
        List<Resource> resources = new ArrayList<>(translated.generation().resources());
        resources.add(certificate.resource());
        Generation generation = new Generation(GENERATIONS.incrementAndGet(), resources);
        running.serve(step.keep() < 0 ? generation : GatewayApiTablesTest.one(generation, step.keep()));

        boolean tls = running.doors().getFirst().tls();
        Sent sent = step.expectation().sent(step.port(running.doors()), tls);
        if (!step.serverName().isEmpty()) {
            sent = sent.naming(step.serverName());
        }
        if (sent.grpc()) {
            step.expectation().check(sent, GrpcEcho.call(running.address(sent.port()), sent));
            return;
        }
        String id = "case-" + CASES.incrementAndGet();
        Answer answer = new Wire(running::address, certificate.trusting(), id).send(sent);
        step.expectation().check(sent, mirrored(step.expectation(), answer, id));
    }

    /** The answer with the backends that got a copy, as soon as all that are expected have it. */
    private static Answer mirrored(Expectation expectation, Answer answer, String id) {
        int wanted = expectation.wanted().path("MirroredTo").size();
        boolean byChance = expectation.wanted().path("MirroredTo").path(0).has("Percent");
        if (wanted == 0 || byChance) {
            return answer;
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> copies(answer, id).size() >= wanted);
        return new Answer(
                answer.status(),
                answer.headers(),
                answer.backend(),
                answer.seenMethod(),
                answer.seenHost(),
                answer.seenTarget(),
                answer.seen(),
                copies(answer, id));
    }

    private static List<String> copies(Answer answer, String id) {
        return BACKENDS.entrySet().stream()
                .filter(backend -> !backend.getKey().equals(answer.backend()))
                .filter(backend -> backend.getValue().saw(id))
                .map(Map.Entry::getKey)
                .toList();
    }
}
