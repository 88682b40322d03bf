package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Workload W1: 2,000 documents of a field-service app, about 950 bytes of JSON each (1.9 MB together), and 1,000 single-field changes to
 * about 800 of them. The same seed makes the same workload, so that peers can be given exactly this one.
 */
record W1(Map<String, Map<String, JsonNode>> documents, List<Change> changes) {
    static final String COLLECTION = "orders";
    static final int DOCUMENTS = 2_000;
    static final int CHANGES = 1_000;
    /** The changes are drawn from this many documents, which touches about 800 of them. */
    private static final int CHANGED_FROM = 1_800;

    private static final String[] WORDS = {
        "pump", "valve", "north", "gate", "filter", "replaced", "inspection", "pressure", "leak", "seal", "customer",
                "reports", "noise",
        "bearing", "checked", "cleaned", "second", "floor", "access", "code", "needed", "spare", "part", "ordered",
                "arrives", "monday",
        "measured", "within", "tolerance", "sensor", "calibrated", "cable", "damaged", "photo", "attached", "follow",
                "up", "visit"
    };
    private static final String[] STATES = {"open", "planned", "travelling", "on-site", "waiting-for-parts", "done"};

    /** One field of one document gets a value. */
    record Change(String id, String field, JsonNode value) {}

    static W1 of(long seed) {
        Random random = new Random(seed); // its algorithm is specified, so any JDK and any language draws the same
        Map<String, Map<String, JsonNode>> documents = new LinkedHashMap<>();
        for (int i = 0; i < DOCUMENTS; i++) {
            documents.put(String.format("order-%05d", i), document(i, random));
        }
        List<String> ids = new ArrayList<>(documents.keySet());
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < CHANGES; i++) {
            String id = ids.get(random.nextInt(CHANGED_FROM));
            changes.add(change(id, i, random));
        }
        return new W1(documents, changes);
    }

    private static Change change(String id, int i, Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> new Change(id, "state", TextNode.valueOf(STATES[random.nextInt(STATES.length)]));
            case 1 -> new Change(id, "priority", LongNode.valueOf(1 + random.nextInt(5)));
            case 2 -> new Change(id, "minutes", LongNode.valueOf(random.nextInt(480)));
            case 3 -> new Change(id, "signed", BooleanNode.valueOf(i % 2 == 0));
            default -> new Change(id, "remark", TextNode.valueOf(words(random, 3)));
        };
    }

    private static Map<String, JsonNode> document(int i, Random random) {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        fields.put("number", TextNode.valueOf("SO-2026-" + (100_000 + i)));
        fields.put("title", TextNode.valueOf(words(random, 5)));
        fields.put("state", TextNode.valueOf(STATES[random.nextInt(STATES.length)]));
        fields.put("priority", LongNode.valueOf(1 + random.nextInt(5)));
        fields.put("minutes", LongNode.valueOf(random.nextInt(480)));
        fields.put("signed", BooleanNode.FALSE);
        fields.put("createdAt", LongNode.valueOf(1_760_000_000_000L + random.nextInt(1_000_000_000)));
        ObjectNode site = JsonNodeFactory.instance.objectNode();
        site.put("name", words(random, 2));
        site.put("street", words(random, 1) + " street " + (1 + random.nextInt(200)));
        site.put("postcode", String.format("%05d", random.nextInt(100_000)));
        site.set("latitude", DoubleNode.valueOf(Math.round(random.nextDouble() * 180e5 - 90e5) / 1e5));
        site.set("longitude", DoubleNode.valueOf(Math.round(random.nextDouble() * 360e5 - 180e5) / 1e5));
        fields.put("site", site);
        ObjectNode contact = JsonNodeFactory.instance.objectNode();
        contact.put("name", words(random, 2));
        contact.put("phone", "+49 " + (100_000_000 + random.nextInt(800_000_000)));
        contact.put("mail", "contact" + random.nextInt(10_000) + "@example.org");
        fields.put("contact", contact);
        fields.put("remark", TextNode.valueOf(words(random, 6)));
        fields.put("description", TextNode.valueOf(words(random, 69)));
        return fields;
    }

    private static String words(Random random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(WORDS[random.nextInt(WORDS.length)]);
        }
        return text.toString();
    }

    /** All documents as one JSON object, the yardstick for "bytes of a full sync". */
    byte[] json() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        documents.forEach((id, fields) -> all.putObject(id).setAll(fields));
        return all.toString().getBytes(StandardCharsets.UTF_8);
    }

    long changedDocuments() {
        return changes.stream().map(Change::id).distinct().count();
    }
}
