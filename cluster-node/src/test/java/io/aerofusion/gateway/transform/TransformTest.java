package io.aerofusion.gateway.transform;

import static org.assertj.core.api.Assertions.assertThat;

import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import io.aerofusion.gateway.Headers;
import io.aerofusion.route.JsonChange;
import io.aerofusion.route.NamedValue;
import io.aerofusion.route.PolicySpec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TransformTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<Coding> ALL = List.of(Coding.ZSTD, Coding.BROTLI, Coding.GZIP);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "gzip | GZIP",
                "GZip | GZIP",
                "x-gzip | GZIP",
                "gzip, br | BROTLI",
                "gzip, br;q=0.9 | GZIP",
                "gzip;q=0.5, br;q=0.8, zstd;q=0.3 | BROTLI",
                "* | ZSTD",
                "*;q=0.1, zstd;q=0 | BROTLI",
                "gzip;q=0 | none",
                "*;q=0 | none",
                "identity | none",
                "identity, gzip;q=0.5 | none",
                "identity;q=0.5, gzip;q=0.5 | GZIP",
                "deflate, compress | none",
                "'' | none",
                "gzip;q=2 | none",
                "gzip;q=0.1234 | none",
                "gzip;level=9 | none",
                "gzip ; q=0.001 | GZIP",
                ",, gzip ,, | GZIP"
            })
    void theClientsPreferenceWins(String field, Coding expected) {
        assertThat(Coding.negotiate(List.of(field), ALL)).isEqualTo(expected);
    }

    @Test
    void withoutTheFieldNothingIsEncodedAndSeveralLinesCountAsOne() {
        assertThat(Coding.negotiate(List.of(), ALL)).isNull();
        assertThat(Coding.negotiate(List.of("gzip;q=0.2", "br;q=0.1"), ALL)).isEqualTo(Coding.GZIP);
        assertThat(Coding.negotiate(List.of("zstd, gzip"), List.of(Coding.GZIP)))
                .isEqualTo(Coding.GZIP);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsEncodedInPiecesDecodesToTheSame(Coding coding) throws Exception {
        assertThat(coding.available()).isTrue();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        try (BodyEncoder encoder = BodyEncoder.of(coding, ByteBufAllocator.DEFAULT)) {
            for (int i = 0; i < 200; i++) {
                byte[] piece = ("{\"n\":" + random.nextInt(1000) + "}")
                        .repeat(1 + random.nextInt(400))
                        .getBytes(StandardCharsets.UTF_8);
                plain.writeBytes(piece);
                ByteBuf content = random.nextBoolean()
                        ? Unpooled.wrappedBuffer(piece)
                        : random.nextBoolean()
                                ? ByteBufAllocator.DEFAULT.directBuffer().writeBytes(piece)
                                : Unpooled.wrappedBuffer(
                                        Arrays.copyOfRange(piece, 0, piece.length / 3),
                                        Arrays.copyOfRange(piece, piece.length / 3, piece.length));
                take(encoder.encode(content), encoded);
                assertThat(content.refCnt()).isZero();
                if (random.nextInt(10) == 0) {
                    take(encoder.flush(), encoded);
                    assertThat(startOf(coding, encoded.toByteArray(), plain.size()))
                            .as("flushed, seed %d", seed)
                            .isEqualTo(plain.toByteArray());
                }
            }
            take(encoder.finish(), encoded);
        }
        assertThat(BoundedDecoder.decode(coding, encoded.toByteArray(), plain.size()))
                .isInstanceOfSatisfying(
                        BoundedDecoder.Decoded.Content.class,
                        content ->
                                assertThat(content.bytes()).as("seed %d", seed).isEqualTo(plain.toByteArray()));
        assertThat(encoded.size()).isLessThan(plain.size() / 3);
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyBodyAndRandomBytesDecodeToTheSame(Coding coding) {
        byte[] random = new byte[300_000];
        new Random(7).nextBytes(random);
        for (byte[] body : List.of(new byte[0], new byte[] {1}, random)) {
            assertThat(BoundedDecoder.decode(coding, encode(coding, body), 400_000))
                    .isInstanceOfSatisfying(
                            BoundedDecoder.Decoded.Content.class,
                            content -> assertThat(content.bytes()).isEqualTo(body));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBombIsLetGoOfAtTheBound(Coding coding) {
        byte[] bomb = encode(coding, new byte[50_000_000]);
        assertThat(bomb.length).isLessThan(300_000);
        assertThat(BoundedDecoder.decode(coding, bomb, 100_000)).isEqualTo(new BoundedDecoder.Decoded.TooLarge());
        byte[] cut = Arrays.copyOf(bomb, bomb.length / 2);
        assertThat(BoundedDecoder.decode(coding, cut, 60_000_000)).isEqualTo(new BoundedDecoder.Decoded.Malformed());
        assertThat(BoundedDecoder.decode(coding, "no such thing".getBytes(StandardCharsets.UTF_8), 1000))
                .isEqualTo(new BoundedDecoder.Decoded.Malformed());
    }

    @Test
    void whatACompressedAnswerSaysOfItself() {
        ResponseCompression compression = new ResponseCompression(new PolicySpec.Compression(null, null, null));
        Headers response = Headers.of(
                "Content-Type",
                "text/html; charset=utf-8",
                "Content-Length",
                "5000",
                "ETag",
                "\"v1\"",
                "Accept-Ranges",
                "bytes",
                "Vary",
                "Origin");
        assertThat(compression.decide(List.of("gzip"), 200, 5000, response)).isEqualTo(Coding.GZIP);
        assertThat(response.get("content-encoding")).isEqualTo("gzip");
        assertThat(response.get("etag")).isEqualTo("W/\"v1\"");
        assertThat(response.contains("content-length")).isFalse();
        assertThat(response.contains("accept-ranges")).isFalse();
        assertThat(response.all("vary")).containsExactly("Origin", "Accept-Encoding");
        Headers plain = Headers.of("Content-Type", "application/json");
        assertThat(compression.decide(List.of(), 200, -1, plain)).isNull();
        assertThat(plain.get("vary"))
                .as("caches behind must know that there is another")
                .isEqualTo("Accept-Encoding");
    }

    @ParameterizedTest
    @CsvSource({
        "200, 1023, text/plain, x, x",
        "200, 5000, image/png, x, x",
        "200, 5000, '', x, x",
        "204, -1, text/plain, x, x",
        "206, 5000, text/plain, x, x",
        "304, -1, text/plain, x, x",
        "101, -1, text/plain, x, x",
        "200, 5000, text/plain, content-encoding, br",
        "200, 5000, text/plain, cache-control, 'public, No-Transform'",
        "200, 5000, text/plain, content-range, bytes 0-1/2"
    })
    void whatIsNotCompressed(int status, long length, String type, String name, String value) {
        Headers response = Headers.of(name, value);
        if (!type.isEmpty()) response.add("content-type", type);
        ResponseCompression compression = new ResponseCompression(new PolicySpec.Compression(null, null, null));
        assertThat(compression.decide(List.of("gzip"), status, length, response))
                .isNull();
        assertThat(response.contains("vary")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a':1} | SET | /b | 2 | | {'a':1,'b':2}",
                "{'a':1} | SET | /a | {'x':[]} | | {'a':{'x':[]}}",
                "{} | SET | /a/b/c | true | | {'a':{'b':{'c':true}}}",
                "{'a':[1,2]} | SET | /a/- | 3 | | {'a':[1,2,3]}",
                "{'a':[1,2]} | SET | /a/2 | 3 | | {'a':[1,2,3]}",
                "{'a':[1,2]} | SET | /a/0 | 3 | | {'a':[3,2]}",
                "{'a':[1,2]} | SET | /a/9 | 3 | | {'a':[1,2]}",
                "{'a':1} | SET | /a/b | 3 | | {'a':1}",
                "{'a':1} | SET | '' | [] | | []",
                "{'a/b':1,'m~n':2} | REMOVE | /a~1b | | | {'m~n':2}",
                "{'a/b':1,'m~n':2} | REMOVE | /m~0n | | | {'a/b':1}",
                "{'a':[1,2,3]} | REMOVE | /a/1 | | | {'a':[1,3]}",
                "{'a':1} | REMOVE | /b/c | | | {'a':1}",
                "{'a':{'b':1}} | MOVE | /c | | /a/b | {'a':{},'c':1}",
                "{'a':1} | MOVE | /c | | /b | {'a':1}",
                "{'n':1.10,'big':123456789012345678901234567890} | REMOVE | /x | | | {'n':1.10,'big':123456789012345678901234567890}",
                "[{'a':1}] | REMOVE | /0/a | | | [{}]"
            })
    void changesOfJson(
            String body, JsonChange.Operation operation, String path, String value, String from, String expected)
            throws Exception {
        JsonEdits edits = new JsonEdits(
                List.of(new JsonChange(operation, path, value == null ? null : JSON.readTree(quotes(value)), from)));
        assertThat(edits.apply(quotes(body).getBytes(StandardCharsets.UTF_8), 1000))
                .isInstanceOfSatisfying(
                        JsonEdits.Edited.Body.class,
                        edited -> assertThat(new String(edited.bytes(), StandardCharsets.UTF_8))
                                .isEqualTo(quotes(expected)));
    }

    @Test
    void bodiesThatCannotBeChangedAreNotPassedOnAsTheyAre() throws Exception {
        JsonEdits edits = new JsonEdits(
                List.of(new JsonChange(JsonChange.Operation.SET, "/a", JSON.readTree("\"xxxxxxxxxx\""), null)));
        for (String body : List.of(
                "", "{", "{} {}", "{\"a\":1,\"a\":2}", "nonsense", "[".repeat(200) + "]".repeat(200), "\u0000")) {
            assertThat(edits.apply(body.getBytes(StandardCharsets.UTF_8), 1000))
                    .as(body)
                    .isEqualTo(new JsonEdits.Edited.Malformed());
        }
        assertThat(edits.apply("{}".getBytes(StandardCharsets.UTF_8), 10)).isEqualTo(new JsonEdits.Edited.TooLarge());
    }

    @Test
    void aChangedValueIsNotSharedBetweenMessages() throws Exception {
        JsonEdits edits = new JsonEdits(List.of(
                new JsonChange(JsonChange.Operation.SET, "/a", JSON.readTree("{}"), null),
                new JsonChange(JsonChange.Operation.MOVE, "/a/x", null, "/x")));
        assertThat(text(edits.apply("{\"x\":1}".getBytes(StandardCharsets.UTF_8), 100)))
                .isEqualTo("{\"a\":{\"x\":1}}");
        assertThat(text(edits.apply("{}".getBytes(StandardCharsets.UTF_8), 100)))
                .isEqualTo("{\"a\":{}}");
    }

    private static String text(JsonEdits.Edited edited) {
        return new String(((JsonEdits.Edited.Body) edited).bytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 'set=a%20b%26'",
        "x=1, 'x=1&set=a%20b%26'",
        "'set=old&x=%2F&set', 'x=%2F&set=a%20b%26'",
        "'s%65t=old&gone=1&gone', 'set=a%20b%26'",
        "'x&%zz&y=', 'x&%zz&y=&set=a%20b%26'"
    })
    void changesOfQueries(String query, String expected) {
        QueryEdits edits = new QueryEdits(List.of(new NamedValue("set", "a b&")), List.of("gone"));
        assertThat(edits.apply(query)).isEqualTo(expected);
        assertThat(new QueryEdits(List.of(), List.of()).isEmpty()).isTrue();
    }

    private static String quotes(String json) {
        return json.replace('\'', '"');
    }

    private static byte[] encode(Coding coding, byte[] body) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        try (BodyEncoder encoder = BodyEncoder.of(coding, ByteBufAllocator.DEFAULT)) {
            take(encoder.encode(Unpooled.wrappedBuffer(body)), encoded);
            take(encoder.finish(), encoded);
        }
        return encoded.toByteArray();
    }

    private static void take(ByteBuf piece, ByteArrayOutputStream into) {
        byte[] bytes = new byte[piece.readableBytes()];
        piece.readBytes(bytes);
        piece.release();
        into.writeBytes(bytes);
    }

    /** What somebody who reads along has got. */
    private static byte[] startOf(Coding coding, byte[] encoded, int length) throws Exception {
        return switch (coding) {
            case GZIP -> new GZIPInputStream(new ByteArrayInputStream(encoded)).readNBytes(length);
            case ZSTD ->
                new ZstdInputStream(new ByteArrayInputStream(encoded))
                        .setContinuous(true)
                        .readNBytes(length);
            case BROTLI -> {
                // The stream of brotli4j takes an end that comes early for an error.
                DecoderJNI.Wrapper decoder = new DecoderJNI.Wrapper(encoded.length);
                ByteArrayOutputStream got = new ByteArrayOutputStream();
                decoder.getInputBuffer().put(encoded);
                decoder.push(encoded.length);
                while (decoder.hasOutput() || decoder.getStatus() == DecoderJNI.Status.NEEDS_MORE_OUTPUT) {
                    ByteBuffer piece = decoder.pull();
                    byte[] bytes = new byte[piece.remaining()];
                    piece.get(bytes);
                    got.writeBytes(bytes);
                }
                decoder.destroy();
                yield got.toByteArray();
            }
        };
    }
}
