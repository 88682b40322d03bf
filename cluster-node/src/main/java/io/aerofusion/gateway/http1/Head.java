package io.aerofusion.gateway.http1;

import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of an HTTP/1.x message: the start line and the header fields, strictly.
 *
 * <p>The end of the head is looked for first, over as many reads as it takes; then the head is copied once into the
 * {@link Headers}' array and parsed there in one pass, so that whether a head is accepted cannot depend on how it was cut into
 * packets. Whatever two implementations might read differently is refused (RFC 9112, sections 2.2, 5 and 6.1): lines that end
 * in a bare LF, folded lines, blanks before a colon, control bytes, several framings. The fields that belong to one
 * connection only are found here and taken out by {@link #dropHopByHop}.
 */
public final class Head {
    private static final String[] METHODS = {"GET", "PUT", "POST", "HEAD", "PATCH", "DELETE", "OPTIONS"};
    static final int METHOD_BYTES_MAX = 24;
    /** More digits than this cannot be a length anybody sends; and fewer cannot overflow. */
    private static final int LENGTH_DIGITS_MAX = 18;

    private static final boolean[] VALUE = new boolean[256];
    private static final boolean[] TARGET = new boolean[256];

    static {
        for (int i = 0; i < 256; i++) VALUE[i] = (i >= 0x20 && i != 0x7f) || i == '\t';
        for (int i = 0x21; i < 0x7f; i++) TARGET[i] = "\"#<>\\^`{|}".indexOf(i) < 0;
    }

    private final int headBytesMax;
    private final int targetBytesMax;
    private final int fieldsMax;

    /** How far the end was looked for, relative to the reader index. */
    private int scanned;

    // what the last head said
    private String method = "GET";
    private int targetStart;
    private int targetLength;
    private int status;
    private int minorVersion;
    private int hosts;
    private int host = -1;
    private int lengths;
    private int lengthEntry = -1;
    private long contentLength = -1;
    private boolean transferEncoding;
    private boolean chunked;
    private int connection = -1;
    private boolean hopByHop;
    private boolean upgrade;
    private boolean expectation;

    /** Reads heads up to these bounds. */
    public Head(int headBytesMax, int targetBytesMax, int fieldsMax) {
        this.headBytesMax = headBytesMax;
        this.targetBytesMax = targetBytesMax;
        this.fieldsMax = fieldsMax;
    }

    /**
     * The length of the head at the reader index including its empty line, 0 if more bytes are needed, -1 if it exceeds the
     * bound ({@link #tooLarge} says how).
     */
    public int length(ByteBuf in) {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int limit = Math.min(end, start + headBytesMax);
        int from = start + scanned;
        while (from < limit) {
            int feed = in.indexOf(from, limit, (byte) '\n');
            if (feed < 0) break;
            // an empty line, whether its end is right or not: the parser refuses the wrong one
            if (feed == start || in.getByte(feed - 1) == '\n') return feed + 1 - start;
            if (in.getByte(feed - 1) == '\r' && (feed - 1 == start || in.getByte(feed - 2) == '\n'))
                return feed + 1 - start;
            from = feed + 1;
            scanned = from - start;
        }
        if (end - start >= headBytesMax) return -1;
        return 0;
    }

    /** Forgets how far a head was looked at: the next one begins elsewhere. */
    public void restart() {
        scanned = 0;
    }

    /** Why a head that exceeds the bound is refused: its target, if not even its first line has ended. */
    public Fault tooLarge(ByteBuf in) {
        int limit = Math.min(in.readableBytes(), targetBytesMax);
        return in.indexOf(in.readerIndex(), in.readerIndex() + limit, (byte) '\n') < 0
                ? Fault.URI_TOO_LONG
                : Fault.HEADERS_TOO_LARGE;
    }

    /** Reads a request head of this length; null if it is right. */
    public @Nullable Fault request(ByteBuf in, int length, Headers headers) {
        byte[] bytes = take(in, length, headers);
        int at = 0;
        while (at < length && Headers.isToken(bytes[at])) at++;
        if (at == 0 || at >= length || bytes[at] != ' ') return Fault.MALFORMED_REQUEST_LINE;
        int methodLength = at;
        targetStart = ++at;
        while (at < length && TARGET[bytes[at] & 0xff]) at++;
        targetLength = at - targetStart;
        if (targetLength == 0 || at + 10 >= length || bytes[at] != ' ') return lineFault(bytes, at, length);
        if (targetLength > targetBytesMax) return Fault.URI_TOO_LONG;
        if (methodLength > METHOD_BYTES_MAX) return Fault.METHOD_UNKNOWN;
        at++;
        Fault fault = version(bytes, at);
        if (fault != null) return fault;
        at += 8;
        if (bytes[at] != '\r' || bytes[at + 1] != '\n') return lineFault(bytes, at, length);
        method = method(bytes, methodLength);
        fault = fields(headers, at + 2, length);
        if (fault != null) return fault;
        if (hosts > 1) return Fault.HOST_AMBIGUOUS;
        if (hosts == 0 && minorVersion > 0) return Fault.HOST_MISSING;
        if (lengths > 1 || (lengths == 1 && transferEncoding)) return Fault.FRAMING_AMBIGUOUS;
        // HTTP/1.0 has no transfer encodings: somebody before us may have ignored it
        if (transferEncoding && minorVersion == 0) return Fault.FRAMING_AMBIGUOUS;
        if (transferEncoding && !chunked) return Fault.TRANSFER_ENCODING_UNKNOWN;
        return null;
    }

    /** Reads a response head of this length; null if it is right. */
    public @Nullable Fault response(ByteBuf in, int length, Headers headers) {
        byte[] bytes = take(in, length, headers);
        if (length < 14 || version(bytes, 0) != null || bytes[8] != ' ') return Fault.UPSTREAM_MALFORMED;
        status = 0;
        for (int i = 9; i < 12; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) return Fault.UPSTREAM_MALFORMED;
            status = status * 10 + digit;
        }
        if (status < 100 || status > 599) return Fault.UPSTREAM_MALFORMED;
        int at = 12;
        while (at < length && VALUE[bytes[at] & 0xff]) at++;
        if (at + 2 > length || bytes[at] != '\r' || bytes[at + 1] != '\n' || (at > 12 && bytes[12] != ' '))
            return Fault.UPSTREAM_MALFORMED;
        if (fields(headers, at + 2, length) != null) return Fault.UPSTREAM_MALFORMED;
        if (lengths > 1 || (lengths == 1 && transferEncoding)) return Fault.UPSTREAM_MALFORMED;
        if (transferEncoding && (!chunked || minorVersion == 0)) return Fault.UPSTREAM_MALFORMED;
        return null;
    }

    private byte[] take(ByteBuf in, int length, Headers headers) {
        byte[] bytes = headers.head(length);
        in.readBytes(bytes, 0, length);
        scanned = 0;
        hosts = 0;
        host = -1;
        lengths = 0;
        lengthEntry = -1;
        contentLength = -1;
        transferEncoding = false;
        chunked = false;
        connection = -1;
        hopByHop = false;
        upgrade = false;
        expectation = false;
        return bytes;
    }

    private static Fault lineFault(byte[] bytes, int at, int length) {
        boolean feed = at < length && (bytes[at] == '\n' || bytes[at] == '\r');
        boolean crlf = feed && bytes[at] == '\r' && at + 1 < length && bytes[at + 1] == '\n';
        return feed && !crlf ? Fault.BARE_LINE_FEED : Fault.MALFORMED_REQUEST_LINE;
    }

    private @Nullable Fault version(byte[] bytes, int at) {
        if (bytes[at] != 'H'
                || bytes[at + 1] != 'T'
                || bytes[at + 2] != 'T'
                || bytes[at + 3] != 'P'
                || bytes[at + 4] != '/') return Fault.MALFORMED_REQUEST_LINE;
        int major = bytes[at + 5] - '0';
        int minor = bytes[at + 7] - '0';
        if (major < 0 || major > 9 || minor < 0 || minor > 9 || bytes[at + 6] != '.')
            return Fault.MALFORMED_REQUEST_LINE;
        if (major != 1 || minor > 1) return Fault.VERSION_UNKNOWN;
        minorVersion = minor;
        return null;
    }

    private static String method(byte[] bytes, int length) {
        for (String known : METHODS) {
            if (known.length() != length) continue;
            int i = 0;
            while (i < length && bytes[i] == known.charAt(i)) i++;
            if (i == length) return known;
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }

    /** Reads the field lines from {@code at} to the empty line that ends the head. */
    @Nullable Fault fields(Headers headers, int at, int end) {
        byte[] bytes = headers.bytes();
        int fields = 0;
        while (at < end) {
            int name = at;
            if (bytes[at] == '\r') return at + 2 == end && bytes[at + 1] == '\n' ? null : Fault.BARE_LINE_FEED;
            while (at < end && Headers.isToken(bytes[at])) at++;
            int nameLength = at - name;
            if (nameLength == 0) {
                if (bytes[name] == '\n') return Fault.BARE_LINE_FEED;
                return bytes[name] == ' ' || bytes[name] == '\t' ? Fault.FOLDED_HEADER : Fault.MALFORMED_HEADER;
            }
            if (at == end || bytes[at] != ':') return Fault.MALFORMED_HEADER;
            at++;
            int line = name;
            while (at < end && (bytes[at] == ' ' || bytes[at] == '\t')) at++;
            int value = at;
            while (at < end && VALUE[bytes[at] & 0xff]) at++;
            if (at + 1 >= end || bytes[at] != '\r' || bytes[at + 1] != '\n')
                return at < end && (bytes[at] == '\n' || bytes[at] == '\r')
                        ? Fault.BARE_LINE_FEED
                        : Fault.MALFORMED_HEADER;
            int valueEnd = at;
            while (valueEnd > value && (bytes[valueEnd - 1] == ' ' || bytes[valueEnd - 1] == '\t')) valueEnd--;
            at += 2;
            if (++fields > fieldsMax) return Fault.HEADERS_TOO_LARGE;
            boolean canonical = value == name + nameLength + 2 && bytes[value - 1] == ' ' && valueEnd == at - 2;
            headers.note(name, nameLength, value, valueEnd - value, canonical ? at - line : 0);
            Fault fault = known(headers, headers.last(), nameLength, value, valueEnd - value);
            if (fault != null) return fault;
        }
        return Fault.BARE_LINE_FEED;
    }

    /** Takes note of the fields that say where the message ends, and of those that stay on this connection. */
    private @Nullable Fault known(Headers headers, int entry, int nameLength, int value, int valueLength) {
        switch (nameLength) {
            case 2 -> hopByHop |= headers.is(entry, "te");
            case 4 -> {
                if (headers.is(entry, "host")) {
                    host = entry;
                    hosts++;
                }
            }
            case 6 -> expectation |= headers.is(entry, "expect");
            case 7 -> {
                if (headers.is(entry, "upgrade")) {
                    upgrade = true;
                    hopByHop = true;
                } else if (headers.is(entry, "trailer")) hopByHop = true;
            }
            case 10 -> {
                if (headers.is(entry, "connection")) {
                    connection = entry;
                    hopByHop = true;
                } else if (headers.is(entry, "keep-alive")) hopByHop = true;
            }
            case 14 -> {
                if (headers.is(entry, "content-length")) {
                    lengths++;
                    lengthEntry = entry;
                    contentLength = number(headers.bytes(), value, valueLength);
                    if (contentLength < 0) return Fault.CONTENT_LENGTH_INVALID;
                }
            }
            case 16 -> hopByHop |= headers.is(entry, "proxy-connection");
            case 17 -> {
                if (headers.is(entry, "transfer-encoding")) {
                    chunked = !transferEncoding
                            && valueLength == 7
                            && headers.value(entry).equalsIgnoreCase("chunked");
                    transferEncoding = true;
                    hopByHop = true;
                }
            }
            default -> {}
        }
        return null;
    }

    private static long number(byte[] bytes, int start, int length) {
        if (length == 0 || length > LENGTH_DIGITS_MAX) return -1;
        long number = 0;
        for (int i = start; i < start + length; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) return -1;
            number = number * 10 + digit;
        }
        return number;
    }

    /**
     * Takes out the fields that belong to this connection (RFC 9110, 7.6.1): those that every implementation knows and those
     * that {@code Connection} names. Host, Content-Length and the like cannot be named away.
     */
    public void dropHopByHop(Headers headers) {
        if (!hopByHop) return;
        if (connection >= 0) {
            for (String value : headers.all("connection"))
                for (String token : value.split(",", -1)) {
                    String name = token.strip().toLowerCase(Locale.ROOT);
                    if (!Fields.END_TO_END.contains(name)) headers.remove(name);
                }
            headers.remove("connection");
        }
        if (transferEncoding) headers.remove("transfer-encoding");
        headers.remove("keep-alive");
        headers.remove("proxy-connection");
        headers.remove("te");
        headers.remove("upgrade");
    }

    /** Whether the connection stays open after this message, as far as its head says. */
    public boolean keepAlive(Headers headers) {
        if (minorVersion == 0)
            return connection >= 0
                    && headers.containsToken("connection", "keep-alive")
                    && !headers.containsToken("connection", "close");
        return connection < 0 || !headers.containsToken("connection", "close");
    }

    /** The protocol this head asks to change to (or changed to), or null. */
    public @Nullable String upgrade(Headers headers) {
        return upgrade && minorVersion > 0 && headers.containsToken("connection", "upgrade")
                ? headers.get("upgrade")
                : null;
    }

    public String method() {
        return method;
    }

    public int targetStart() {
        return targetStart;
    }

    public int targetLength() {
        return targetLength;
    }

    public int status() {
        return status;
    }

    /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
    public int minorVersion() {
        return minorVersion;
    }

    /** The entry of the Host field, or -1. */
    public int host() {
        return host;
    }

    /** What Content-Length says, or -1. */
    public long contentLength() {
        return contentLength;
    }

    /** The entry of Content-Length, or -1. */
    public int contentLengthEntry() {
        return lengthEntry;
    }

    public boolean chunked() {
        return chunked;
    }

    /** Whether every character may stand in a request target. */
    static boolean isTarget(String text) {
        for (int i = 0; i < text.length(); i++) if (text.charAt(i) > 255 || !TARGET[text.charAt(i)]) return false;
        return true;
    }

    /** Whether there is an Expect field. */
    public boolean expectation() {
        return expectation;
    }
}
