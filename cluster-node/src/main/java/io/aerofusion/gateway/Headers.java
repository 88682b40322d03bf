package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The header fields of one message: a multimap that ignores the case of names and keeps their order, over the bytes they
 * arrived in.
 *
 * <p>All fields lie in one byte array, each as the line {@code name: value CRLF}; an entry is five offsets into it. A parser
 * copies a whole head into the array and notes where its fields are, so that reading a message makes no object per field,
 * and writing it copies runs of neighbouring lines at once. Removing forgets the offsets, adding appends a line. The object is
 * reused for the next message ({@link #clear}). Values are ISO-8859-1, so that any byte a field may hold survives. Not
 * thread-safe: it belongs to one event loop.
 */
public final class Headers {
    private static final int FIELDS = 5;
    private static final byte[] LOWER = new byte[256];
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (int i = 0; i < 256; i++) LOWER[i] = (byte) (i >= 'A' && i <= 'Z' ? i + 32 : i);
        for (int i = 0; i < 128; i++) TOKEN[i] = Character.isLetterOrDigit(i) || "!#$%&'*+-.^_`|~".indexOf(i) >= 0;
    }

    private byte[] bytes;
    private int used;
    /** Per entry: start of the name, its length, start of the value, its length, length of the line or 0 if it is not canonical. */
    private int[] spans = new int[FIELDS * 16];

    private int entries;
    private int live;

    public Headers() {
        this(512);
    }

    public Headers(int capacity) {
        bytes = new byte[capacity];
    }

    /** Headers of these names and values, alternating. */
    public static Headers of(String... namesAndValues) {
        var headers = new Headers(128);
        for (int i = 0; i < namesAndValues.length; i += 2) headers.add(namesAndValues[i], namesAndValues[i + 1]);
        return headers;
    }

    /** Whether this byte may stand in a field name or method (RFC 9110, 5.6.2). */
    public static boolean isToken(byte b) {
        return TOKEN[b & 0xff];
    }

    /** Forgets every field and keeps the memory. */
    public void clear() {
        used = 0;
        entries = 0;
        live = 0;
    }

    /** The number of field lines. */
    public int size() {
        return live;
    }

    /** The bytes that were put in since it was cleared, those of fields that are gone included. */
    public int filled() {
        return used;
    }

    // ---- for parsers: fields that lie in a head
    // -------------------------------------------------------------------------

    /** Clears, and gives the array with room for a head of this length, which becomes the used part of it. */
    public byte[] head(int length) {
        clear();
        if (bytes.length < length) bytes = new byte[Integer.highestOneBit(length - 1) << 1];
        used = length;
        return bytes;
    }

    /** The array that entries refer to. */
    public byte[] bytes() {
        return bytes;
    }

    /** Notes a field whose bytes lie in the head already; {@code line} is the length of its canonical line, or 0. */
    public void note(int name, int nameLength, int value, int valueLength, int line) {
        int at = entries * FIELDS;
        if (at == spans.length) spans = Arrays.copyOf(spans, at * 2);
        spans[at] = name;
        spans[at + 1] = nameLength;
        spans[at + 2] = value;
        spans[at + 3] = valueLength;
        spans[at + 4] = line;
        entries++;
        live++;
    }

    /** The entry that was noted or added last. */
    public int last() {
        return entries - 1;
    }

    // ---- reading
    // --------------------------------------------------------------------------------------------------------

    /** The first value under this name, or null. */
    public @Nullable String get(String lowerCaseName) {
        int entry = find(lowerCaseName, 0);
        return entry < 0 ? null : value(entry);
    }

    /** Every value under this name, one per field line. */
    public List<String> all(String lowerCaseName) {
        int entry = find(lowerCaseName, 0);
        if (entry < 0) return List.of();
        var values = new ArrayList<String>(2);
        for (; entry >= 0; entry = find(lowerCaseName, entry + 1)) values.add(value(entry));
        return values;
    }

    public boolean contains(String lowerCaseName) {
        return find(lowerCaseName, 0) >= 0;
    }

    /** Whether one of the comma-separated elements under this name is this token, ignoring case. */
    public boolean containsToken(String lowerCaseName, String lowerCaseToken) {
        for (int entry = find(lowerCaseName, 0); entry >= 0; entry = find(lowerCaseName, entry + 1)) {
            int at = entry * FIELDS;
            int end = spans[at + 2] + spans[at + 3];
            for (int start = spans[at + 2]; start <= end; ) {
                int comma = start;
                while (comma < end && bytes[comma] != ',') comma++;
                int from = start;
                int to = comma;
                while (from < to && (bytes[from] == ' ' || bytes[from] == '\t')) from++;
                while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\t')) to--;
                if (to - from == lowerCaseToken.length() && matches(from, lowerCaseToken)) return true;
                start = comma + 1;
            }
        }
        return false;
    }

    /** Hands every field to {@code consumer} in order, names as they were sent. */
    public void forEach(BiConsumer<String, String> consumer) {
        for (int entry = next(0); entry >= 0; entry = next(entry + 1)) consumer.accept(name(entry), value(entry));
    }

    /** The first entry at or after this one, or -1: entries are numbers that stay valid while nothing is cleared. */
    public int next(int from) {
        for (int entry = from; entry < entries; entry++) if (spans[entry * FIELDS + 1] != 0) return entry;
        return -1;
    }

    /** The first entry at or after {@code from} under this name, or -1. */
    public int find(String lowerCaseName, int from) {
        int length = lowerCaseName.length();
        for (int entry = from, at = from * FIELDS; entry < entries; entry++, at += FIELDS)
            if (spans[at + 1] == length && matches(spans[at], lowerCaseName)) return entry;
        return -1;
    }

    /** The entry's name, as it was sent. */
    public String name(int entry) {
        return text(spans[entry * FIELDS], spans[entry * FIELDS + 1]);
    }

    /** The entry's name in lower case. */
    public String lowerCaseName(int entry) {
        int start = spans[entry * FIELDS];
        int length = spans[entry * FIELDS + 1];
        byte[] name = new byte[length];
        for (int i = 0; i < length; i++) name[i] = LOWER[bytes[start + i] & 0xff];
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    /** The entry's name in lower case, in memory of its own. */
    public AsciiString lowerCaseAscii(int entry) {
        int start = spans[entry * FIELDS];
        byte[] name = new byte[spans[entry * FIELDS + 1]];
        for (int i = 0; i < name.length; i++) name[i] = LOWER[bytes[start + i] & 0xff];
        return new AsciiString(name, false);
    }

    /** The entry's value, in memory of its own. */
    public AsciiString valueAscii(int entry) {
        return new AsciiString(bytes, spans[entry * FIELDS + 2], spans[entry * FIELDS + 3], true);
    }

    /** The entry's value. */
    public String value(int entry) {
        return text(spans[entry * FIELDS + 2], spans[entry * FIELDS + 3]);
    }

    /** Where the entry's value begins in {@link #bytes}. */
    int valueStart(int entry) {
        return spans[entry * FIELDS + 2];
    }

    /** The bytes of the entry's value. */
    int valueLength(int entry) {
        return spans[entry * FIELDS + 3];
    }

    /** Whether the entry has this name. */
    public boolean is(int entry, String lowerCaseName) {
        int at = entry * FIELDS;
        return spans[at + 1] == lowerCaseName.length() && matches(spans[at], lowerCaseName);
    }

    // ---- changing
    // -------------------------------------------------------------------------------------------------------

    /** Appends a field line. The name must be a token, the value free of CR, LF and NUL: IllegalArgumentException otherwise. */
    public Headers add(CharSequence name, CharSequence value) {
        int nameLength = name.length();
        int valueLength = value.length();
        int line = nameLength + valueLength + 4;
        reserve(line);
        int at = used;
        if (nameLength == 0) throw new IllegalArgumentException("a field name is empty");
        for (int i = 0; i < nameLength; i++) {
            char c = name.charAt(i);
            if (c > 127 || !TOKEN[c]) throw new IllegalArgumentException("not a field name");
            bytes[at + i] = (byte) c;
        }
        bytes[at + nameLength] = ':';
        bytes[at + nameLength + 1] = ' ';
        int start = at + nameLength + 2;
        for (int i = 0; i < valueLength; i++) {
            char c = value.charAt(i);
            if (c > 255 || c == '\r' || c == '\n' || c == 0) throw new IllegalArgumentException("not a field value");
            bytes[start + i] = (byte) c;
        }
        bytes[start + valueLength] = '\r';
        bytes[start + valueLength + 1] = '\n';
        used += line;
        note(at, nameLength, start, valueLength, line);
        return this;
    }

    /** Appends a line {@code name: value CRLF} as it is. */
    void addLine(byte[] line, int nameLength, int length) {
        reserve(length);
        System.arraycopy(line, 0, bytes, used, length);
        note(used, nameLength, used + nameLength + 2, length - nameLength - 4, length);
        used += length;
    }

    /** Replaces every field under this name by one, at the end. */
    public Headers set(String lowerCaseName, CharSequence value) {
        remove(lowerCaseName);
        return add(lowerCaseName, value);
    }

    /** Removes every field under this name; whether there was one. */
    public boolean remove(String lowerCaseName) {
        boolean removed = false;
        for (int entry = find(lowerCaseName, 0); entry >= 0; entry = find(lowerCaseName, entry + 1)) {
            remove(entry);
            removed = true;
        }
        return removed;
    }

    /** Removes one entry. */
    public void remove(int entry) {
        if (spans[entry * FIELDS + 1] == 0) return;
        spans[entry * FIELDS + 1] = 0;
        live--;
    }

    /** Appends every field of {@code other}. */
    public void addAll(Headers other) {
        for (int entry = other.next(0); entry >= 0; entry = other.next(entry + 1)) {
            int at = entry * FIELDS;
            add(other.bytes, other.spans[at], other.spans[at + 1], other.spans[at + 2], other.spans[at + 3]);
        }
    }

    private void add(byte[] from, int name, int nameLength, int value, int valueLength) {
        int line = nameLength + valueLength + 4;
        reserve(line);
        int at = used;
        System.arraycopy(from, name, bytes, at, nameLength);
        bytes[at + nameLength] = ':';
        bytes[at + nameLength + 1] = ' ';
        System.arraycopy(from, value, bytes, at + nameLength + 2, valueLength);
        bytes[at + line - 2] = '\r';
        bytes[at + line - 1] = '\n';
        used += line;
        note(at, nameLength, at + nameLength + 2, valueLength, line);
    }

    // ---- writing
    // --------------------------------------------------------------------------------------------------------

    /** Writes every field as its line; neighbouring lines in one copy. The empty line that ends a head is the caller's. */
    public void writeTo(ByteBuf out) {
        int from = 0;
        int to = 0;
        for (int entry = 0, at = 0; entry < entries; entry++, at += FIELDS) {
            if (spans[at + 1] == 0) continue;
            int line = spans[at + 4];
            if (line != 0 && spans[at] == to) {
                to += line;
                continue;
            }
            if (to > from) out.writeBytes(bytes, from, to - from);
            from = to = 0;
            if (line != 0) {
                from = spans[at];
                to = from + line;
            } else {
                out.writeBytes(bytes, spans[at], spans[at + 1]).writeShort((':' << 8) | ' ');
                out.writeBytes(bytes, spans[at + 2], spans[at + 3]).writeShort(('\r' << 8) | '\n');
            }
        }
        if (to > from) out.writeBytes(bytes, from, to - from);
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }

    private void reserve(int more) {
        if (used + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, used + more));
    }

    private String text(int start, int length) {
        return new String(bytes, start, length, StandardCharsets.ISO_8859_1);
    }

    private boolean matches(int start, String lowerCase) {
        for (int i = lowerCase.length() - 1; i >= 0; i--)
            if (LOWER[bytes[start + i] & 0xff] != (byte) lowerCase.charAt(i)) return false;
        return true;
    }
}
