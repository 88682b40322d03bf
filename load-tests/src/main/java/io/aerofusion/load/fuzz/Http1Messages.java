package io.aerofusion.load.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Draws pipelines of HTTP/1.1 requests, valid ones and damaged ones. */
final class Http1Messages {
    private static final List<String> METHODS = List.of("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PURGE");
    private static final List<String> TARGETS =
            List.of("/", "/a/b?q=%20", "/%2F..;x", "http://a/b?c", "*", "/~!$&'()*+,;=:@");
    private static final byte[] NASTY = bytes("\r\n\0 :;,0\t\u00ff\u007f\u0080\u000b");
    /** Lines that change how a message is framed, or are read differently by different servers. */
    private static final List<String> LINES = List.of(
            "Content-Length: 5",
            "Content-Length: 3, 3",
            "Content-Length: +4",
            "Content-Length: 0x4",
            "Content-Length: 99999999999999999999",
            "Content-Length : 4",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding:\u000bchunked",
            "Host: b",
            " folded: 1",
            "\tfolded",
            "NoColon",
            ": no name",
            "Connection: close, Content-Length",
            "Expect: 100-continue",
            "Upgrade: h2c",
            "0",
            "fffffffffffffffff");

    private final Random random;

    Http1Messages(Random random) {
        this.random = random;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** One to three requests that every parser must read the same way. */
    byte[] valid() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            request(text);
        }
        return bytes(text.toString());
    }

    private void request(StringBuilder text) {
        text.append(METHODS.get(random.nextInt(METHODS.size()))).append(' ');
        text.append(random.nextBoolean() ? "/" + random.nextInt(1_000) : TARGETS.get(random.nextInt(TARGETS.size())));
        text.append(" HTTP/1.1\r\nHost: a\r\n");
        for (int field = random.nextInt(4); field > 0; field--) {
            text.append("X-").append(random.nextInt(100)).append(':').append(" ".repeat(random.nextInt(3)));
            text.append("v v").append(" ".repeat(random.nextInt(2))).append("\r\n");
        }
        switch (random.nextInt(3)) {
            case 0 -> text.append("\r\n");
            case 1 -> {
                int length = random.nextInt(40);
                text.append("Content-Length: ")
                        .append(length)
                        .append("\r\n\r\n")
                        .append("x".repeat(length));
            }
            default -> chunks(text);
        }
    }

    private void chunks(StringBuilder text) {
        text.append("Transfer-Encoding: chunked\r\n\r\n");
        for (int chunk = random.nextInt(4); chunk > 0; chunk--) {
            int length = 1 + random.nextInt(30);
            text.append(Integer.toHexString(length)).append(random.nextBoolean() ? "" : ";e=1");
            text.append("\r\n").append("y".repeat(length)).append("\r\n");
        }
        text.append("0\r\n").append(random.nextBoolean() ? "" : "X-T: 1\r\n").append("\r\n");
    }

    /** Such a pipeline with one to three kinds of damage. */
    byte[] damaged() {
        byte[] bytes = valid();
        for (int damage = 1 + random.nextInt(3); damage > 0; damage--) {
            bytes = damage(bytes);
        }
        return bytes;
    }

    private byte[] damage(byte[] bytes) {
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(7)) {
            case 0 -> {
                byte[] changed = bytes.clone();
                changed[at] = NASTY[random.nextInt(NASTY.length)];
                yield changed;
            }
            case 1 -> spliced(bytes, at, at, new byte[] {NASTY[random.nextInt(NASTY.length)]});
            case 2 -> spliced(bytes, at, at, new byte[] {(byte) random.nextInt(256)});
            case 3 -> spliced(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(3)), new byte[0]);
            case 4 -> spliced(bytes, at, at, bytes(" ".repeat(random.nextInt(1_200))));
            case 5 -> {
                int line = afterLine(bytes, at);
                yield spliced(bytes, line, line, java.util.Arrays.copyOfRange(bytes, line, afterLine(bytes, line)));
            }
            default -> {
                int line = afterLine(bytes, at);
                yield spliced(bytes, line, line, bytes(LINES.get(random.nextInt(LINES.size())) + "\r\n"));
            }
        };
    }

    /** Where the line after the one at this place begins. */
    private static int afterLine(byte[] bytes, int at) {
        int i = at;
        while (i < bytes.length && bytes[i] != '\n') {
            i++;
        }
        return Math.min(bytes.length, i + 1);
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] with) {
        byte[] whole = new byte[bytes.length - (to - from) + with.length];
        System.arraycopy(bytes, 0, whole, 0, from);
        System.arraycopy(with, 0, whole, from, with.length);
        System.arraycopy(bytes, to, whole, from + with.length, bytes.length - to);
        return whole.length == 0 ? new byte[] {'\n'} : whole;
    }
}
