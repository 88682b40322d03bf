package io.aerofusion.load.simulation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.client.Replica;
import io.aerofusion.space.CollectionRules;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.SpaceLimits;
import io.aerofusion.space.SpaceSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What applications write. Few documents and few paths, so that devices meet. Some mutations leave a mark of their own that nothing
 * removes: there a lost or doubled one shows in the documents themselves.
 */
final class Workload {
    /** Counters, sets, lists and extremes; never deleted. */
    static final String TALLIES = "tallies";

    static final String COUNTER = "count";

    private static final String LEDGER = "ledger";
    /** In this collection a negative {@code amount} is refused. */
    private static final String CHECKED = "checked";

    private static final String NOTES = "notes";
    private static final String RULED = "ruled";
    private static final String FRAGILE = "fragile";
    private static final String MARK = "mark:";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String[] PATHS = {"a", "b", "/p/x", "/p/y", "/p/q/z", "p", "/q/r"};
    private static final String[] RULED_PATHS = {"server", "client", "first", "manual"};

    static final SpaceSettings SETTINGS = new SpaceSettings(
            Map.of(
                    TALLIES,
                    rules("""
                            {"properties": {"count": {"x-sync": "counter"}, "tags": {"x-sync": "orset"}, "items": {"x-sync": "list"},
                             "high": {"x-sync": "max"}, "low": {"x-sync": "min"}}}
                            """),
                    RULED,
                    rules("""
                            {"properties": {"server": {"x-sync": {"policy": "server-wins"}}, "client": {"x-sync": {"policy": "client-wins"}},
                             "first": {"x-sync": {"policy": "first-writer"}}, "manual": {"x-sync": {"policy": "manual"}}}}
                            """),
                    FRAGILE,
                    rules("{\"x-sync\": {\"deletes\": \"delete-wins\"}}")),
            false,
            SpaceLimits.DEFAULT,
            Workload::check);

    private final World world;
    private final String device;
    private int marks;

    Workload(World world, String device) {
        this.world = world;
        this.device = device;
    }

    private static CollectionRules rules(String schema) {
        try {
            return CollectionRules.parse(new JsonMapper().readTree(schema));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(schema, e);
        }
    }

    private static List<SpaceSettings.Violation> check(String collection, ObjectNode document) {
        return collection.equals(CHECKED) && document.path("amount").asLong() < 0
                ? List.of(new SpaceSettings.Violation("amount", "must not be negative"))
                : List.of();
    }

    /** The mark that a mutation leaves; null when it leaves none. */
    static @Nullable String markOf(Mutation mutation) {
        List<JsonNode> written = new ArrayList<>();
        mutation.set().keySet().forEach(path -> written.add(JSON.textNode(path)));
        mutation.add().values().forEach(written::addAll);
        mutation.insert().values().forEach(all -> all.forEach(one -> written.add(one.value())));
        return written.stream()
                .map(JsonNode::asText)
                .filter(text -> text.startsWith(MARK))
                .findFirst()
                .orElse(null);
    }

    /** How often a mark stands in a document, as a member or as an element. */
    static int count(JsonNode document, String mark) {
        int count = document.has(mark) ? 1 : 0;
        for (JsonNode member : document) {
            for (JsonNode element : member) {
                count += element.asText().equals(mark) ? 1 : 0;
            }
        }
        return count;
    }

    /** What the application does next, all at once. */
    List<Mutation> next(Replica replica) {
        List<Mutation> mutations = new ArrayList<>();
        for (int i = world.between(1, 3); i > 0; i--) {
            int kind = world.between(0, 99);
            if (kind < 10) {
                mutations.add(set(LEDGER, Map.of(mark(), JSON.booleanNode(true))));
            } else if (kind < 18) {
                mutations.add(set(CHECKED, Map.of("amount", JSON.numberNode((long) world.between(-3, 9)))));
            } else if (kind < 43) {
                mutations.add(tally(replica));
            } else if (kind < 58) {
                String path = RULED_PATHS[world.random().nextInt(RULED_PATHS.length)];
                mutations.add(
                        world.chance(0.15) ? unset(RULED, path) : set(RULED, Map.of(path, value(world.random()))));
            } else if (kind < 68) {
                mutations.add(
                        Mutation.delete(world.chance(0.5) ? NOTES : world.chance(0.5) ? RULED : FRAGILE, id(), 0));
            } else {
                mutations.add(edit(world.chance(0.8) ? NOTES : FRAGILE));
            }
        }
        return mutations;
    }

    private String mark() {
        return MARK + device + "-" + marks++;
    }

    private Mutation edit(String collection) {
        Map<String, JsonNode> set = new HashMap<>();
        List<String> unset = new ArrayList<>();
        for (int i = world.between(1, 3); i > 0; i--) {
            String path = PATHS[world.random().nextInt(PATHS.length)];
            if (world.chance(0.2)) {
                unset.add(path);
            } else {
                set.put(path, value(world.random()));
            }
        }
        return new Mutation(collection, id(), 0, set, unset, false, Map.of(), Map.of(), Map.of(), Map.of());
    }

    private Mutation tally(Replica replica) {
        String id = id();
        return switch (world.between(0, 8)) {
            case 0, 1 -> Mutation.inc(TALLIES, id, 0, COUNTER, world.between(-5, 5));
            case 2 -> typed(id, Map.of("tags", List.of(JSON.textNode(mark()))), Map.of(), Map.of());
            case 3 -> typed(id, Map.of("tags", List.of(tag(), tag())), Map.of(), Map.of());
            case 4 -> typed(id, Map.of(), Map.of("tags", List.of(tag())), Map.of());
            case 5, 6 -> {
                JsonNode value = world.chance(0.5) ? JSON.textNode(mark()) : tag();
                Mutation.Insertion insertion = new Mutation.Insertion(key(replica, id, true), value);
                yield typed(id, Map.of(), Map.of(), Map.of("items", List.of(insertion)));
            }
            case 7 -> {
                String key = key(replica, id, false);
                yield key == null
                        ? Mutation.inc(TALLIES, id, 0, COUNTER, 1)
                        : typed(id, Map.of(), Map.of("items", List.of(JSON.textNode(key))), Map.of());
            }
            default ->
                Mutation.set(TALLIES, id, 0, Map.of(world.chance(0.5) ? "high" : "low", JSON.numberNode((long)
                        world.between(-99, 99))));
        };
    }

    /** The key of some element of the list; null for none. Marks are only named to insert after them. */
    private @Nullable String key(Replica replica, String id, boolean alsoMarks) {
        List<String> keys = replica.listKeys(SimulatedServer.SPACE, TALLIES, id, "items");
        if (keys.isEmpty() || (alsoMarks && world.chance(0.2))) {
            return null;
        }
        int at = world.random().nextInt(keys.size());
        String element = replica.document(SimulatedServer.SPACE, TALLIES, id)
                .map(document -> document.path("items").path(at).asText())
                .orElse(MARK);
        return alsoMarks || !element.startsWith(MARK) ? keys.get(at) : null;
    }

    private static Mutation typed(
            String id,
            Map<String, List<JsonNode>> add,
            Map<String, List<JsonNode>> remove,
            Map<String, List<Mutation.Insertion>> insert) {
        return new Mutation(TALLIES, id, 0, Map.of(), List.of(), false, Map.of(), add, remove, insert);
    }

    private Mutation set(String collection, Map<String, JsonNode> set) {
        return Mutation.set(collection, id(), 0, set);
    }

    private Mutation unset(String collection, String path) {
        return new Mutation(
                collection, id(), 0, Map.of(), List.of(path), false, Map.of(), Map.of(), Map.of(), Map.of());
    }

    private JsonNode tag() {
        return JSON.textNode("tag-" + world.between(1, 4));
    }

    private String id() {
        return Integer.toString(world.between(1, 5));
    }

    private static JsonNode value(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.textNode("t" + random.nextInt(5));
            case 2 -> JSON.arrayNode().add(random.nextInt(3));
            case 3 -> JSON.objectNode();
            case 4 -> JSON.objectNode().put("x", random.nextInt(5));
            default -> JSON.numberNode((long) random.nextInt(10));
        };
    }
}
