package io.aerofusion.gateway.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.route.Generation;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.UpstreamSpec;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The conformance suite of the Gateway API against the compiled tables and filters. */
class GatewayApiTablesTest {
    private static final Suite SUITE = Suite.load();
    private static final UpstreamSpec ANYWHERE =
            UpstreamSpec.of(UpstreamSpec.Protocol.HTTP, List.of(new UpstreamSpec.Endpoint("127.0.0.1", 9, 1)));

    private static Outcome compile(Suite.Test test, String gateway, int manifest, int keep) {
        Suite.Translated translated = SUITE.translate(gateway, test.manifests().get(manifest), name -> ANYWHERE);
        assertThat(translated.problems()).isEmpty();
        Generation generation = keep < 0 ? translated.generation() : one(translated.generation(), keep);
        List<Door> doors = SUITE.doors(gateway, test.manifests().get(manifest));
        return new Compiler(doors, InstantSource.fixed(Suite.NOW), List.of()).compile(generation);
    }

    /** The generation with one rule of each route. */
    static Generation one(Generation generation, int rule) {
        List<Resource> resources = new ArrayList<>();
        for (Resource resource : generation.resources()) {
            resources.add(
                    resource.spec() instanceof GrpcRouteSpec spec
                            ? new Resource(
                                    resource.kind(),
                                    resource.name(),
                                    new GrpcRouteSpec(
                                            spec.parentRefs(),
                                            spec.hostnames(),
                                            List.of(spec.rules().get(rule))))
                            : resource);
        }
        return new Generation(generation.number(), resources);
    }

    @TestFactory
    Stream<DynamicTest> everyCaseIsAnsweredAsTheSuiteExpects() {
        return SUITE.tests().stream()
                .filter(test -> !Plan.ON_THE_WIRE.contains(test.name()))
                .flatMap(test -> Plan.applicable(test)
                        .map(step -> DynamicTest.dynamicTest(step.expectation().title(), () -> run(test, step))));
    }

    private static void run(Suite.Test test, Plan.Step step) {
        Outcome outcome = compile(test, step.gateway(), step.manifest(), step.keep());
        assertThat(outcome).isInstanceOf(Compiled.class);
        Compiled compiled = (Compiled) outcome;
        boolean tls = compiled.doors().getFirst().tls();
        Sent sent = step.expectation().sent(step.port(compiled.doors()), tls);
        if (!step.serverName().isEmpty()) {
            sent = sent.naming(step.serverName());
        }
        step.expectation().check(sent, new Tables(compiled).send(sent));
    }

    /** {@link GatewayApiWireTest} runs all that apply, this class those that need no running gateway. */
    @Test
    void theWholeSuiteIsRunOrNamedWithAReason() {
        Set<String> all = new TreeSet<>();
        Set<String> run = new TreeSet<>();
        Map<String, String> listed = new TreeMap<>();
        for (Suite.Test test : SUITE.tests()) {
            for (int number = 0; number < test.cases().size(); number++) all.add(test.name() + " " + number);
            // where a table of the suite's code stands for one case, all its rows are that case
            Plan.applicable(test)
                    .forEach(step -> run.add(test.name() + " "
                            + Math.min(step.expectation().number(), test.cases().size() - 1)));
        }
        Plan.NOT_APPLICABLE.forEach((name, reason) -> {
            for (int number = 0; number < test(name).cases().size(); number++) listed.put(name + " " + number, reason);
        });
        Plan.CASES_NOT_APPLICABLE.forEach(
                (name, cases) -> cases.forEach((number, reason) -> listed.put(name + " " + number, reason)));
        assertThat(SUITE.tests()).hasSize(53);
        assertThat(all).hasSize(264);
        assertThat(run).hasSize(257).doesNotContainAnyElementsOf(listed.keySet());
        assertThat(Stream.concat(run.stream(), listed.keySet().stream())).containsExactlyInAnyOrderElementsOf(all);
        assertThat(listed.values()).allSatisfy(reason -> assertThat(reason).isNotBlank());
        assertThat(SUITE.tests()).extracting(Suite.Test::name).containsAll(Plan.ON_THE_WIRE);
    }

    private static Suite.Test test(String name) {
        return SUITE.tests().stream()
                .filter(test -> test.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aReferenceThatLeadsNowhereIsRefusedBeforeAnyRequest() {
        for (String name :
                List.of("HTTPRouteInvalidNonExistentBackendRef", "HTTPRouteInvalidCrossNamespaceBackendRef")) {
            Suite.Test test = test(name);
            Suite.Translated translated =
                    SUITE.translate("same-namespace", test.manifests().getFirst(), service -> ANYWHERE);
            // where the manifest crosses namespaces without a grant, the Service is not there for us
            Generation generation = new Generation(
                    1,
                    translated.generation().resources().stream()
                            .filter(resource -> !resource.name().contains("gateway-conformance-web-backend"))
                            .toList());
            Outcome outcome = new Compiler(
                            SUITE.doors("same-namespace", List.of()), InstantSource.fixed(Suite.NOW), List.of())
                    .compile(generation);
            assertThat(outcome).isInstanceOf(Outcome.Refused.class);
            assertThat(((Outcome.Refused) outcome).problems())
                    .extracting(Problem::code)
                    .containsOnly(Problem.DANGLING_REFERENCE);
        }
        Suite.Translated kind = SUITE.translate(
                "same-namespace",
                test("HTTPRouteInvalidBackendRefUnknownKind").manifests().getFirst(),
                service -> ANYWHERE);
        assertThat(kind.problems()).extracting(Problem::code).contains(Problem.UNKNOWN_FIELD);
    }

    @Test
    void rulesThatMatchTheSameAreRefused() {
        Outcome outcome = compile(test("GRPCRouteRequestHeaderModifier"), "same-namespace", 0, -1);
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        assertThat(((Outcome.Refused) outcome).problems())
                .extracting(problem -> problem.pointer() + " " + problem.code())
                .containsExactlyInAnyOrder(
                        "/spec/rules/1/matches/0 duplicate-match", "/spec/rules/2/matches/0 duplicate-match");
    }

    @Test
    void weightsAreKeptOverManyRequests() {
        for (String name : List.of("HTTPRouteWeight", "GRPCRouteWeight")) {
            Suite.Test test = test(name);
            Map<String, Integer> counts = new HashMap<>();
            for (Answer answer : many(test, 0)) {
                counts.merge(answer.backend().replace("grpc-", ""), 1, Integer::sum);
            }
            assertThat(counts).containsOnlyKeys("infra-backend-v1", "infra-backend-v2");
            assertThat(counts.get("infra-backend-v1")).isBetween(1_300, 1_500);
        }
        for (Answer answer : many(test("HTTPRouteRequestHeaderModifierBackendWeights"), 0)) {
            assertThat(answer.seen().get("backend")).isEqualTo(answer.backend());
        }
    }

    @Test
    void mirrorsTakeTheirShareOverManyRequests() {
        Suite.Test test = test("HTTPRouteRequestPercentageMirror");
        List<Integer> percent = List.of(20, 50, 35);
        for (int number = 0; number < 3; number++) {
            long copied = many(test, number).stream()
                    .filter(answer -> answer.mirrors().contains("infra-backend-v2"))
                    .count();
            assertThat(copied)
                    .as("case " + number)
                    .isBetween(20L * percent.get(number) - 100, 20L * percent.get(number) + 100);
        }
    }

    private static List<Answer> many(Suite.Test test, int number) {
        Plan.Step step = Plan.steps(test).get(number);
        Compiled compiled = (Compiled) compile(test, step.gateway(), 0, -1);
        Tables tables = new Tables(compiled);
        Sent sent = step.expectation().sent(80, false);
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            answers.add(tables.send(sent));
        }
        return answers;
    }
}
