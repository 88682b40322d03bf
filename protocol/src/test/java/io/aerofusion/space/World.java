package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A random history: devices that push to regions, sometimes the same push to two of them, with bases that lag and clocks that
 * are wrong. Everything follows from the seed.
 */
final class World {
    static final long NOW = 1_700_000_000_000L;
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    static final CollectionRules RULES = new CollectionRules(
            ConflictPolicy.MERGE,
            false,
            Map.of(
                    "count", ValueType.COUNTER,
                    "tags", ValueType.ORSET,
                    "items", ValueType.LIST,
                    "high", ValueType.MAX,
                    "low", ValueType.MIN),
            Map.of(
                    "first", ConflictPolicy.FIRST_WRITER,
                    "hand", ConflictPolicy.MANUAL,
                    "server", ConflictPolicy.SERVER_WINS,
                    "client", ConflictPolicy.CLIENT_WINS));
    static final SpaceSettings SETTINGS = new SpaceSettings(
            Map.of(
                    "plain", RULES,
                    "final", new CollectionRules(ConflictPolicy.MERGE, true, RULES.types(), RULES.policies()),
                    "asked", new CollectionRules(ConflictPolicy.MANUAL, false, RULES.types(), Map.of()),
                    "buried", new CollectionRules(ConflictPolicy.MANUAL, true, RULES.types(), Map.of())),
            false,
            SpaceLimits.DEFAULT,
            null);

    final Random random;
    final List<SpaceState> regions = new ArrayList<>();
    final List<Merged> facts = new ArrayList<>();
    /** Every push with what became of it, in order. */
    final List<Decided> decided = new ArrayList<>();

    /** A push and its decision. */
    record Decided(Push push, Decision decision) {}

    private final Map<String, Long> seqs = new HashMap<>();
    private final Map<String, Cursor> bases = new HashMap<>();
    private long now = NOW;

    World(long seed, int regionCount) {
        random = new Random(seed);
        for (int i = 0; i < regionCount; i++) {
            regions.add(new SpaceState("default", "s", "r" + i, 1));
        }
    }

    static SpaceState replica() {
        return new SpaceState("default", "s", "reader", 1);
    }

    /** Lets that many pushes happen, and facts travel between regions now and then. */
    World run(int pushes) {
        for (int i = 0; i < pushes; i++) {
            now += random.nextInt(2_000);
            push();
            if (random.nextInt(3) == 0) {
                exchange();
            }
        }
        return this;
    }

    private void push() {
        String device = "dev" + random.nextInt(4);
        SpaceState region = regions.get(random.nextInt(regions.size()));
        long seq = seqs.merge(device, 1L, Long::sum);
        List<Mutation> mutations = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            mutations.add(mutation());
        }
        Push push = new Push(device, seq, bases.get(device), mutations);
        seqs.put(device, seq + mutations.size() - 1);
        merge(region, push);
        if (regions.size() > 1 && random.nextInt(4) == 0) {
            // The answer got lost and the device asked somebody else.
            merge(regions.get(random.nextInt(regions.size())), push);
        }
        if (random.nextInt(2) == 0) {
            bases.put(device, region.cursor());
        }
    }

    private void merge(SpaceState region, Push push) {
        Decision decision = region.decide(push, SETTINGS, now);
        decided.add(new Decided(push, decision));
        if (!decision.isEmpty()) {
            region.apply(decision.facts());
            facts.add(decision.facts());
        }
    }

    private void exchange() {
        SpaceState to = regions.get(random.nextInt(regions.size()));
        for (Merged fact : facts) {
            // In the order of each region, as the link delivers, but cut off anywhere.
            if (random.nextInt(20) == 0) {
                return;
            }
            to.apply(fact);
        }
    }

    private Mutation mutation() {
        String collection = switch (random.nextInt(8)) {
            case 0, 1 -> "final";
            case 2 -> "asked";
            case 3 -> "buried";
            default -> "plain";
        };
        String id = "doc" + random.nextInt(4);
        long at = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> HybridClock.ofMillis(now + random.nextInt(100_000) - 20_000);
            default -> HybridClock.ofMillis(now - random.nextInt(10_000));
        };
        Map<String, JsonNode> set = new HashMap<>();
        List<String> unset = new ArrayList<>();
        Map<String, Long> inc = new HashMap<>();
        Map<String, List<JsonNode>> add = new HashMap<>();
        Map<String, List<JsonNode>> remove = new HashMap<>();
        Map<String, List<Mutation.Insertion>> insert = new HashMap<>();
        switch (random.nextInt(12)) {
            case 0 -> {
                return Mutation.delete(collection, id, at);
            }
            case 1 -> inc.put("count", (long) random.nextInt(9) - 3);
            case 2 -> add.put("tags", List.of(text()));
            case 3 -> remove.put("tags", List.of(text()));
            case 4 ->
                insert.put(
                        "items", List.of(new Mutation.Insertion(null, text()), new Mutation.Insertion(null, text())));
            case 5 -> {
                String key = "dev" + random.nextInt(4) + ":" + (1 + random.nextInt(20)) + ":0";
                if (random.nextBoolean()) {
                    remove.put("items", List.of(TextNode.valueOf(key)));
                } else {
                    insert.put("items", List.of(new Mutation.Insertion(key, text())));
                }
            }
            case 6 -> {
                set.put("high", LongNode.valueOf(random.nextInt(50)));
                set.put("low", LongNode.valueOf(random.nextInt(50)));
            }
            case 7 ->
                unset.add(List.of("name", "count", "tags", "high", "obj", "hand", "first")
                        .get(random.nextInt(7)));
            case 8 -> set.put(holder(), random.nextBoolean() ? text() : NODES.objectNode());
            case 9 ->
                set.put(
                        "/" + holder() + "/" + (char) ('a' + random.nextInt(2)),
                        random.nextBoolean() ? text() : NODES.objectNode());
            default -> {
                set.put(List.of("name", "hand", "first", "server", "client").get(random.nextInt(5)), text());
                set.put("size", LongNode.valueOf(random.nextInt(3)));
            }
        }
        return new Mutation(collection, id, at, set, unset, false, inc, add, remove, insert);
    }

    /** A member that is a value here and an object there. */
    private String holder() {
        return List.of("obj", "obj", "server", "client", "first", "hand").get(random.nextInt(6));
    }

    private JsonNode text() {
        return TextNode.valueOf("v" + random.nextInt(5));
    }

    /** Every visible document of a state. */
    static SortedMap<String, JsonNode> documents(SpaceState state) {
        SortedMap<String, JsonNode> documents = new TreeMap<>();
        state.stored()
                .filter(Document::isLive)
                .forEach(document -> documents.put(document.collection() + "/" + document.id(), document.json()));
        return documents;
    }

    /** The facts in another order, some twice. */
    List<Merged> shuffled(long seed) {
        Random order = new Random(seed);
        List<Merged> shuffled = new ArrayList<>(facts);
        for (Merged fact : facts) {
            if (order.nextInt(4) == 0) {
                shuffled.add(fact);
            }
            if (order.nextInt(4) == 0 && fact.operations().size() > 1) {
                shuffled.addAll(split(fact));
            }
        }
        Collections.shuffle(shuffled, order);
        return shuffled;
    }

    private static List<Merged> split(Merged fact) {
        List<Merged> parts = new ArrayList<>();
        for (Operation operation : fact.operations()) {
            parts.add(new Merged(fact.region(), fact.device(), fact.at(), List.of(operation), List.of(), 0));
        }
        return parts;
    }

    /** A reader that knows nothing but pages of changes. */
    static final class Reader {
        final SortedMap<DocumentKey, SortedMap<String, JsonNode>> documents = new TreeMap<>();

        void apply(DocumentChange change) {
            DocumentKey key = new DocumentKey(change.collection(), change.id());
            if (change.deleted()) {
                documents.remove(key);
                return;
            }
            if (change.whole()) {
                documents.remove(key);
            }
            SortedMap<String, JsonNode> leaves = documents.computeIfAbsent(key, name -> new TreeMap<>());
            for (String path : change.unset()) {
                leaves.keySet().removeIf(leaf -> leaf.equals(path) || leaf.startsWith(Path.prefixOfChildren(path)));
            }
            leaves.putAll(change.set());
        }

        SortedMap<String, JsonNode> documents() {
            SortedMap<String, JsonNode> result = new TreeMap<>();
            documents.forEach((key, leaves) -> result.put(key.collection() + "/" + key.id(), json(leaves)));
            return result;
        }

        private static ObjectNode json(SortedMap<String, JsonNode> leaves) {
            return CellTree.json(leaves);
        }
    }
}
