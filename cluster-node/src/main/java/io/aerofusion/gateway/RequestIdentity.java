package io.aerofusion.gateway;

import java.nio.charset.StandardCharsets;

/**
 * Under which id a request is found in logs here and behind the gateway ({@code X-Request-Id}), and its place in a trace (W3C
 * Trace Context, levels 1 and 2). Both lie here as the lines they are sent as, so that an ordinary request makes no object for
 * them. Belongs to its exchange and is reused with it.
 */
final class RequestIdentity {
    /** Bytes of an id that is taken over from the client; a longer one is replaced, as one of other characters is. */
    static final int ID_MAX = 64;

    private static final String ID = "x-request-id";
    private static final String PARENT = "traceparent";
    private static final String STATE = "tracestate";
    private static final int FRESH = 24;
    private static final int PARENT_LENGTH = 55;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int ID_AT = ID.length() + 2;
    private static final int TRACE_AT = PARENT.length() + 2 + 3;
    private static final int SPAN_AT = TRACE_AT + 33;
    private static final int FLAGS_AT = SPAN_AT + 17;

    private final Loop loop;
    private final byte[] idLine = new byte[ID_AT + ID_MAX + 2];
    private final byte[] traceLine =
            (PARENT + ": 00-" + "0".repeat(32) + "-" + "0".repeat(16) + "-00\r\n").getBytes(StandardCharsets.US_ASCII);
    private int idLength;

    RequestIdentity(Loop loop) {
        this.loop = loop;
        byte[] name = (ID + ": ").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(name, 0, idLine, 0, name.length);
    }

    /** Nothing is known, and nothing is told of it. */
    void none() {
        idLength = 0;
    }

    /** New ones, for a request that could not be read. */
    void fresh() {
        freshId();
        freshTrace();
    }

    /** What the client says if it can be taken over, otherwise new ones; the request says afterwards what goes upstream. */
    void of(Headers request) {
        int id = request.find(ID, 0);
        if (id < 0 || !taken(request, id)) {
            if (id >= 0) request.remove(ID);
            freshId();
            request.addLine(idLine, ID.length(), ID_AT + idLength + 2);
        }
        int parent = request.find(PARENT, 0);
        if (parent < 0 || !followed(request, parent)) {
            // a state without its parent means nothing (Trace Context, 3.3.1.6)
            request.remove(STATE);
            freshTrace();
        }
        if (parent >= 0) request.remove(PARENT);
        hex(loop.random() | 1, traceLine, SPAN_AT, 16);
        request.addLine(traceLine, PARENT.length(), traceLine.length);
    }

    private boolean taken(Headers request, int entry) {
        int length = request.valueLength(entry);
        if (length == 0 || length > ID_MAX || request.find(ID, entry + 1) >= 0) return false;
        byte[] bytes = request.bytes();
        int start = request.valueStart(entry);
        for (int i = 0; i < length; i++) {
            byte c = bytes[start + i];
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && c != '-' && c != '_' && c != '.' && c != ':') return false;
            idLine[ID_AT + i] = c;
        }
        endId(length);
        return true;
    }

    private boolean followed(Headers request, int entry) {
        int length = request.valueLength(entry);
        if (request.find(PARENT, entry + 1) >= 0 || length < PARENT_LENGTH) return false;
        byte[] bytes = request.bytes();
        int at = request.valueStart(entry);
        if (!isHex(bytes, at, 2) || (bytes[at] == 'f' && bytes[at + 1] == 'f')) return false;
        boolean first = bytes[at] == '0' && bytes[at + 1] == '0';
        // later versions may say more after another hyphen
        if (length > PARENT_LENGTH && (first || bytes[at + PARENT_LENGTH] != '-')) return false;
        if (bytes[at + 2] != '-' || bytes[at + 35] != '-' || bytes[at + 52] != '-') return false;
        if (!isId(bytes, at + 3, 32) || !isId(bytes, at + 36, 16) || !isHex(bytes, at + 53, 2)) return false;
        System.arraycopy(bytes, at + 3, traceLine, TRACE_AT, 32);
        // sampled and random are passed on; what other bits will mean is not known
        traceLine[FLAGS_AT] = '0';
        traceLine[FLAGS_AT + 1] = HEX[Character.digit(bytes[at + 54], 16) & 3];
        return true;
    }

    private static boolean isId(byte[] bytes, int at, int length) {
        if (!isHex(bytes, at, length)) return false;
        for (int i = 0; i < length; i++) if (bytes[at + i] != '0') return true;
        return false;
    }

    private static boolean isHex(byte[] bytes, int at, int length) {
        for (int i = 0; i < length; i++) {
            byte c = bytes[at + i];
            if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
        }
        return true;
    }

    private void freshId() {
        hex(loop.random(), idLine, ID_AT, 16);
        hex(loop.random(), idLine, ID_AT + 16, FRESH - 16);
        endId(FRESH);
    }

    private void endId(int length) {
        idLength = length;
        idLine[ID_AT + length] = '\r';
        idLine[ID_AT + length + 1] = '\n';
    }

    private void freshTrace() {
        long low = loop.random();
        hex(loop.random() | 1, traceLine, TRACE_AT, 16);
        hex(low, traceLine, TRACE_AT + 16, 16);
        traceLine[FLAGS_AT] = '0';
        // the trace id is random, and 31 bits of it decide whether it is recorded
        traceLine[FLAGS_AT + 1] = (byte) ((low >>> 33) < loop.gateway().traceThreshold() ? '3' : '2');
    }

    private static void hex(long value, byte[] to, int at, int digits) {
        long rest = value;
        for (int i = at + digits - 1; i >= at; i--) {
            to[i] = HEX[(int) rest & 15];
            rest >>>= 4;
        }
    }

    /** Puts the id among the fields of the response, in place of what the upstream says. */
    void writeTo(Headers response) {
        if (idLength == 0) return;
        response.remove(ID);
        response.addLine(idLine, ID.length(), ID_AT + idLength + 2);
    }

    /** The id; empty if there is none. */
    String id() {
        return new String(idLine, ID_AT, idLength, StandardCharsets.US_ASCII);
    }

    /** The trace's id, 32 hex digits. */
    String traceId() {
        return new String(traceLine, TRACE_AT, 32, StandardCharsets.US_ASCII);
    }
}
