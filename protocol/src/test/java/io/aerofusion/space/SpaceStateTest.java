package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.ErrorCode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpaceStateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long NOW = 1_700_000_000_000L;

    private final SpaceState state = new SpaceState("default", "runways", "local", 1);

    @Test
    void mergesWhatTwoDevicesChangedOffline() throws Exception {
        push("ann", 1, null, set("a", "{'length':100,'width':20}"));
        Cursor seen = state.cursor();
        push("ann", 2, seen, set("a", "{'length':120}"));
        Decision late = push("bob", 1, seen, set("a", "{'width':30}"));

        assertThat(late.conflicts()).isEmpty();
        assertThat(state.document("runways", "a")).contains(json("{'length':120,'width':30}"));
        Page delta = state.changes(seen, Set.of(), 100, 1 << 20);
        assertThat(delta.changes()).singleElement().satisfies(change -> {
            assertThat(change.whole()).isFalse();
            assertThat(change.set()).isEqualTo(Map.of("length", json("120"), "width", json("30")));
        });
        assertThat(state.changes(delta.to(), Set.of(), 100, 1 << 20).changes()).isEmpty();
    }

    @Test
    void acknowledgesARepeatedPushWithoutEffect() throws Exception {
        push("ann", 1, null, set("a", "{'length':100}"));
        String hash = state.hash();
        Decision again = push("ann", 1, null, set("a", "{'length':100}"));
        assertThat(again.isEmpty()).isTrue();
        assertThat(again.ackedUpTo()).isEqualTo(1);
        assertThat(state.hash()).isEqualTo(hash);
    }

    @Test
    void deletesAndRevivesTheWholeDocument() throws Exception {
        push("ann", 1, null, set("a", "{'length':100,'width':20}"));
        Cursor seen = state.cursor();
        push("ann", 2, seen, Mutation.delete("runways", "a", 0));
        assertThat(state.document("runways", "a")).isEmpty();
        assertThat(state.documents()).isZero();
        push("bob", 1, seen, set("a", "{'width':30}"));
        assertThat(state.document("runways", "a")).contains(json("{'length':100,'width':30}"));
    }

    @Test
    void startsANewLifeWhenTheDeleteWasKnown() throws Exception {
        push("ann", 1, null, set("a", "{'length':100,'width':20}"));
        push("ann", 2, state.cursor(), Mutation.delete("runways", "a", 0));
        push("bob", 1, state.cursor(), set("a", "{'width':30}"));
        assertThat(state.document("runways", "a")).contains(json("{'width':30}"));
    }

    @Test
    void rejectsMutationNumbersBelowOne() throws Exception {
        Decision decision = push("ann", 0, null, set("a", "{'length':100}"));
        assertThat(decision.rejections())
                .singleElement()
                .satisfies(rejection -> assertThat(rejection.code()).isEqualTo(ErrorCode.SEQUENCE_CONFLICT));
        assertThat(decision.isEmpty()).isTrue();
    }

    @Test
    void rejectsWhatTheCheckFindsWrongAndTellsTheServersValue() throws Exception {
        push("ann", 1, null, set("a", "{'length':100}"));
        SpaceSettings checked = new SpaceSettings(
                Map.of(),
                false,
                SpaceLimits.DEFAULT,
                (collection, document) -> document.get("length").longValue() > 500
                        ? List.of(new SpaceSettings.Violation("length", "too long"))
                        : List.of());
        Decision decision = state.decide(
                new Push("bob", 1, null, List.of(set("a", "{'length':501}"), set("b", "{'length':1}"))), checked, NOW);
        assertThat(decision.rejections())
                .containsExactly(new Rejection(1, ErrorCode.SCHEMA_VIOLATION, "too long", "length", json("100")));
        assertThat(decision.operations()).hasSize(1);
    }

    @Test
    void keepsTheQuotasAndLeavesTheRestOfThePushUnharmed() throws Exception {
        SpaceSettings tight =
                new SpaceSettings(Map.of(), false, new SpaceLimits(64, 4, 1, 1_000, 60_000, 8, 1_000), null);
        Push push = new Push(
                "ann",
                1,
                null,
                List.of(
                        set("a", "{'x':1}"),
                        set("b", "{'x':1}"),
                        set("a", "{'x':'" + "long ".repeat(20) + "'}"),
                        set("a", "{'x':{'y':{'z':{'w':{'v':1}}}}}"),
                        set("much-too-long", "{'x':1}"),
                        set("a", "{'y':2}")));
        Decision decision = state.decide(push, tight, NOW);
        assertThat(decision.rejections())
                .extracting(Rejection::code)
                .containsExactly(
                        ErrorCode.QUOTA_EXCEEDED,
                        ErrorCode.DOCUMENT_TOO_LARGE,
                        ErrorCode.NESTED_TOO_DEEP,
                        ErrorCode.INVALID_REQUEST);
        assertThat(decision.operations()).hasSize(2);
        assertThat(decision.ackedUpTo()).isEqualTo(6);
    }

    @Test
    void deletedDocumentsTakeAtMostAsMuchAgain() throws Exception {
        SpaceSettings tight =
                new SpaceSettings(Map.of(), false, new SpaceLimits(1_000, 4, 3, 1_000, 60_000, 8, 1_000), null);
        int accepted = 0;
        for (int i = 0; i < 100; i++) {
            Push made = new Push(
                    "ann", 1 + 2L * i, state.cursor(), List.of(set("d" + i, "{'x':'" + "y".repeat(200) + "'}")));
            Decision decision = state.decide(made, tight, NOW);
            state.apply(decision.facts());
            accepted += decision.operations().size();
            state.apply(state.decide(
                            new Push(
                                    "ann", 2 + 2L * i, state.cursor(), List.of(Mutation.delete("runways", "d" + i, 0))),
                            tight,
                            NOW)
                    .facts());
        }
        assertThat(accepted).isEqualTo(6);
        assertThat(state.documents()).isZero();
        assertThat(state.keptDocuments())
                .as("deletes of what nobody knows are not kept either")
                .isEqualTo(6);
        assertThat(SpaceStateCodec.read(SpaceStateCodec.write(state)).keptBytes())
                .isEqualTo(state.keptBytes());

        state.apply(new Purged(state.cursor().numbers(), NOW));
        assertThat(state.keptDocuments()).isZero();
        assertThat(state.keptBytes()).isZero();
        Decision after = state.decide(new Push("ann", 500, null, List.of(set("new", "{'x':1}"))), tight, NOW);
        assertThat(after.rejections()).isEmpty();
    }

    @Test
    void aDeviceThatLeavesGapsAllTheTimeCostsABoundedAmount() throws Exception {
        for (int i = 0; i < 5_000; i++) {
            state.apply(state.decide(
                            new Push("ann", 1 + 2L * i, null, List.of(set("a", "{'x':" + i + "}"))),
                            SpaceSettings.DEFAULT,
                            NOW)
                    .facts());
        }
        assertThat(state.mergedOf("ann").intervals()).isEqualTo(SeqSet.INTERVALS_MAX);
        assertThat(push("ann", 9_999, null, set("a", "{'x':0}")).isEmpty())
                .as("a repetition")
                .isTrue();
        assertThat(push("ann", 10_000, null, set("a", "{'x':1}")).operations()).hasSize(1);
        Decision old = push("ann", 2, null, set("a", "{'x':0}"));
        assertThat(old.rejections())
                .as("it is told, not taken for a repetition")
                .extracting(Rejection::code)
                .containsExactly(ErrorCode.SEQUENCE_CONFLICT);
    }

    @Test
    void afterARestoreTheExpiredDeviceIsExpiredStill() throws Exception {
        push("ann", 1, null, set("a", "{'x':1}"));
        Cursor old = state.cursor();
        push("ann", 2, old, Mutation.delete("runways", "a", 0));
        state.apply(new Purged(state.cursor().numbers(), NOW));
        Cursor recent = state.cursor();
        SpaceState restored = SpaceStateCodec.read(SpaceStateCodec.write(state), 2);

        Decision late =
                restored.decide(new Push("bob", 1, old, List.of(set("a", "{'y':1}"))), SpaceSettings.DEFAULT, NOW);
        assertThat(late.rejections()).extracting(Rejection::code).containsExactly(ErrorCode.QUARANTINED);
        assertThat(late.facts().quarantined()).hasSize(1);
        Decision again =
                restored.decide(new Push("ann", 3, recent, List.of(set("b", "{'y':1}"))), SpaceSettings.DEFAULT, NOW);
        assertThat(again.rejections()).as("what was lost is sent once more").isEmpty();
    }

    @Test
    void whatWaitsInQuarantineIsChecked() throws Exception {
        push("ann", 1, null, set("a", "{'x':1}"));
        Cursor old = state.cursor();
        push("ann", 2, old, set("a", "{'x':2}"));
        state.apply(new Purged(state.cursor().numbers(), NOW));
        SpaceSettings tight =
                new SpaceSettings(Map.of(), false, new SpaceLimits(200, 4, 10, 100_000, 60_000, 8, 300), null);
        String value = "{'x':'" + "y".repeat(100) + "'}";
        Decision decision = state.decide(
                new Push(
                        "bob",
                        1,
                        old,
                        List.of(
                                set("b", "{'x':'" + "y".repeat(300) + "'}"),
                                set("c", "{'x':{'y':{'z':{'w':{'v':1}}}}}"),
                                set("d", value),
                                set("e", value),
                                set("f", value))),
                tight,
                NOW);
        assertThat(decision.rejections())
                .extracting(Rejection::code)
                .containsExactly(
                        ErrorCode.DOCUMENT_TOO_LARGE,
                        ErrorCode.NESTED_TOO_DEEP,
                        ErrorCode.QUARANTINED,
                        ErrorCode.QUARANTINED,
                        ErrorCode.QUOTA_EXCEEDED);
        state.apply(decision.facts());
        state.discard("bob", 3);
        state.apply(decision.facts());
        assertThat(state.waiting().bytes()).isBetween(200L, 300L);
    }

    @Test
    void quarantinesWhatAnExpiredDeviceWritesToUnknownDocuments() throws Exception {
        push("ann", 1, null, set("a", "{'x':1}"));
        Cursor old = state.cursor();
        push("ann", 2, old, set("a", "{'x':2}"));
        state.apply(new Purged(state.cursor().numbers(), NOW));
        assertThat(state.check(old)).isEqualTo(CursorCheck.EXPIRED);
        Decision decision = push("bob", 1, old, set("gone", "{'x':1}"), set("a", "{'y':1}"));
        assertThat(decision.rejections()).extracting(Rejection::code).containsExactly(ErrorCode.QUARANTINED);
        assertThat(state.quarantine())
                .singleElement()
                .satisfies(waiting -> assertThat(waiting.seq()).isEqualTo(1));
        state.discard("bob", 1);
        assertThat(state.quarantine()).isEmpty();
        assertThat(state.document("runways", "a")).contains(json("{'x':2,'y':1}"));
    }

    @Test
    void tellsThePusherOnlyWhatItDidNotAssume() throws Exception {
        push("ann", 1, null, set("a", "{'x':1,'y':1}"));
        Push late = new Push(
                "bob", 1, null, List.of(Mutation.set("runways", "a", 1, Map.of("x", json("2"), "z", json("3")))));
        Decision decision = state.decide(late, SpaceSettings.DEFAULT, NOW);
        state.apply(decision.facts());
        assertThat(decision.conflicts()).singleElement().satisfies(conflict -> {
            assertThat(conflict.path()).isEqualTo("x");
            assertThat(conflict.winning()).isEqualTo(json("1"));
            assertThat(conflict.losing()).isEqualTo(json("2"));
        });
        assertThat(state.corrections(late, decision))
                .singleElement()
                .satisfies(change -> assertThat(change.set()).isEqualTo(Map.of("x", json("1"))));
    }

    @Test
    void knowsForeignAheadAndOlderCursors() throws Exception {
        push("ann", 1, null, set("a", "{'x':1}"));
        Cursor now = state.cursor();
        assertThat(state.check(now)).isEqualTo(CursorCheck.USABLE);
        assertThat(state.check(new SpaceState("default", "other", "local", 1).cursor()))
                .isEqualTo(CursorCheck.FOREIGN);
        assertThat(state.check(new Cursor(now.space(), 0, now.numbers(), 0))).isEqualTo(CursorCheck.EXPIRED);
        assertThat(new SpaceState("default", "runways", "local", 1).check(now)).isEqualTo(CursorCheck.AHEAD);
    }

    private Decision push(String device, long firstSeq, Cursor base, Mutation... mutations) {
        Decision decision =
                state.decide(new Push(device, firstSeq, base, List.of(mutations)), SpaceSettings.DEFAULT, NOW);
        state.apply(decision.facts());
        return decision;
    }

    private static Mutation set(String id, String members) throws Exception {
        Map<String, JsonNode> set = new HashMap<>();
        json(members).properties().forEach(member -> set.put(member.getKey(), member.getValue()));
        return Mutation.set("runways", id, 0, set);
    }

    private static JsonNode json(String text) throws Exception {
        return Json.normalize(JSON.readTree(text.replace('\'', '"')), 64);
    }
}
