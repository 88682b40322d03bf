package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the vectors of {@code protocol/vectors}, the contract between this core and the SDKs of other languages. With
 * {@code -Dvectors.write=true} it fills in what a vector should give; then read the difference before committing it.
 */
class VectorsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path VECTORS = Path.of("vectors");

    static Stream<Path> vectors() throws IOException {
        try (Stream<Path> files = Files.list(VECTORS)) {
            List<Path> sorted = files.filter(
                            file -> file.getFileName().toString().matches("\\d\\d-.*\\.json"))
                    .sorted()
                    .toList();
            assertThat(sorted).hasSizeGreaterThanOrEqualTo(25);
            return sorted.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void runs(Path file) throws IOException {
        ObjectNode vector = (ObjectNode) JSON.readTree(Files.readString(file));
        ObjectNode outcome = JSON.createObjectNode();
        List<Merged> facts = decide(vector, outcome);
        ArrayNode orders = vector.has("orders") ? vector.withArray("orders") : orders(facts.size());
        outcome.set("orders", orders);
        for (JsonNode order : orders) {
            SpaceState state = new SpaceState("default", "vector", "reader", 1);
            order.forEach(index -> state.apply(facts.get(index.intValue())));
            assertThat(state.changes(null, Set.of(), 1_000, 1 << 20).changes())
                    .hasSizeGreaterThanOrEqualTo(state.documents());
            ObjectNode expected = expected(state);
            if (outcome.has("expected")) {
                assertThat(expected).as("order %s", order).isEqualTo(outcome.get("expected"));
            }
            outcome.set("expected", expected);
        }
        if (Boolean.getBoolean("vectors.write")) {
            vector.setAll(outcome);
            Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(vector) + "\n");
            return;
        }
        for (String member : List.of("decisions", "operations", "expected")) {
            assertThat(normal(outcome.get(member))).as(member).isEqualTo(normal(vector.get(member)));
        }
    }

    /** Lets the regions decide the pushes in the order given; regions do not hear of each other meanwhile. */
    private static List<Merged> decide(ObjectNode vector, ObjectNode outcome) throws IOException {
        Map<String, CollectionRules> rules = new HashMap<>();
        vector.get("schemas")
                .properties()
                .forEach(schema -> rules.put(schema.getKey(), CollectionRules.parse(schema.getValue())));
        SpaceSettings settings = new SpaceSettings(rules, false, SpaceLimits.DEFAULT, null);
        Map<String, SpaceState> regions = new TreeMap<>();
        List<Cursor> cursors = new ArrayList<>();
        List<Merged> facts = new ArrayList<>();
        ArrayNode decisions = outcome.putArray("decisions");
        ArrayNode operations = outcome.putArray("operations");
        for (JsonNode push : vector.get("pushes")) {
            SpaceState region = regions.computeIfAbsent(
                    push.get("region").textValue(), name -> new SpaceState("default", "vector", name, 1));
            if (push.has("purged")) {
                region.apply(new Purged(
                        cursors.get(push.get("purged").intValue()).numbers(),
                        push.get("now").longValue()));
            }
            List<Mutation> mutations = new ArrayList<>();
            push.get("mutations").forEach(mutation -> mutations.add(mutation(mutation)));
            Cursor base = push.get("base").isNull()
                    ? null
                    : cursors.get(push.get("base").intValue());
            Decision decision = region.decide(
                    new Push(
                            push.get("device").textValue(), push.get("firstSeq").longValue(), base, mutations),
                    settings,
                    push.get("now").longValue());
            region.apply(decision.facts());
            cursors.add(region.cursor());
            // The journal's form must carry everything: what is applied below has been through it.
            Merged stored = JSON.readValue(JSON.writeValueAsString(decision.facts()), Merged.class);
            assertThat(stored).isEqualTo(decision.facts());
            facts.add(stored);
            operations.add(JSON.readTree(JSON.writeValueAsString(stored)));
            decisions.add(decision(decision));
        }
        return facts;
    }

    private static ObjectNode decision(Decision decision) throws JsonProcessingException {
        ObjectNode node = JSON.createObjectNode();
        ArrayNode rejected = node.putArray("rejected");
        for (Rejection rejection : decision.rejections()) {
            rejected.addObject()
                    .put("seq", rejection.seq())
                    .put("code", rejection.code().code())
                    .put("path", rejection.path());
        }
        node.set("conflicts", JSON.readTree(JSON.writeValueAsString(decision.conflicts())));
        node.set("restamps", JSON.valueToTree(decision.restamps()));
        return node;
    }

    private static ObjectNode expected(SpaceState state) throws JsonProcessingException {
        ObjectNode expected = JSON.createObjectNode();
        ObjectNode documents = expected.putObject("documents");
        World.documents(state).forEach(documents::set);
        ArrayNode canonical = expected.putArray("canonical");
        World.documents(state).values().forEach(document -> canonical.add(CanonicalJson.text(document)));
        expected.put("hash", state.hash());
        expected.set("queue", JSON.readTree(JSON.writeValueAsString(state.queue(null, null, 1_000))));
        return expected;
    }

    private static ArrayNode orders(int count) {
        ArrayNode orders = JSON.createArrayNode();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(i);
        }
        orders.add(JSON.valueToTree(order));
        orders.add(JSON.valueToTree(order.reversed()));
        List<Integer> twice = new ArrayList<>(order);
        twice.addAll(order);
        Collections.shuffle(twice, new Random(count));
        orders.add(JSON.valueToTree(twice));
        return orders;
    }

    private static Mutation mutation(JsonNode node) {
        Map<String, JsonNode> set = new HashMap<>();
        node.path("set").properties().forEach(entry -> set.put(entry.getKey(), entry.getValue()));
        List<String> unset = new ArrayList<>();
        node.path("unset").forEach(path -> unset.add(path.textValue()));
        Map<String, Long> inc = new HashMap<>();
        node.path("inc")
                .properties()
                .forEach(entry -> inc.put(entry.getKey(), entry.getValue().longValue()));
        Map<String, List<Mutation.Insertion>> insert = new HashMap<>();
        node.path("insert").properties().forEach(entry -> {
            List<Mutation.Insertion> insertions = new ArrayList<>();
            entry.getValue()
                    .forEach(insertion -> insertions.add(
                            new Mutation.Insertion(insertion.get("after").textValue(), insertion.get("value"))));
            insert.put(entry.getKey(), insertions);
        });
        return new Mutation(
                node.get("collection").textValue(),
                node.get("id").textValue(),
                node.get("at").longValue(),
                set,
                unset,
                node.path("delete").booleanValue(),
                inc,
                elements(node.path("add")),
                elements(node.path("remove")),
                insert);
    }

    private static Map<String, List<JsonNode>> elements(JsonNode node) {
        Map<String, List<JsonNode>> elements = new HashMap<>();
        node.properties().forEach(entry -> {
            List<JsonNode> values = new ArrayList<>();
            entry.getValue().forEach(values::add);
            elements.put(entry.getKey(), values);
        });
        return elements;
    }

    private static JsonNode normal(JsonNode node) throws JsonProcessingException {
        return JSON.readTree(JSON.writeValueAsString(node));
    }
}
