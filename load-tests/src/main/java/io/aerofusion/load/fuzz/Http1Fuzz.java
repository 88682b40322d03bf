package io.aerofusion.load.fuzz;

import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.http1.Body;
import io.aerofusion.gateway.http1.Head;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;

/**
 * Where requests begin and end on a connection, held against a second parser (Netty's decoder, which is more lenient): valid requests are
 * read as it reads them; damaged ones are refused, or read as it reads them; and how the bytes are cut into packets changes nothing. One
 * seed is one pipeline of requests, so a failure is repeated by its seed alone.
 *
 * <pre>Http1Fuzz [--seed FIRST] [--runs COUNT, 0 = until stopped]</pre>
 */
public final class Http1Fuzz {
    private static final int HEAD_BYTES_MAX = 4_096;
    private static final int TARGET_BYTES_MAX = 1_024;
    private static final int FIELDS_MAX = 50;
    private static final int PIECE_MAX = 20;
    private static final int VALID_EVERY = 8;
    private static final String REFUSED = "refused ";
    private static final long REPORT_EVERY = 1_000_000;
    /** Neighbouring seeds begin with similar numbers otherwise. */
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    private Http1Fuzz() {}

    /** What the pipelines of some seeds came to. */
    public record Outcome(long accepted, long refused) {}

    /** Tries the seeds from {@code first} on. @throws AssertionError that names the seed, when a promise is broken */
    public static Outcome run(long first, long count) {
        long refused = 0;
        for (long seed = first; seed < first + count; seed++) {
            refused += accepts(seed) ? 0 : 1;
        }
        return new Outcome(count - refused, refused);
    }

    private static boolean accepts(long seed) {
        Random random = new Random(seed * SPREAD);
        Http1Messages messages = new Http1Messages(random);
        boolean valid = seed % VALID_EVERY == 0;
        byte[] bytes = valid ? messages.valid() : messages.damaged();
        try {
            List<String> ours = ours(bytes, () -> bytes.length);
            same(ours, ours(bytes, () -> 1), "byte by byte");
            same(ours, ours(bytes, () -> 1 + random.nextInt(PIECE_MAX)), "cut into pieces");
            boolean refused = !ours.isEmpty() && ours.getLast().startsWith(REFUSED);
            if (valid) {
                same(netty(bytes), ours, "than the second parser");
            } else {
                List<String> read = refused ? ours.subList(0, ours.size() - 1) : ours;
                List<String> theirs = netty(bytes);
                same(theirs.subList(0, Math.min(read.size(), theirs.size())), read, "than the second parser");
            }
            return !refused;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ": " + e + " for the bytes "
                            + HexFormat.of().formatHex(bytes),
                    e);
        }
    }

    private static void same(List<String> expected, List<String> found, String how) {
        if (!expected.equals(found)) {
            throw new AssertionError("read differently " + how + ": " + found + " instead of " + expected);
        }
    }

    /** The requests in these bytes, each in a line of text, up to the first that is refused. */
    private static List<String> ours(byte[] bytes, IntSupplier pieces) {
        Head head = new Head(HEAD_BYTES_MAX, TARGET_BYTES_MAX, FIELDS_MAX);
        Reader reader = new Reader(head, new Body(head), new Headers());
        ByteBuf in = Unpooled.buffer(bytes.length);
        try {
            for (int fed = 0; ; ) {
                while (reader.advance(in)) {
                    if (reader.refused()) {
                        return reader.found;
                    }
                }
                if (fed == bytes.length) {
                    return reader.found;
                }
                int piece = Math.min(pieces.getAsInt(), bytes.length - fed);
                in.writeBytes(bytes, fed, piece);
                fed += piece;
            }
        } finally {
            in.release();
        }
    }

    /** A connection's use of the gateway's parsers. */
    private static final class Reader {
        private final Head head;
        private final Body body;
        private final Headers headers;
        private final List<String> found = new ArrayList<>();
        private final StringBuilder content = new StringBuilder();
        private String request = "";

        Reader(Head head, Body body, Headers headers) {
            this.head = head;
            this.body = body;
            this.headers = headers;
        }

        boolean refused() {
            return !found.isEmpty() && found.getLast().startsWith(REFUSED);
        }

        /** Whether something was found; if not, more bytes are needed. */
        boolean advance(ByteBuf in) {
            return request.isEmpty() ? head(in) : body(in);
        }

        private boolean head(ByteBuf in) {
            int length = head.length(in);
            if (length == 0) {
                return false;
            }
            Fault fault = length < 0 ? head.tooLarge(in) : head.request(in, length, headers);
            if (fault != null) {
                found.add(REFUSED + fault.code());
                return true;
            }
            List<String> fields = new ArrayList<>();
            headers.forEach((name, value) -> fields.add(name + "=" + value));
            String target =
                    new String(headers.bytes(), head.targetStart(), head.targetLength(), StandardCharsets.US_ASCII);
            request = head.method() + " " + target + " HTTP/1." + head.minorVersion() + " " + fields;
            if (head.chunked()) {
                body.chunked();
            } else if (head.contentLength() > 0) {
                body.length(head.contentLength());
            } else {
                body.none();
            }
            return true;
        }

        private boolean body(ByteBuf in) {
            switch (body.next(in)) {
                case MORE -> {
                    return false;
                }
                case FAULT -> found.add(REFUSED + body.fault().code());
                case CONTENT -> content.append(in.readCharSequence(body.length(), StandardCharsets.ISO_8859_1));
                case END -> {
                    found.add(request + "[" + content + "]");
                    request = "";
                    content.setLength(0);
                }
            }
            return true;
        }
    }

    /** The same by Netty; what it cannot read ends the list without a word. */
    private static List<String> netty(byte[] bytes) {
        EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(bytes));
        List<String> found = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (Object read = channel.readInbound(); read != null; read = channel.readInbound()) {
            if (read instanceof HttpRequest request) {
                if (request.decoderResult().isFailure()) {
                    break;
                }
                List<String> fields = new ArrayList<>();
                request.headers().forEach(field -> fields.add(field.getKey() + "=" + field.getValue()));
                text.setLength(0);
                text.append(request.method()).append(' ').append(request.uri()).append(' ');
                text.append(request.protocolVersion())
                        .append(' ')
                        .append(fields)
                        .append('[');
            }
            if (read instanceof HttpContent piece) {
                boolean failed = piece.decoderResult().isFailure();
                text.append(piece.content().toString(StandardCharsets.ISO_8859_1));
                piece.release();
                if (failed) {
                    break;
                }
            }
            if (read instanceof LastHttpContent) {
                found.add(text + "]");
            }
        }
        channel.finishAndReleaseAll();
        return found;
    }

    public static void main(String[] arguments) {
        long seed = 1;
        long runs = 0;
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " needs a number");
            }
            switch (arguments[i]) {
                case "--seed" -> seed = Long.parseLong(arguments[i + 1]);
                case "--runs" -> runs = Long.parseLong(arguments[i + 1]);
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        for (long done = 0; runs == 0 || done < runs; ) {
            long count = runs == 0 ? REPORT_EVERY : Math.min(REPORT_EVERY, runs - done);
            Outcome outcome = run(seed + done, count);
            done += count;
            System.out.printf(
                    "seeds %d to %d: %d read, %d refused, as the second parser reads them%n",
                    seed, seed + done - 1, outcome.accepted(), outcome.refused());
        }
    }
}
