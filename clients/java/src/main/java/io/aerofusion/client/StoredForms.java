package io.aerofusion.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.ConflictPolicy;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Stamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The JSON in which a replica keeps things in its store. A promise to every store in the field: members are added, never renamed or
 * given another meaning; {@code StoredFormsTest} holds an example of each.
 */
final class StoredForms {
    /** Whole numbers come back as they went in, see {@link io.aerofusion.space.Json}. */
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

    private StoredForms() {}

    static byte[] bytes(JsonNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    static JsonNode json(byte[] bytes) {
        try {
            return JSON.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("the store holds something that is not JSON", e);
        }
    }

    /** {@code [document]} or {@code [document, {list path: [key, ...]}]}. */
    static byte[] document(LocalDocument document) {
        ArrayNode row = JsonNodeFactory.instance.arrayNode().add(document.value());
        if (!document.keys().isEmpty()) {
            ObjectNode keys = row.addObject();
            document.keys().forEach((path, names) -> names.forEach(keys.putArray(path)::add));
        }
        return bytes(row);
    }

    static LocalDocument document(byte[] stored) {
        JsonNode row = json(stored);
        Map<String, List<String>> keys = new HashMap<>();
        row.path(1).properties().forEach(entry -> keys.put(entry.getKey(), texts(entry.getValue())));
        return new LocalDocument((ObjectNode) row.get(0), keys);
    }

    static byte[] mutation(Mutation mutation, @Nullable String base) {
        ObjectNode stored = mutation(mutation);
        if (base != null) {
            stored.put("base", base);
        }
        return bytes(stored);
    }

    static QueuedMutation mutation(long number, byte[] stored) {
        JsonNode node = json(stored);
        return new QueuedMutation(number, node.path("base").textValue(), mutation(node), stored.length);
    }

    private static ObjectNode mutation(Mutation mutation) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("collection", mutation.collection()).put("id", mutation.id()).put("at", mutation.at());
        if (!mutation.set().isEmpty()) {
            mutation.set().forEach(node.putObject("set")::set);
        }
        if (!mutation.unset().isEmpty()) {
            mutation.unset().forEach(node.putArray("unset")::add);
        }
        if (mutation.delete()) {
            node.put("delete", true);
        }
        if (!mutation.inc().isEmpty()) {
            mutation.inc().forEach(node.putObject("inc")::put);
        }
        putLists(node, "add", mutation.add(), element -> element);
        putLists(node, "remove", mutation.remove(), element -> element);
        putLists(node, "insert", mutation.insert(), insertion -> {
            ObjectNode form = JsonNodeFactory.instance.objectNode();
            form.put("after", insertion.after());
            return form.set("value", insertion.value());
        });
        return node;
    }

    private static <T> void putLists(
            ObjectNode node, String member, Map<String, List<T>> lists, Function<T, JsonNode> form) {
        if (!lists.isEmpty()) {
            ObjectNode forms = node.putObject(member);
            lists.forEach((path, elements) -> {
                ArrayNode array = forms.putArray(path);
                elements.forEach(element -> array.add(form.apply(element)));
            });
        }
    }

    private static Mutation mutation(JsonNode node) {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        node.path("set").properties().forEach(entry -> set.put(entry.getKey(), entry.getValue()));
        Map<String, Long> inc = new LinkedHashMap<>();
        node.path("inc")
                .properties()
                .forEach(entry -> inc.put(entry.getKey(), entry.getValue().longValue()));
        return new Mutation(
                node.path("collection").asText(),
                node.path("id").asText(),
                node.path("at").longValue(),
                set,
                texts(node.path("unset")),
                node.path("delete").asBoolean(),
                inc,
                lists(node.path("add"), element -> element),
                lists(node.path("remove"), element -> element),
                lists(
                        node.path("insert"),
                        form -> new Mutation.Insertion(form.path("after").textValue(), form.path("value"))));
    }

    private static <T> Map<String, List<T>> lists(JsonNode node, Function<JsonNode, T> element) {
        Map<String, List<T>> lists = new LinkedHashMap<>();
        node.properties().forEach(entry -> {
            List<T> elements = new ArrayList<>();
            entry.getValue().forEach(form -> elements.add(element.apply(form)));
            lists.put(entry.getKey(), elements);
        });
        return lists;
    }

    static byte[] rejection(RejectedMutation rejected) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("mutation", mutation(rejected.mutation()));
        node.put("code", rejected.code().code())
                .put("detail", rejected.detail())
                .put("path", rejected.path());
        if (rejected.serverValue() != null) {
            node.set("serverValue", rejected.serverValue());
        }
        return bytes(node);
    }

    static RejectedMutation rejection(long number, byte[] stored) {
        JsonNode node = json(stored);
        return new RejectedMutation(
                number,
                mutation(node.path("mutation")),
                ErrorCode.of(node.path("code").asText()),
                node.path("detail").asText(),
                node.path("path").asText(),
                node.get("serverValue"));
    }

    static byte[] conflict(Conflict conflict) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("collection", conflict.collection())
                .put("id", conflict.id())
                .put("path", conflict.path())
                .put("policy", conflict.policy().name())
                .put("queued", conflict.queued());
        putSide(node, "winner", conflict.winner(), "winning", conflict.winning());
        putSide(node, "loser", conflict.loser(), "losing", conflict.losing());
        return bytes(node);
    }

    private static void putSide(
            ObjectNode node, String stampMember, Stamp stamp, String valueMember, @Nullable JsonNode value) {
        node.putArray(stampMember).add(stamp.hlc()).add(stamp.device());
        if (value != null) {
            node.set(valueMember, value);
        }
    }

    static Conflict conflict(byte[] stored) {
        JsonNode node = json(stored);
        return new Conflict(
                node.path("collection").asText(),
                node.path("id").asText(),
                node.path("path").asText(),
                ConflictPolicy.valueOf(node.path("policy").asText()),
                stamp(node.path("winner")),
                node.get("winning"),
                stamp(node.path("loser")),
                node.get("losing"),
                node.path("queued").asBoolean());
    }

    private static Stamp stamp(JsonNode pair) {
        return new Stamp(pair.path(0).longValue(), pair.path(1).asText());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(element -> texts.add(element.asText()));
        return texts;
    }
}
