package io.aerofusion.gateway.http1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Where messages begin and end: held against a second parser (Netty's decoder, which is more lenient), against every way of
 * cutting the bytes, and against random damage.
 */
class FramingTest {
    private static final int DAMAGED = 20_000;

    /** The requests in these bytes, each in a line of text, up to the first that is refused. */
    private static List<String> ours(byte[] bytes, int step) {
        var head = new Head(4_096, 1_024, 50);
        var body = new Body(head);
        var headers = new Headers();
        var found = new ArrayList<String>();
        ByteBuf in = Unpooled.buffer(bytes.length);
        var content = new StringBuilder();
        String request = null;
        int fed = 0;
        while (true) {
            boolean more;
            if (request == null) {
                int length = head.length(in);
                more = length == 0;
                if (!more) {
                    Fault fault = length < 0 ? head.tooLarge(in) : head.request(in, length, headers);
                    if (fault != null) return refused(found, fault);
                    request = head.method() + " "
                            + new String(
                                    headers.bytes(), head.targetStart(), head.targetLength(), StandardCharsets.US_ASCII)
                            + " HTTP/1." + head.minorVersion() + " " + fields(headers);
                    if (head.chunked()) body.chunked();
                    else if (head.contentLength() > 0) body.length(head.contentLength());
                    else body.none();
                }
            } else {
                Body.Found next = body.next(in);
                if (next == Body.Found.FAULT) return refused(found, body.fault());
                more = next == Body.Found.MORE;
                if (next == Body.Found.CONTENT) {
                    content.append(in.readCharSequence(body.length(), StandardCharsets.ISO_8859_1));
                } else if (next == Body.Found.END) {
                    found.add(request + "[" + content + "]");
                    request = null;
                    content.setLength(0);
                }
            }
            if (more) {
                if (fed == bytes.length) return found;
                int piece = Math.min(step, bytes.length - fed);
                in.writeBytes(bytes, fed, piece);
                fed += piece;
            }
        }
    }

    private static List<String> refused(List<String> found, Fault fault) {
        found.add("refused " + fault.code());
        return found;
    }

    private static String fields(Headers headers) {
        var text = new ArrayList<String>();
        headers.forEach((name, value) -> text.add(name + "=" + value));
        return text.toString();
    }

    /** The same by Netty; what it cannot read ends the list without a word. */
    private static List<String> netty(byte[] bytes) {
        var channel = new EmbeddedChannel(new HttpRequestDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(bytes));
        var found = new ArrayList<String>();
        var text = new StringBuilder();
        for (Object read = channel.readInbound(); read != null; read = channel.readInbound()) {
            if (read instanceof HttpRequest request) {
                if (request.decoderResult().isFailure()) break;
                text.setLength(0);
                text.append(request.method())
                        .append(' ')
                        .append(request.uri())
                        .append(' ')
                        .append(request.protocolVersion());
                text.append(' ')
                        .append(request.headers().entries().stream()
                                .map(field -> field.getKey() + "=" + field.getValue())
                                .collect(Collectors.toList()))
                        .append('[');
            }
            if (read instanceof HttpContent piece) {
                boolean failed = piece.decoderResult().isFailure();
                text.append(piece.content().toString(StandardCharsets.ISO_8859_1));
                piece.release();
                if (failed) break;
            }
            if (read instanceof LastHttpContent) found.add(text + "]");
        }
        channel.finishAndReleaseAll();
        return found;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String pipeline(Random random) {
        var text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            text.append(List.of("GET", "POST", "PUT", "DELETE", "PURGE").get(random.nextInt(5)));
            text.append(" /").append(random.nextInt(1_000)).append("?q=%20 HTTP/1.1\r\nHost: a\r\n");
            for (int field = random.nextInt(4); field > 0; field--)
                text.append("X-")
                        .append(random.nextInt(100))
                        .append(":")
                        .append(" ".repeat(random.nextInt(3)))
                        .append("v v")
                        .append(" ".repeat(random.nextInt(2)))
                        .append("\r\n");
            switch (random.nextInt(3)) {
                case 0 -> text.append("\r\n");
                case 1 -> {
                    int length = random.nextInt(40);
                    text.append("Content-Length: ")
                            .append(length)
                            .append("\r\n\r\n")
                            .append("x".repeat(length));
                }
                default -> {
                    text.append("Transfer-Encoding: chunked\r\n\r\n");
                    for (int chunk = random.nextInt(4); chunk > 0; chunk--) {
                        int length = 1 + random.nextInt(30);
                        text.append(Integer.toHexString(length))
                                .append(random.nextBoolean() ? "" : ";e=1")
                                .append("\r\n")
                                .append("y".repeat(length))
                                .append("\r\n");
                    }
                    text.append("0\r\n")
                            .append(random.nextBoolean() ? "" : "X-T: 1\r\n")
                            .append("\r\n");
                }
            }
        }
        return text.toString();
    }

    @Test
    void validMessagesAreReadAsTheSecondParserReadsThem() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = bytes(pipeline(random));
            assertEquals(netty(bytes), ours(bytes, bytes.length), "seed " + seed + ", round " + i);
        }
    }

    @Test
    void howTheBytesAreCutChangesNothing() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = i % 2 == 0 ? bytes(pipeline(random)) : damaged(random);
            List<String> whole = ours(bytes, bytes.length);
            for (int step = 1; step < 20; step++)
                assertEquals(whole, ours(bytes, step), "seed " + seed + ", round " + i);
        }
    }

    private static byte[] damaged(Random random) {
        byte[] bytes = bytes(pipeline(random));
        for (int damage = 1 + random.nextInt(3); damage > 0; damage--) {
            int at = random.nextInt(bytes.length);
            byte[] nasty = bytes("\r\n\0 :;,0\t\u00ff");
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = nasty[random.nextInt(nasty.length)];
                case 1 -> bytes = insert(bytes, at, nasty[random.nextInt(nasty.length)]);
                default -> bytes = insert(bytes, at, (byte) random.nextInt(256));
            }
        }
        return bytes;
    }

    private static byte[] insert(byte[] bytes, int at, byte what) {
        byte[] longer = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, longer, 0, at);
        longer[at] = what;
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        return longer;
    }

    /** Whatever is damaged: what we accept, the second parser reads as the same messages. We may refuse more, never read otherwise. */
    @Test
    void damageIsRefusedOrReadAsTheSecondParserReadsIt() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < DAMAGED; i++) {
            byte[] bytes = damaged(random);
            List<String> ours = ours(bytes, bytes.length);
            boolean ended = !ours.isEmpty() && ours.getLast().startsWith("refused");
            if (ended) {
                refused++;
                ours = ours.subList(0, ours.size() - 1);
            }
            List<String> theirs = netty(bytes);
            int common = Math.min(ours.size(), theirs.size());
            assertEquals(theirs.subList(0, common), ours.subList(0, common), "seed " + seed + ", round " + i);
        }
        assertTrue(refused > DAMAGED / 4, "only " + refused + " were refused");
    }
}
