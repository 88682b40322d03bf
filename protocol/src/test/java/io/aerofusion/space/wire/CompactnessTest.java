package io.aerofusion.space.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Stamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The bytes of workload W1: 2,000 documents of a field-service application, together about 1.9 MB as JSON, and 1,000 single-field
 * changes to about 800 of them. A change to the wire format that costs bytes fails here.
 */
class CompactnessTest {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int DOCUMENTS = 2_000;
    private static final int CHANGES = 1_000;
    private static final int CHANGED_FROM = 1_800;
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final long NOW = 1_795_248_000_000L;
    private static final String[] STATES = {"open", "planned", "travelling", "on-site", "waiting-for-parts", "done"};
    private static final String[] WORDS =
            ("pump valve north gate filter replaced inspection pressure leak seal customer"
                            + " reports noise bearing checked cleaned second floor access code needed spare part ordered arrives"
                            + " monday measured within tolerance sensor calibrated cable damaged photo attached follow up visit")
                    .split(" ");

    private static final Random RANDOM = new Random(20_261_121);
    private static final List<DocumentChange> SPACE = new ArrayList<>();
    private static final List<Mutation> MUTATIONS = new ArrayList<>();

    @BeforeAll
    static void workload() {
        for (int i = 0; i < DOCUMENTS; i++) {
            SPACE.add(new DocumentChange("orders", id(i), false, true, document(i), List.of(), Map.of()));
        }
        long clock = NOW;
        for (int i = 0; i < CHANGES; i++) {
            clock += RANDOM.nextInt(60_000);
            String id = id(RANDOM.nextInt(CHANGED_FROM));
            MUTATIONS.add(Mutation.set("orders", id, Stamp.at(clock, 0, "").hlc(), change()));
        }
    }

    @Test
    void theWorkloadIsWhatItSaysItIs() {
        int bytes = 0;
        for (DocumentChange document : SPACE) {
            bytes += size(document);
        }
        report("JSON of the documents", bytes);
        assertThat(bytes).isBetween(1_850_000, 1_950_000);
        assertThat(MUTATIONS.stream().map(Mutation::id).distinct().count()).isBetween(750L, 850L);
    }

    @Test
    void aThousandOfflineChangesFitIntoTwelveKilobytes() throws FrameException {
        int bytes = 0;
        for (int from = 0; from < CHANGES; from += 500) {
            Frame push = new Frame.Push("w1", from + 1, cursor(2_000), MUTATIONS.subList(from, from + 500), null);
            byte[] message = FrameCodec.encode(push);
            assertThat(FrameCodec.decode(message, FrameLimits.OF_A_NODE)).isEqualTo(push);
            bytes += message.length;
        }
        report("push of 1,000 operations", bytes);
        assertThat(bytes).isLessThan(12_000);
    }

    @Test
    void theDeltaOfAThousandChangesFitsIntoTenKilobytes() throws FrameException {
        Map<String, Map<String, JsonNode>> byDocument = new LinkedHashMap<>();
        for (Mutation mutation : MUTATIONS) {
            // a document moves to the end of the server's index with each operation
            Map<String, JsonNode> cells = byDocument.remove(mutation.id());
            cells = cells == null ? new LinkedHashMap<>() : cells;
            cells.putAll(mutation.set());
            byDocument.put(mutation.id(), cells);
        }
        List<DocumentChange> changes = new ArrayList<>();
        byDocument.forEach(
                (id, cells) -> changes.add(new DocumentChange("orders", id, false, false, cells, List.of(), Map.of())));
        Frame delta = new Frame.Delta("w1", cursor(2_000), cursor(3_000), changes, false, null);
        byte[] message = FrameCodec.encode(delta);
        assertThat(FrameCodec.decode(message, FrameLimits.OF_A_DEVICE)).isEqualTo(delta);
        report("delta of 1,000 changes", message.length);
        assertThat(message.length).isLessThan(10_000);
    }

    @Test
    void theWholeSpaceFitsInto350Kilobytes() throws FrameException {
        int bytes = 0;
        List<DocumentChange> chunk = new ArrayList<>();
        int chunkBytes = 0;
        for (int i = 0; i < DOCUMENTS; i++) {
            chunk.add(SPACE.get(i));
            chunkBytes += size(SPACE.get(i));
            if (chunkBytes >= CHUNK_BYTES || i == DOCUMENTS - 1) {
                Frame snap = new Frame.Snap("w1", cursor(i), List.copyOf(chunk), i == DOCUMENTS - 1);
                byte[] message = FrameCodec.encode(snap);
                assertThat(FrameCodec.decode(message, FrameLimits.OF_A_DEVICE)).isEqualTo(snap);
                bytes += message.length;
                chunk.clear();
                chunkBytes = 0;
            }
        }
        report("snap of 2,000 documents", bytes);
        assertThat(bytes).isLessThan(350_000);
    }

    @Test
    void oneLiveChangeIsSmall() {
        Map<String, JsonNode> set = Map.of("state", JSON.textNode("done"));
        DocumentChange change = new DocumentChange("orders", id(17), false, false, set, List.of(), Map.of());
        int bytes = FrameCodec.encode(new Frame.Delta("w1", cursor(3_000), cursor(3_001), List.of(change), false, null))
                .length;
        report("delta of one change", bytes);
        assertThat(bytes).isLessThan(200);
    }

    private static void report(String what, int bytes) {
        System.out.println("W1 " + what + ": " + bytes + " bytes");
    }

    private static int size(DocumentChange document) {
        return JSON.objectNode().setAll(document.set()).toString().length();
    }

    private static String id(int number) {
        return "order-%05d".formatted(number);
    }

    private static Map<String, JsonNode> change() {
        return switch (RANDOM.nextInt(5)) {
            case 0 -> Map.of("state", JSON.textNode(STATES[RANDOM.nextInt(STATES.length)]));
            case 1 -> Map.of("priority", number(1, 5));
            case 2 -> Map.of("minutes", number(0, 480));
            case 3 -> Map.of("signed", JSON.booleanNode(RANDOM.nextBoolean()));
            default -> Map.of("remark", words(3));
        };
    }

    private static Map<String, JsonNode> document(int number) {
        Map<String, JsonNode> set = new TreeMap<>();
        set.put("number", JSON.textNode("SO-2026-" + (100_000 + number)));
        set.put("title", words(5));
        set.put("state", JSON.textNode(STATES[RANDOM.nextInt(STATES.length)]));
        set.put("priority", number(1, 5));
        set.put("minutes", number(0, 480));
        set.put("signed", JSON.booleanNode(false));
        set.put("createdAt", number(1_760_000_000, 1_000_000));
        set.put("/site/name", words(2));
        set.put("/site/street", JSON.textNode(words(1).textValue() + " street " + RANDOM.nextInt(200)));
        set.put("/site/postcode", JSON.textNode("%05d".formatted(RANDOM.nextInt(100_000))));
        set.put("/site/latitude", JSON.numberNode((RANDOM.nextInt(18_000_000) - 9_000_000) / 1e5));
        set.put("/site/longitude", JSON.numberNode((RANDOM.nextInt(36_000_000) - 18_000_000) / 1e5));
        set.put("/contact/name", words(2));
        set.put("/contact/phone", JSON.textNode("+49 " + (100_000_000 + RANDOM.nextInt(800_000_000))));
        set.put("/contact/mail", JSON.textNode("contact" + RANDOM.nextInt(10_000) + "@example.org"));
        set.put("remark", words(6));
        set.put("description", words(69));
        return set;
    }

    private static JsonNode number(long from, int count) {
        return JSON.numberNode(from + RANDOM.nextInt(count));
    }

    private static JsonNode words(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(WORDS[RANDOM.nextInt(WORDS.length)]);
        }
        return JSON.textNode(text.toString());
    }

    private static String cursor(long number) {
        return new Cursor(Cursor.fingerprint("default", "w1"), 1, new TreeMap<>(Map.of("eu", number)), NOW << 16)
                .encode();
    }
}
