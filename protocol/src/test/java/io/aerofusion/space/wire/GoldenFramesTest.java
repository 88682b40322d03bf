package io.aerofusion.space.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The messages stored in {@code protocol/vectors/frames} decode for ever, and this version writes the same JSON. A new example is
 * stored by running this test with {@code -Dvectors.write=true}; a stored one is never overwritten.
 */
class GoldenFramesTest {
    private static final Path VECTORS = Path.of("vectors", "frames");
    private static final JsonMapper MAPPER = new JsonMapper();

    @TestFactory
    List<DynamicTest> storedFramesMeanWhatTheyMeant() throws IOException {
        if (Boolean.getBoolean("vectors.write")) {
            store();
        }
        List<DynamicTest> tests = new ArrayList<>();
        Map<String, Frame> examples = FrameExamples.all();
        stored().forEach((name, vector) -> tests.add(DynamicTest.dynamicTest(name, () -> {
            byte[] message = HexFormat.of().parseHex(vector.get("hex").textValue());
            Frame frame = FrameCodec.decode(message, FrameLimits.OF_A_DEVICE);
            assertThat(frame).isEqualTo(examples.get(name));
            // the deflated bytes may differ between versions of zlib; what is in them may not
            assertThat(FrameCodec.text(frame))
                    .isEqualTo(vector.get("json").toString())
                    .isEqualTo(new String(Compression.unpack(message, 1 << 20), StandardCharsets.UTF_8));
        })));
        return tests;
    }

    @Test
    void everyExampleIsStored() throws IOException {
        assertThat(stored().keySet())
                .isEqualTo(FrameExamples.all().keySet().stream().collect(Collectors.toCollection(TreeSet::new)));
    }

    private static Map<String, JsonNode> stored() throws IOException {
        Map<String, JsonNode> stored = new TreeMap<>();
        try (Stream<Path> files = Files.list(VECTORS)) {
            for (Path file : files.toList()) {
                JsonNode vector = MAPPER.readTree(file.toFile());
                stored.put(vector.get("name").textValue(), vector);
            }
        }
        return stored;
    }

    private static void store() throws IOException {
        Files.createDirectories(VECTORS);
        for (Map.Entry<String, Frame> example : FrameExamples.all().entrySet()) {
            Path file = VECTORS.resolve(example.getKey() + ".json");
            if (Files.exists(file)) {
                continue;
            }
            Frame frame = example.getValue();
            String hex = HexFormat.of().formatHex(FrameCodec.encode(frame));
            String text = """
                    {
                      "name": "%s",
                      "from": "%s",
                      "json": %s,
                      "hex": "%s"
                    }
                    """.formatted(
                            example.getKey(),
                            frame instanceof Frame.FromDevice ? "device" : "server",
                            FrameCodec.text(frame),
                            hex);
            Files.writeString(file, text);
        }
    }
}
