package io.aerofusion.space.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.platform.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/protocol.md} to the code: a client written from it must work. */
class ReferenceTest {
    private static String reference;

    @BeforeAll
    static void read() throws IOException {
        reference = Files.readString(Path.of("..", "docs", "protocol.md"));
    }

    @Test
    void everyKindHasAnExampleThatIsWhatTheCodecWrites() throws FrameException {
        Set<FrameKind> shown = EnumSet.noneOf(FrameKind.class);
        List<String> examples =
                reference.lines().filter(line -> line.startsWith("[\"")).toList();
        for (String example : examples) {
            byte[] json = example.getBytes(StandardCharsets.UTF_8);
            byte[] message = new byte[json.length + 1];
            System.arraycopy(json, 0, message, 1, json.length);
            Frame frame = FrameCodec.decode(message, FrameLimits.OF_A_DEVICE);
            assertThat(FrameCodec.text(frame)).isEqualTo(example);
            shown.add(FrameKind.of(frame));
        }
        assertThat(shown).containsExactlyInAnyOrder(FrameKind.values());
    }

    @Test
    void everyErrorCodeIsListedWithItsStatus() {
        for (ErrorCode code : ErrorCode.values()) {
            String again = code.retryable() ? "yes" : "no";
            assertThat(reference)
                    .contains("| `%s` | %d | %s | %s. %s |"
                            .formatted(code.code(), code.status(), again, code.title(), code.next()));
        }
    }
}
