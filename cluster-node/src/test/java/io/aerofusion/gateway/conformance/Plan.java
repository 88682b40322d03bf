package io.aerofusion.gateway.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.gateway.routing.Door;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Which Gateway and listener each case of the suite speaks to, and which cases do not apply. */
final class Plan {
    private static final String GRANTS =
            "Namespaces and ReferenceGrants are Kubernetes': a reference that leads nowhere is refused when it is published"
                    + " (dangling-reference), it never comes to a request that is answered with 500";

    /** Tests that do not apply, with the reason. */
    static final Map<String, String> NOT_APPLICABLE = Map.of(
            "HTTPRouteInvalidBackendRefUnknownKind",
                    "Backends are upstreams and nothing else: a reference with another kind is an unknown field, refused when it is published",
            "HTTPRouteInvalidCrossNamespaceBackendRef", GRANTS,
            "HTTPRouteInvalidNonExistentBackendRef", GRANTS,
            "HTTPRouteInvalidReferenceGrant", GRANTS,
            "HTTPRoutePartiallyInvalidViaInvalidReferenceGrant", GRANTS);

    /** Single cases that do not apply, by test and number (from 0), with the reason. */
    static final Map<String, Map<Integer, String>> CASES_NOT_APPLICABLE = Map.of(
            "HTTPRouteReferenceGrant",
            Map.of(1, "It is asked after the grant was deleted, which makes the reference invalid. " + GRANTS));

    /** Cases that need time to pass or a backend that fails: only a running gateway shows them. */
    static final List<String> ON_THE_WIRE =
            List.of("HTTPRouteRetry", "HTTPRouteTimeoutBackendRequest", "HTTPRouteTimeoutRequest");

    /** The manifest of GRPCRouteRequestHeaderModifier has three rules with one match: which rule each of its cases is about. */
    private static final List<Integer> KEPT = List.of(0, 0, 1, 1, 2, 3, 3);

    private Plan() {}

    /**
     * A case and where it goes.
     *
     * @param manifest the place of the manifest among the test's
     * @param keep of rules that match the same, the one that this case is about; -1 if there are none such
     */
    record Step(Expectation expectation, String gateway, int manifest, int keep, String serverName) {
        /** The listener's port: the one in the host, if there is a listener on it. */
        int port(List<Door> doors) {
            String host = expectation.host();
            int colon = host.indexOf(':');
            int stated = colon < 0 ? 0 : Integer.parseInt(host.substring(colon + 1));
            return doors.stream()
                    .map(Door::port)
                    .filter(port -> port == stated)
                    .findFirst()
                    .orElse(doors.getFirst().port());
        }
    }

    /** The cases of a test that apply, as they are to be run. */
    static Stream<Step> applicable(Suite.Test test) {
        if (NOT_APPLICABLE.containsKey(test.name())) {
            return Stream.of();
        }
        Set<Integer> without =
                CASES_NOT_APPLICABLE.getOrDefault(test.name(), Map.of()).keySet();
        return steps(test).stream()
                .filter(step -> !without.contains(step.expectation().number()));
    }

    /** The cases of a test, in their order, once with each of its manifests. */
    static List<Step> steps(Suite.Test test) {
        List<Step> steps = new ArrayList<>();
        for (int manifest = 0; manifest < test.manifests().size(); manifest++) {
            List<String> gateways = Suite.gateways(test.manifests().get(manifest));
            int number = 0;
            for (Literal literal : literal(test)) {
                String gateway = gateways.size() == 1 ? gateways.getFirst() : gateway(test.name(), number);
                int keep = test.name().equals("GRPCRouteRequestHeaderModifier") ? KEPT.get(number) : -1;
                steps.add(new Step(
                        new Expectation(test.name(), number, literal.wanted()),
                        gateway,
                        manifest,
                        keep,
                        literal.serverName()));
                number++;
            }
        }
        return steps;
    }

    /** Tests with several Gateways say in their code which one a case goes to. */
    private static String gateway(String test, int number) {
        return switch (test) {
            case "HTTPRouteHostnameIntersection" ->
                number < 27 ? "httproute-hostname-intersection" : "httproute-hostname-intersection-all";
            case "HTTPRouteMultipleGateways" -> number < 2 ? "same-namespace" : "all-namespaces";
            case "HTTPRouteRedirectPortAndScheme" -> {
                if (number < 6) {
                    yield "same-namespace";
                }
                yield number < 9 ? "same-namespace-with-http-listener-on-8080" : "same-namespace-with-https-listener";
            }
            default -> throw new IllegalArgumentException("which gateway does " + test + " mean?");
        };
    }

    private record Literal(JsonNode wanted, String serverName) {}

    /** The cases; where the extraction could not resolve a table of the suite's code, that table. */
    private static List<Literal> literal(Suite.Test test) {
        List<Literal> literal = new ArrayList<>();
        JsonNode first = test.cases().getFirst();
        switch (test.name()) {
            case "HTTPRouteHTTPSListener" -> {
                for (String row : List.of(
                        "example.org example.org 200 infra-backend-v1",
                        "unknown-example.org unknown-example.org 404 -",
                        "second-example.org second-example.org 200 infra-backend-v2")) {
                    literal.add(overTls(first, row));
                }
            }
            case "HTTPRouteHTTPSListenerDetectMisdirectedRequests" -> {
                for (String row : List.of(
                        "example.org example.org 200 infra-backend-v1",
                        "example.org second-example.org 421 -",
                        "example.org unknown-example.org 404 -",
                        "second-example.org second-example.org 200 infra-backend-v2",
                        "second-example.org example.org 421 -",
                        "second-example.org unknown-example.org 421 -",
                        "third-example.wildcard.org third-example.wildcard.org 200 infra-backend-v3",
                        "third-example.wildcard.org fith-example.wildcard.org 200 infra-backend-v3",
                        "third-example.wildcard.org fourth-example.wildcard.org 421 -",
                        "third-example.wildcard.org second-example.org 421 -",
                        "third-example.wildcard.org unknown-example.org 421 -",
                        "fourth-example.wildcard.org fourth-example.wildcard.org 200 infra-backend-v1",
                        "fourth-example.wildcard.org fith-example.wildcard.org 421 -",
                        "unknown-example.org example.org 200 infra-backend-v1",
                        "unknown-example.org unknown-example.org 404 -")) {
                    literal.add(overTls(first, row));
                }
            }
            case "HTTPRouteServiceTypes" -> {
                for (String path : List.of("/manual-endpointslices", "/headless", "/headless-manual-endpointslices")) {
                    literal.add(new Literal(with(first, path, 200), ""));
                }
            }
            case "HTTPRouteRetry" -> {
                for (String row : List.of(
                        "code-500-attempts-3 500 2 200",
                        "code-500-attempts-3 500 4 500",
                        "code-500-attempts-3 503 2 503",
                        "code-all-attempts-2 500 1 200",
                        "code-all-attempts-2 500 3 500",
                        "code-all-attempts-2 502 1 200",
                        "code-all-attempts-2 502 3 502",
                        "code-all-attempts-2 503 1 200",
                        "code-all-attempts-2 503 3 503",
                        "code-all-attempts-2 504 1 200",
                        "code-all-attempts-2 504 3 504")) {
                    String[] cell = row.split(" ");
                    String path = "/retry/" + cell[0] + "?responseCode=" + cell[1] + "&succeedAfter=" + cell[2]
                            + "&uuid=" + literal.size();
                    literal.add(new Literal(with(first, path, Integer.parseInt(cell[3])), ""));
                }
            }
            default -> test.cases().forEach(wanted -> literal.add(new Literal(wanted, "")));
        }
        return literal;
    }

    private static JsonNode with(JsonNode wanted, String path, int status) {
        ObjectNode copy = wanted.deepCopy();
        ((ObjectNode) copy.path("Request")).put("Path", path);
        copy.putObject("Response").put("StatusCode", status);
        return copy;
    }

    private static Literal overTls(JsonNode wanted, String row) {
        String[] cell = row.split(" ");
        ObjectNode copy = wanted.deepCopy();
        ((ObjectNode) copy.path("Request")).put("Host", cell[1]).remove("Protocol");
        copy.set("Response", new ObjectMapper().createObjectNode().put("StatusCode", Integer.parseInt(cell[2])));
        if (cell[3].equals("-")) {
            copy.remove("Backend");
        } else {
            copy.put("Backend", cell[3]);
        }
        return new Literal(copy, cell[0]);
    }
}
