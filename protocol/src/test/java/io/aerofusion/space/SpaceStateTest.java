package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
