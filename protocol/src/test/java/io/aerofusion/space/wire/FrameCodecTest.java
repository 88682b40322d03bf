package io.aerofusion.space.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.DocumentChange;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.zip.Deflater;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCodecTest {
    private static final FrameLimits LIMITS = FrameLimits.OF_A_DEVICE;

    @TestFactory
    List<DynamicTest> everyFrameComesBackAsItWas() {
        List<DynamicTest> tests = new ArrayList<>();
        FrameExamples.all()
                .forEach((name, frame) -> tests.add(DynamicTest.dynamicTest(name, () -> {
                    byte[] message = FrameCodec.encode(frame);
                    assertThat(FrameCodec.decode(message, LIMITS)).isEqualTo(frame);
                    assertThat(FrameCodec.encode(FrameCodec.decode(message, LIMITS)))
                            .isEqualTo(message);
                })));
        return tests;
    }

    @Test
    void theExamplesCoverEveryKind() {
        Set<FrameKind> seen = EnumSet.noneOf(FrameKind.class);
        FrameExamples.all().values().forEach(frame -> seen.add(FrameKind.of(frame)));
        assertThat(seen).containsExactlyInAnyOrder(FrameKind.values());
    }

    @Test
    void aSmallFrameIsPlainAndALargeOneIsDeflated() {
        assertThat(FrameCodec.encode(new Frame.Unsub("ops"))[0]).isEqualTo(FrameCodec.PLAIN);
        assertThat(FrameCodec.encode(new Frame.Leave("so long ".repeat(100)))[0])
                .isEqualTo(FrameCodec.DEFLATED);
    }

    @Test
    void whatDeflateWouldEnlargeStaysPlain() throws FrameException {
        StringBuilder noise = new StringBuilder();
        Random random = new Random(7);
        for (int i = 0; i < 300; i++) {
            noise.append((char) (0x4E00 + random.nextInt(20_000)));
        }
        Frame frame = new Frame.Leave(noise.toString());
        assertThat(FrameCodec.decode(FrameCodec.encode(frame), LIMITS)).isEqualTo(frame);
    }

    @Test
    void elementsOfALaterVersionAreIgnored() throws FrameException {
        assertThat(decode("[\"unsub\",[],\"ops\",{\"new\":true},5]")).isEqualTo(new Frame.Unsub("ops"));
        assertThat(decode("[\"gone\",[],\"ops\",\"some-later-code\"]"))
                .isEqualTo(new Frame.Gone("ops", ErrorCode.INTERNAL));
    }

    @Test
    void missingElementsAreNull() throws FrameException {
        assertThat(decode("[\"sub\",[],\"ops\"]")).isEqualTo(new Frame.Sub("ops", List.of(), null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "; malformed-frame",
                "nonsense; malformed-frame",
                "{}; malformed-frame",
                "[]; malformed-frame",
                "[7]; malformed-frame",
                "[\"sing\",[]]; unknown-frame",
                "[\"unsub\",{}]; malformed-frame",
                "[\"unsub\",[]]; malformed-frame",
                "[\"unsub\",[],null]; malformed-frame",
                "[\"unsub\",[],7]; malformed-frame",
                "[\"unsub\",[],\"a\"]]; malformed-frame",
                "[\"unsub\",[],\"a\"; malformed-frame",
                "[\"unsub\",[],\"\\ud800\"]; invalid-value",
                "[\"unsub\",[],\"\\udc00\\ud800\"]; invalid-value",
                "[\"credit\",[],NaN]; malformed-frame",
                "[\"credit\",[],-1]; malformed-frame",
                "[\"credit\",[],1.5]; malformed-frame",
                "[\"credit\",[],9007199254740993]; invalid-value",
                "[\"credit\",[],1e400]; invalid-value",
                "[\"credit\",[],99999999999999999999999999]; invalid-value",
                "[\"report\",[],{\"a\":1,\"a\":2}]; malformed-frame",
                "[\"report\",[]]; malformed-frame",
                "[\"announce\",[1],\"ops\"]; malformed-frame",
                "[\"push\",[],\"ops\",0]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[1,0]],[0],[\"i\"],[]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[1],[\"i\"],[]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[0],[],[]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[0],[5],[]]]; malformed-frame",
                "[\"push\",[\"c\",\"p\"],\"ops\",1,null,[[[0,0,[1]]],[0],[\"i\"],[]]]; malformed-frame",
                "[\"push\",[\"c\",\"p\"],\"ops\",1,null,[[[0,0,[1]]],[0],[\"i\"],[[1,2,3]]]]; malformed-frame",
                "[\"push\",[\"c\",\"p\"],\"ops\",1,null,[[[0,0,[1,1]]],[0],[\"i\"],[[1,2,3]]]]; malformed-frame",
                "[\"push\",[\"c\",\"p\"],\"ops\",1,null,[[[0,0,[],[],[1]]],[0],[\"i\"],[[1,\"x\"]]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[0],[\"i\"],[],[-1]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[0],[\"i\"],[],[1],[65536]]]; malformed-frame",
                "[\"push\",[\"c\"],\"ops\",1,null,[[[0,0]],[0],[\"i\"],[],[1,2]]]; malformed-frame",
                "[\"conflict\",[\"c\"],\"ops\",[[0,\"i\",0,\"coin\",[1,0,0],[],[1,0,0],[],false]]]; malformed-frame",
            })
    void badFramesHaveAClearCode(String json, String code) {
        assertThat(refused(plain(json == null ? "" : json)).code().code()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 0x5B, 0x7F, -1})
    void unknownFlagsAreRefused(int flag) {
        assertThat(refused(new byte[] {(byte) flag, '[', ']'}).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
    }

    @Test
    void invalidUtf8IsRefused() {
        for (int[] bad :
                new int[][] {{0xC0, 0xAF}, {0xED, 0xA0, 0x80}, {0xFF}, {0xE2, 0x82}, {0xF4, 0x90, 0x80, 0x80}}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(plain("[\"unsub\",[],\""));
            Arrays.stream(bad).forEach(out::write);
            out.writeBytes("\"]".getBytes(StandardCharsets.UTF_8));
            assertThat(refused(out.toByteArray()).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
        }
    }

    @Test
    void anInflateBombStopsAtTheLimit() {
        byte[] bomb = deflated("[\"leave\",[],\"" + "a".repeat(30_000_000) + "\"]");
        assertThat(bomb.length).isLessThan(LIMITS.frameBytes());
        assertThat(refused(bomb).code()).isEqualTo(ErrorCode.FRAME_TOO_LARGE);
    }

    @Test
    void aFrameOfExactlyTheLimitPassesAndOneByteMoreDoesNot() throws FrameException {
        String json = "[\"leave\",[],\"" + "a".repeat(4_000) + "\"]";
        FrameLimits exact = new FrameLimits(10_000, json.length(), 4, 10, 1, 1, 0);
        FrameLimits less = new FrameLimits(10_000, json.length() - 1, 4, 10, 1, 1, 0);
        for (byte[] message : List.of(plain(json), deflated(json))) {
            assertThat(FrameCodec.decode(message, exact)).isEqualTo(new Frame.Leave("a".repeat(4_000)));
            assertThat(catchThrowableOfType(FrameException.class, () -> FrameCodec.decode(message, less))
                            .code())
                    .isEqualTo(ErrorCode.FRAME_TOO_LARGE);
        }
    }

    @Test
    void damagedDeflateIsRefused() {
        byte[] good = deflated("[\"leave\",[],\"" + "abc".repeat(200) + "\"]");
        assertThat(refused(Arrays.copyOf(good, good.length - 2)).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(refused(Arrays.copyOf(good, good.length + 1)).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(refused(new byte[] {1, (byte) 0xFF, (byte) 0xFF}).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(refused(new byte[] {1}).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
        assertThat(refused(new byte[0]).code()).isEqualTo(ErrorCode.MALFORMED_FRAME);
    }

    @Test
    void nestingValuesRowsPathsAndStringsAreBounded() {
        FrameLimits few = new FrameLimits(100_000, 100_000, 5, 1_000, 3, 7, 4);
        assertThat(refused(plain("[\"report\",[]," + "[".repeat(50_000)), LIMITS)
                        .code())
                .isEqualTo(ErrorCode.NESTED_TOO_DEEP);
        assertThat(refused(plain("[\"report\",[],[" + "[],".repeat(2_000) + "[]]]"), few)
                        .code())
                .isEqualTo(ErrorCode.FRAME_TOO_LARGE);
        assertThat(refused(
                                plain(
                                        "[\"push\",[\"c\"],\"s\",1,null,[[[0,1]],[0,0,0,0],[\"a\",\"b\",\"c\",\"d\"],[]]]"),
                                few)
                        .code())
                .isEqualTo(ErrorCode.BATCH_TOO_LARGE);
        assertThat(refused(plain("[\"unsub\",[\"a\",\"b\",\"c\",\"d\",\"e\"],\"s\"]"), few)
                        .code())
                .isEqualTo(ErrorCode.FRAME_TOO_LARGE);
        assertThat(refused(
                                plain(
                                        "[\"push\",[\"a\",\"b\",\"c\",\"d\"],\"s\",1,null,[[[0,0,[],[1,2,3]]],[0,0,0],[\"x\",\"y\",\"z\"],[]]]"),
                                few)
                        .code())
                .isEqualTo(ErrorCode.FRAME_TOO_LARGE);
    }

    @Test
    void aMessageBeyondTheFrameLimitIsNotEvenInflated() {
        FrameLimits tiny = new FrameLimits(10, 1_000, 5, 100, 3, 7, 4);
        assertThat(refused(plain("[\"unsub\",[],\"s\"]"), tiny).code()).isEqualTo(ErrorCode.FRAME_TOO_LARGE);
    }

    @Test
    void numbersAreNormalised() throws FrameException {
        assertThat(decode("[\"report\",[],[1.0,-0.0,1e2,-0,0.5,9007199254740992,1e300]]"))
                .isEqualTo(new Frame.Report(FrameExamples.json("[1,0,100,0,0.5,9007199254740992,1e300]")));
        assertThat(decode("[\"report\",[],1.0]")).isEqualTo(decode("[\"report\",[],1]"));
    }

    @Test
    void theOrderOfAMapDoesNotShow() {
        Map<String, JsonNode> one = new LinkedHashMap<>();
        one.put("a", FrameExamples.json("1"));
        one.put("b", FrameExamples.json("2"));
        Map<String, JsonNode> two = new LinkedHashMap<>();
        two.put("b", FrameExamples.json("2"));
        two.put("a", FrameExamples.json("1"));
        assertThat(FrameCodec.encode(snap(one))).isEqualTo(FrameCodec.encode(snap(two)));
    }

    private static Frame snap(Map<String, JsonNode> set) {
        return new Frame.Snap(
                "s", "c", List.of(new DocumentChange("c", "i", false, true, set, List.of(), Map.of())), true);
    }

    private static Frame decode(String json) throws FrameException {
        return FrameCodec.decode(plain(json), LIMITS);
    }

    private static FrameException refused(byte[] message) {
        return refused(message, LIMITS);
    }

    private static FrameException refused(byte[] message, FrameLimits limits) {
        FrameException refusal = catchThrowableOfType(FrameException.class, () -> FrameCodec.decode(message, limits));
        assertThat(refusal).isNotNull();
        assertThat(refusal.detail()).isNotBlank();
        return refusal;
    }

    private static byte[] plain(String json) {
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        byte[] message = new byte[utf8.length + 1];
        System.arraycopy(utf8, 0, message, 1, utf8.length);
        return message;
    }

    private static byte[] deflated(String json) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(json.getBytes(StandardCharsets.UTF_8));
        deflater.finish();
        byte[] room = new byte[json.length() + 64];
        int length = deflater.deflate(room);
        deflater.end();
        byte[] message = new byte[length + 1];
        message[0] = FrameCodec.DEFLATED;
        System.arraycopy(room, 0, message, 1, length);
        return message;
    }
}
