package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What was once written to a journal or a snapshot is read for ever: these examples are never changed, only added to. Written by
 * {@code -Ddurable.write=true} where one is missing.
 */
class DurableExamplesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path EXAMPLES = Path.of("src/test/resources/durable");
    private static final long SEED = 20261121;

    @Test
    void factsOfVersionOneDecode() throws IOException {
        World world = new World(SEED, 2).run(80);
        Merged[] stored = JSON.readValue(
                example("merged-1.json", JSON.writeValueAsBytes(world.facts.toArray(Merged[]::new))), Merged[].class);
        SpaceState state = World.replica();
        for (Merged facts : stored) {
            state.apply(facts);
        }
        assertThat(state.hash()).isEqualTo(text("merged-1.hash", state.hash()));
        String all = JSON.writeValueAsString(stored);
        assertThat(Set.of("\"c\"", "\"x\"", "\"z\"", "\"s\"", "\"l\"", "\"f\"", "\"m\""))
                .as("every kind of edit is in the example")
                .allMatch(name -> all.contains("\"t\":" + name));
        assertThat(all).contains("\"k\":\"d\"", "\"b\":{");
    }

    @Test
    void snapshotsOfVersionOneDecode() throws IOException {
        SpaceState state = new World(SEED, 2).run(80).regions.getFirst();
        state.apply(new Purged(state.cursor().numbers(), World.NOW));
        SpaceState stored = SpaceStateCodec.read(example("snapshot-1.bin", SpaceStateCodec.write(state)));
        assertThat(stored.hash()).isEqualTo(text("snapshot-1.hash", state.hash()));
        assertThat(stored.documents()).isPositive();
        assertThat(stored.cursor().numbers()).hasSize(2);
    }

    @Test
    void factsAndSnapshotsWithWhatWaitsOfWholeDocumentsDecode() throws IOException {
        World world = new World(SEED, 2).run(200);
        Merged[] stored = JSON.readValue(
                example("merged-2.json", JSON.writeValueAsBytes(world.facts.toArray(Merged[]::new))), Merged[].class);
        SpaceState state = World.replica();
        for (Merged facts : stored) {
            state.apply(facts);
        }
        assertThat(state.hash()).isEqualTo(text("merged-2.hash", state.hash()));
        assertThat(JSON.writeValueAsString(stored)).contains(",\"w\":{\"w\":{", ",\"v\":[\"dev");
        SpaceState copy = SpaceStateCodec.read(example("snapshot-2.bin", SpaceStateCodec.write(state)));
        assertThat(copy.hash()).isEqualTo(state.hash());
        assertThat(copy.queue(null, null, 1_000))
                .isEqualTo(state.queue(null, null, 1_000))
                .anySatisfy(queued -> assertThat(queued.path()).isEmpty());
    }

    @Test
    void theOtherFactsDecode() throws IOException {
        Purged purged = JSON.readValue("{\"@\":\"purged\",\"h\":{\"eu\":7},\"t\":9}", Purged.class);
        assertThat(purged.horizon()).containsEntry("eu", 7L);
        Quarantined waiting = JSON.readValue(
                "{\"d\":\"a\",\"s\":3,\"t\":9,\"m\":{\"collection\":\"c\",\"id\":\"d\",\"at\":1,\"set\":{\"x\":1},\"unset\":[],"
                        + "\"delete\":false,\"inc\":{},\"add\":{},\"remove\":{},\"insert\":{}}}",
                Quarantined.class);
        assertThat(waiting.mutation().set()).containsKey("x");
    }

    @Test
    void aDamagedSnapshotIsRefused() {
        byte[] snapshot =
                SpaceStateCodec.write(new World(SEED, 1).run(20).regions.getFirst());
        byte[] cut = Arrays.copyOf(snapshot, snapshot.length / 2);
        assertThatIllegalArgumentException().isThrownBy(() -> SpaceStateCodec.read(cut));
        snapshot[0] = 99;
        assertThatIllegalArgumentException().isThrownBy(() -> SpaceStateCodec.read(snapshot));
    }

    private static byte[] example(String name, byte[] now) throws IOException {
        Path file = EXAMPLES.resolve(name);
        if (Boolean.getBoolean("durable.write") && !Files.exists(file)) {
            Files.write(file, now);
        }
        return Files.readAllBytes(file);
    }

    private static String text(String name, String now) throws IOException {
        return new String(example(name, now.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }
}
