package io.aerofusion.gateway.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import io.aerofusion.route.UpstreamSpec;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The conformance suite of the Gateway API, translated: its Gateways become listeners, its Services upstreams, its routes our routes without
 * namespaces. What is literal in its tests is in cases.json.
 */
final class Suite {
    static final String NAMESPACE = "gateway-conformance-infra";
    static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Services that stand for another one's pods, by EndpointSlices or because they are headless. */
    private static final Map<String, String> SAME_PODS = Map.of(
            "manual-endpointslices", "infra-backend-v1",
            "headless", "infra-backend-v1",
            "headless-manual-endpointslices", "infra-backend-v1");

    /** One test of the suite: its cases, and its manifests, each of which all cases are run with. */
    record Test(String name, List<JsonNode> cases, List<List<JsonNode>> manifests) {}

    private final List<JsonNode> base;
    private final List<Test> tests = new ArrayList<>();

    private Suite() throws IOException {
        base = yaml("base-manifests.yaml");
        try (InputStream in = open("cases.json")) {
            for (JsonNode test : JSON.readTree(in)) {
                List<JsonNode> cases = new ArrayList<>();
                test.path("cases").forEach(cases::add);
                List<List<JsonNode>> manifests = new ArrayList<>();
                for (JsonNode file : test.path("manifests")) {
                    manifests.add(yaml(file.asText()));
                }
                tests.add(new Test(test.path("test").asText(), cases, manifests));
            }
        }
    }

    static Suite load() {
        try {
            return new Suite();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    List<Test> tests() {
        return tests;
    }

    private static InputStream open(String file) {
        return Objects.requireNonNull(Suite.class.getResourceAsStream("/gateway-api/" + file), file);
    }

    private static List<JsonNode> yaml(String file) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (InputStream in = open(file);
                var parser = new YAMLFactory().createParser(in)) {
            new YAMLMapper().readValues(parser, JsonNode.class).forEachRemaining(documents::add);
        }
        return documents.stream().filter(JsonNode::isObject).toList();
    }

    /** The names of the Gateways that routes of a manifest are attached to. */
    static List<String> gateways(List<JsonNode> manifest) {
        return routes(manifest).stream()
                .flatMap(route -> parents(route).stream())
                .map(parent -> parent.path("name").asText())
                .distinct()
                .toList();
    }

    /** The listeners of a Gateway. */
    List<Door> doors(String gateway, List<JsonNode> manifest) {
        List<Door> doors = new ArrayList<>();
        for (JsonNode document : both(base, manifest)) {
            if (is(document, "Gateway") && name(document).equals(gateway)) {
                for (JsonNode listener : document.path("spec").path("listeners")) {
                    doors.add(new Door(
                            listener.path("name").asText(),
                            listener.path("port").asInt(),
                            listener.path("hostname").asText(""),
                            listener.path("protocol").asText().equals("HTTPS")));
                }
            }
        }
        return doors;
    }

    /** What became of the translation of a manifest. */
    record Translated(Generation generation, List<Problem> problems) {}

    /**
     * The resources of a manifest for one of its Gateways.
     *
     * @param spec the upstream of a Service, by the name that its pods' names begin with
     */
    Translated translate(String gateway, List<JsonNode> manifest, Function<String, UpstreamSpec> spec) {
        Map<String, Resource> resources = new LinkedHashMap<>();
        List<Problem> problems = new ArrayList<>();
        for (JsonNode document : both(base, manifest)) {
            if (is(document, "Service")) {
                String upstream = upstream(name(document), namespace(document));
                UpstreamSpec source = spec.apply(pods(upstream));
                resources.put("Upstream/" + upstream, new Resource(Kind.UPSTREAM, upstream, source));
            }
        }
        for (JsonNode route : routes(manifest)) {
            if (parents(route).stream()
                    .noneMatch(parent -> parent.path("name").asText().equals(gateway))) {
                continue;
            }
            switch (ResourceCodec.read(translated(route, gateway), NOW)) {
                case ResourceCodec.Read.Valid valid ->
                    resources.put(
                            valid.resource().kind() + "/" + valid.resource().name(), valid.resource());
                case ResourceCodec.Read.Invalid invalid -> problems.addAll(invalid.problems());
            }
        }
        return new Translated(new Generation(1, List.copyOf(resources.values())), problems);
    }

    private static JsonNode translated(JsonNode route, String gateway) {
        ObjectNode copy = route.deepCopy();
        String namespace = namespace(route);
        ArrayNode parents = JSON.createArrayNode();
        for (JsonNode parent : parents(copy)) {
            if (parent.path("name").asText().equals(gateway)) {
                parents.add(((ObjectNode) parent).without("namespace"));
            }
        }
        ((ObjectNode) copy.path("spec")).set("parentRefs", parents);
        backends(copy, namespace);
        return copy;
    }

    /** Names of upstreams instead of references to Services, wherever they stand. */
    private static void backends(JsonNode node, String namespace) {
        for (JsonNode child : node) {
            backends(child, namespace);
        }
        for (JsonNode ref : node.path("backendRefs")) {
            rename((ObjectNode) ref, namespace);
        }
        if (node.path("backendRef").isObject()) {
            rename((ObjectNode) node.path("backendRef"), namespace);
        }
    }

    private static void rename(ObjectNode ref, String namespace) {
        ref.put(
                "name",
                upstream(ref.path("name").asText(), ref.path("namespace").asText(namespace)));
        ref.remove("namespace");
    }

    /** The upstream that stands for a Service. */
    static String upstream(String service, String namespace) {
        return namespace.equals(NAMESPACE) ? service : service + "." + namespace;
    }

    /** What the names of the pods behind an upstream begin with. */
    static String pods(String upstream) {
        return SAME_PODS.getOrDefault(upstream, upstream);
    }

    private static List<JsonNode> routes(List<JsonNode> manifest) {
        return manifest.stream()
                .filter(document -> is(document, "HTTPRoute") || is(document, "GRPCRoute"))
                .toList();
    }

    private static List<JsonNode> parents(JsonNode route) {
        List<JsonNode> parents = new ArrayList<>();
        route.path("spec").path("parentRefs").forEach(parents::add);
        return parents;
    }

    private static List<JsonNode> both(List<JsonNode> one, List<JsonNode> other) {
        List<JsonNode> all = new ArrayList<>(one);
        all.addAll(other);
        return all;
    }

    private static boolean is(JsonNode document, String kind) {
        return document.path("kind").asText().equals(kind);
    }

    private static String name(JsonNode document) {
        return document.path("metadata").path("name").asText();
    }

    private static String namespace(JsonNode document) {
        return document.path("metadata").path("namespace").asText(NAMESPACE);
    }

    /** A JSON object of texts. */
    static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new TreeMap<>();
        object.properties()
                .forEach(member -> texts.put(member.getKey(), member.getValue().asText()));
        return texts;
    }
}
